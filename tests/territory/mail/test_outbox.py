"""The outbox: what was committed is sent once, what was rolled back never."""

import datetime as dt

import pytest
from django.db import transaction

from territory import clock
from territory.mail import outbox, tasks
from territory.mail.kinds import Message
from territory.mail.models import Mail, MailState
from territory.mail.sending import deliver_waiting, forget_old_mails, try_failed_again
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


NEWS = Message("Some news", "It is this.")


def post(*people, key="news:1", message=NEWS, kind="news", **fields):
    outbox.post(kind=kind, to=people, key=key, now=clock.now(), message=message, **fields)


def later(frozen, **time):
    frozen.move_to(clock.now() + dt.timedelta(**time), tick=False)


def test_what_is_posted_is_sent(mailoutbox):
    person = factories.person()
    post(person)

    assert deliver_waiting().sent == 1
    (mail,) = mailoutbox
    assert (mail.to, mail.subject, mail.body) == ([person.email], "Some news", "It is this.")
    assert Mail.objects.get().state == MailState.SENT


def test_twice_the_same_key_is_one_mail(mailoutbox):
    person = factories.person()
    for _ in range(3):
        post(person)
        deliver_waiting()

    assert len(mailoutbox) == 1


def test_nothing_is_sent_of_what_was_rolled_back(mailoutbox):
    with transaction.atomic():
        post(factories.person())
        transaction.set_rollback(True)
    deliver_waiting()

    assert mailoutbox == []


@pytest.mark.django_db(transaction=True)
def test_200_rollbacks_ring_nothing_and_200_commits_are_200_rows(monkeypatch):
    rung = []
    monkeypatch.setattr(tasks.deliver, "apply_async", lambda args, **options: rung.append(args))
    person = factories.person()
    for number in range(200):
        with transaction.atomic():
            post(person, key=f"undone:{number}")
            transaction.set_rollback(True)
        with transaction.atomic():
            post(person, key=f"kept:{number}")

    assert (len(rung), Mail.objects.count()) == (200, 200)


def test_a_row_that_another_worker_holds_is_left_to_it(mailoutbox):
    post(factories.person())
    Mail.objects.update(leased_until=clock.now() + dt.timedelta(minutes=1), attempts=1)

    assert deliver_waiting().sent == 0


def test_killed_before_sending_it_is_sent_once_later(frozen, mailoutbox):
    post(factories.person())
    Mail.objects.update(leased_until=clock.now() + dt.timedelta(minutes=5), attempts=1)
    later(frozen, minutes=5)
    deliver_waiting()

    assert len(mailoutbox) == 1


def test_killed_between_sending_and_the_mark_it_is_sent_again_with_the_same_id(frozen, mailoutbox, settings):
    post(factories.person())
    settings.EMAIL_BACKEND = "tests.territory.mail.backends.DiesAfterSending"
    with pytest.raises(SystemExit):
        deliver_waiting()
    later(frozen, minutes=5)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    deliver_waiting()

    first, second = mailoutbox
    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]


def test_a_server_that_is_down_is_asked_five_times_then_it_is_failed(frozen, settings):
    settings.EMAIL_BACKEND = "tests.territory.mail.backends.Down"
    post(factories.person())
    attempts = []
    for _ in range(8):
        deliver_waiting()
        attempts.append(Mail.objects.get().attempts)
        later(frozen, hours=4)

    mail = Mail.objects.get()
    assert attempts == [1, 2, 3, 4, 5, 5, 5, 5]
    assert (mail.state, mail.error) == (MailState.FAILED, "ConnectionRefusedError: nobody there")


def test_after_a_failure_it_waits_a_minute(frozen, settings):
    settings.EMAIL_BACKEND = "tests.territory.mail.backends.Down"
    post(factories.person())
    deliver_waiting()
    later(frozen, seconds=59)
    deliver_waiting()

    assert Mail.objects.get().attempts == 1


def test_a_server_that_is_down_is_not_asked_again_for_the_next_mail(settings):
    settings.EMAIL_BACKEND = "tests.territory.mail.backends.Down"
    post(factories.person(), factories.person())

    assert deliver_waiting().not_sent == 1


def test_a_worker_killed_five_times_leaves_a_failed_mail(mailoutbox):
    post(factories.person())
    Mail.objects.update(attempts=5, leased_until=clock.now() - dt.timedelta(minutes=1))
    deliver_waiting()

    assert Mail.objects.get().state == MailState.FAILED
    assert mailoutbox == []


def test_an_address_that_is_refused_holds_up_no_other(settings, mailoutbox):
    settings.EMAIL_BACKEND = "tests.territory.mail.backends.RefusesFirst"
    post(factories.person(email="bad@example.com"), factories.person())

    assert deliver_waiting().not_sent == 1
    assert len(mailoutbox) == 1


def test_failed_mails_can_be_tried_again(mailoutbox):
    post(factories.person())
    Mail.objects.update(state=MailState.FAILED, attempts=5)

    assert try_failed_again(now=clock.now()) == 1
    deliver_waiting()
    assert len(mailoutbox) == 1


def test_nobody_who_left_meanwhile_is_mailed_and_may_be_told_later(mailoutbox):
    person = factories.person()
    post(person)
    person.is_active = False
    person.save(update_fields=["is_active"])

    assert deliver_waiting().dropped == 1
    assert (mailoutbox, Mail.objects.count()) == ([], 0)


def test_a_subject_becomes_no_header(mailoutbox):
    post(factories.person(), message=Message("Order\r\nBcc: thief@example.com\x00", "Text"))
    deliver_waiting()

    assert mailoutbox[0].subject == "Order Bcc: thief@example.com"
    assert "Bcc" not in dict(mailoutbox[0].message().items())


def test_a_text_with_a_link_for_signing_in_is_not_kept(mailoutbox):
    post(factories.person(), kind="secret", message=Message("", ""))
    deliver_waiting()

    assert "http://localhost:8000/key/" in mailoutbox[0].body
    assert Mail.objects.get().text == ""


def test_in_the_demo_nothing_is_sent_and_the_text_is_kept(mailoutbox):
    factories.company(is_demo=True)
    post(factories.person(), kind="secret")
    deliver_waiting()

    assert mailoutbox == []
    assert "http://localhost:8000/key/" in Mail.objects.get().text


def test_old_mails_are_forgotten():
    post(factories.person())
    assert forget_old_mails(clock.now() + dt.timedelta(days=89)) == 0
    assert forget_old_mails(clock.now() + dt.timedelta(days=91)) == 1
