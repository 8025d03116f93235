"""Mails in the demo, what everyone wants mailed, and invitations."""

import datetime as dt

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.actions import people
from accounts.invitations import invited_at
from territory.mail.models import Mail, MailChoices, MailState
from territory.mail.sending import deliver_waiting
from tests import factories
from tests.accounts.signing_in import client_of

NOW = dt.datetime(2026, 6, 9, 10, 0, tzinfo=dt.UTC)
SITE = "http://localhost:8000"


def newcomer(name="New", **fields):
    return factories.person(name, password=None, **fields)


def invite(person, actor):
    people.send_password_link(actor=actor, now=NOW, person=person)
    deliver_waiting()


def link_in(mail):
    return next(word for word in mail.body.split() if word.startswith(f"{SITE}/accounts/")).removeprefix(SITE)


def lets_choose(link):
    return b'name="password1"' in Client().get(link, follow=True).content


def sent(person, **fields):
    values = {"kind": "large_order", "key": f"x{Mail.objects.count()}", "subject": "Large order", "text": "See it."}
    state = {"state": MailState.SENT, "created_at": NOW, "due_at": NOW, "sent_at": NOW}
    return Mail.objects.create(recipient=person, **{**values, **state, **fields})


def test_an_invitation_says_who_invites_where_to_and_how(cast, mailoutbox):
    invite(newcomer(), cast.admin)

    (mail,) = mailoutbox
    assert mail.subject == "Administrator invites you to Territory at Test company"
    assert "Hello New" in mail.body
    assert "works once, for 24 hours" in mail.body
    assert lets_choose(link_in(mail))


def test_an_invitation_ends_with_the_next(cast, mailoutbox):
    person = newcomer()
    invite(person, cast.admin)
    invite(person, cast.admin)

    first, second = map(link_in, mailoutbox)
    assert (lets_choose(first), lets_choose(second)) == (False, True)


def test_an_invitation_ends_with_its_use(cast, mailoutbox):
    invite(newcomer(), cast.admin)
    link = link_in(mailoutbox[0])
    guest = Client()
    form = guest.get(link, follow=True).redirect_chain[-1][0]
    guest.post(form, {"password1": "another long phrase 2", "password2": "another long phrase 2"})

    assert not lets_choose(link)


def test_an_invitation_ends_with_deactivation(cast, mailoutbox):
    person = newcomer()
    invite(person, cast.admin)
    people.deactivate_person(actor=cast.admin, now=NOW, on=NOW.date(), person=person)
    people.reactivate_person(actor=cast.admin, now=NOW, person=person)

    assert not lets_choose(link_in(mailoutbox[0]))


def test_an_invitation_ends_after_a_day(cast, mailoutbox, time_machine):
    time_machine.move_to(NOW, tick=False)
    invite(newcomer(), cast.admin)
    time_machine.move_to(NOW + dt.timedelta(hours=25), tick=False)

    assert not lets_choose(link_in(mailoutbox[0]))


def test_the_link_stands_in_no_table(cast, mailoutbox):
    invite(newcomer(), cast.admin)

    mail = Mail.objects.get()
    assert (mail.text, "key" in str(mail.facts)) == ("", False)


def test_the_state_of_an_invitation(cast, time_machine):
    time_machine.move_to(NOW, tick=False)
    person = newcomer()
    page = reverse("person_detail", args=[person.pk])
    client = client_of(cast.admin)
    assert b"Never invited." in client.get(page).content
    invite(person, cast.admin)

    assert invited_at(person) == NOW
    assert b"Invited on" in client.get(page).content
    assert b"invited" in client.get(reverse("people_list")).content


def test_several_are_invited_at_once_and_only_who_may_be(cast, mailoutbox):
    chosen = [
        newcomer("One"),
        newcomer("Two"),
        newcomer("Left", is_active=False),
        newcomer("None", email=None),
        cast.rep,
    ]
    response = client_of(cast.admin).post(reverse("people_invite"), {"person": [person.pk for person in chosen]})
    deliver_waiting()

    assert response.status_code == 302
    assert sorted(mail.to[0] for mail in mailoutbox) == sorted([chosen[0].email, chosen[1].email])


def test_before_several_are_invited_their_names_are_shown(cast):
    person = newcomer("Somebody New")
    response = client_of(cast.admin).get(reverse("people_invite"), {"person": [person.pk, 10**12, "x"]})

    assert b"Somebody New" in response.content
    assert not Mail.objects.exists()


def test_inviting_asks_for_the_password_when_it_was_given_long_ago(cast):
    client = client_of(cast.admin, signed_in_ago=3600)
    response = client.post(reverse("people_invite"), {"person": newcomer().pk})

    assert "/accounts/reauthenticate/" in response.url
    assert not Mail.objects.exists()


def test_who_invites_is_told_when_there_is_no_mail_server(cast, settings):
    settings.MAIL_SERVER = ""
    person = newcomer()
    client = client_of(cast.admin)

    assert b"No mail server is set up" in client.get(reverse("person_send_link", args=[person.pk])).content
    assert b"No mail server is set up" in client.get(reverse("people_invite"), {"person": person.pk}).content


def test_without_a_mail_server_an_administrator_hands_on_what_would_be_sent(cast, settings):
    """On one machine nobody else brings it: the link of an invitation stands on the page of mails."""
    settings.MAIL_SERVER = ""
    person = newcomer()
    client = client_of(cast.admin)
    client.post(reverse("people_invite"), {"person": person.pk})
    deliver_waiting()
    mail = Mail.objects.get(recipient=person)
    assert "/accounts/password/reset/key/" in client.get(reverse("mail_detail", args=[mail.pk])).content.decode()
    assert mail.subject in client.get(reverse("mail_list")).content.decode()
    assert client_of(cast.rep).get(reverse("mail_detail", args=[mail.pk])).status_code == 404


def test_what_is_mailed_is_each_one_s_choice(cast):
    data = {"version": 1, "large_order": "digest"}
    assert client_of(cast.manager).post(reverse("profile_mails"), data | {"due_touches": "digest"}).status_code == 302

    assert MailChoices.objects.get().chosen == {"large_order": "digest", "due_touches": "digest"}


def test_only_what_concerns_one_is_offered(cast):
    text = client_of(cast.rep).get(reverse("profile_mails")).content.decode()

    assert "My due touches of the day" in text
    assert "Special situations of my teams" not in text
    assert "A job failed" not in text


def test_a_choice_from_an_older_page_is_a_conflict(cast):
    client = client_of(cast.rep)
    client.post(reverse("profile_mails"), {"version": 1, "due_touches": "digest"})

    assert client.post(reverse("profile_mails"), {"version": 1, "due_touches": "never"}).status_code == 409
    assert MailChoices.objects.get().chosen == {"due_touches": "digest"}


def test_in_the_demo_everyone_reads_their_own_mails(cast):
    factories.company(is_demo=True)
    mine, other = sent(cast.rep), sent(cast.mate, subject="Another's")
    client = client_of(cast.rep)

    text = client.get(reverse("mail_list")).content.decode()
    assert "Large order" in text
    assert "Another&#x27;s" not in text
    assert client.get(reverse("mail_detail", args=[mine.pk])).status_code == 200
    assert client.get(reverse("mail_detail", args=[other.pk])).status_code == 404


def test_in_the_demo_an_administrator_reads_all(cast):
    factories.company(is_demo=True)
    mail = sent(cast.mate)

    assert client_of(cast.admin).get(reverse("mail_detail", args=[mail.pk])).status_code == 200


def test_outside_the_demo_there_is_no_such_page(cast):
    mail = sent(cast.admin)
    client = client_of(cast.admin)

    assert client.get(reverse("mail_list")).status_code == 404
    assert client.get(reverse("mail_detail", args=[mail.pk])).status_code == 404


def count_queries(client, url):
    with CaptureQueriesContext(connection) as found:
        assert client.get(url).status_code == 200
    return len(found)


def test_mails_take_as_many_queries_with_many_as_with_one(cast):
    factories.company(is_demo=True)
    client = client_of(cast.admin)
    sent(cast.rep)
    one = count_queries(client, reverse("mail_list"))
    for _ in range(8):
        sent(factories.person())

    assert count_queries(client, reverse("mail_list")) == one <= 12
