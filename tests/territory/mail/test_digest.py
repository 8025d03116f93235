"""The morning digest: once a person and local day, at 07:00 in their zone, with what waits."""

import datetime as dt

import pytest

from territory import clock
from territory.conflicts import Conflict
from territory.jobs.runner import run_job
from territory.mail import kinds, outbox
from territory.mail.choices import choose
from territory.mail.digest import post_digests
from territory.mail.kinds import Kind, Message, When
from territory.mail.models import Mail, MailChoices, MailState
from territory.mail.sending import deliver_waiting
from tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


def wants(person, **chosen):
    return choose(actor=person, now=clock.now(), version=1, chosen=chosen)


def post(*people, key="news:1", subject="Some news", text="It is this."):
    outbox.post(kind="news", to=people, key=key, now=clock.now(), message=Message(subject, text))


def tick():
    post_digests(now=clock.now())
    deliver_waiting()


def at(frozen, text):
    frozen.move_to(text, tick=False)


def test_what_waits_comes_in_one_mail_the_next_morning(frozen, mailoutbox):
    person = factories.person()
    wants(person, news="digest")
    post(person)
    post(person, key="news:2", subject="More news", text="And that.")
    at(frozen, "2026-06-10T05:59:00Z")  # London, in summer: 06:59
    tick()
    assert mailoutbox == []
    at(frozen, "2026-06-10T06:00:00Z")
    tick()

    (mail,) = mailoutbox
    assert mail.subject == "This morning: 2 messages"
    assert mail.body.index("Some news") < mail.body.index("It is this.") < mail.body.index("More news")
    assert not Mail.objects.exclude(state=MailState.SENT).exists()


def test_what_comes_after_the_morning_waits_for_the_next(frozen, mailoutbox):
    person = factories.person()
    wants(person, news="digest")
    post(person)
    tick()
    at(frozen, "2026-06-09T22:00:00Z")
    tick()

    assert mailoutbox == []


def test_nothing_waits_no_mail(frozen, mailoutbox):
    wants(factories.person(), news="digest")
    at(frozen, "2026-06-10T08:00:00Z")
    tick()

    assert (mailoutbox, Mail.objects.count()) == ([], 0)


def test_a_morning_missed_is_made_up_for_once(frozen, mailoutbox):
    person = factories.person()
    wants(person, news="digest")
    post(person)
    at(frozen, "2026-06-10T15:00:00Z")
    for _ in range(3):
        tick()

    assert len(mailoutbox) == 1


@pytest.mark.parametrize(
    ("zone", "before", "morning"),
    [
        ("Pacific/Auckland", "2026-06-09T18:59:00Z", "2026-06-09T19:00:00Z"),
        ("America/New_York", "2026-06-10T10:59:00Z", "2026-06-10T11:00:00Z"),
        ("Asia/Kathmandu", "2026-06-10T01:14:00Z", "2026-06-10T01:15:00Z"),
    ],
)
def test_it_is_the_person_s_own_morning(frozen, mailoutbox, zone, before, morning):
    person = factories.person(time_zone=zone)
    wants(person, news="digest")
    post(person)
    at(frozen, before)
    tick()
    assert mailoutbox == []
    at(frozen, morning)
    tick()

    assert len(mailoutbox) == 1


@pytest.mark.parametrize(
    ("start", "mornings"),
    [
        ("2026-03-27T12:00:00Z", ["2026-03-28T07:00:00Z", "2026-03-29T06:00:00Z", "2026-03-30T06:00:00Z"]),
        ("2026-10-23T12:00:00Z", ["2026-10-24T06:00:00Z", "2026-10-25T07:00:00Z", "2026-10-26T07:00:00Z"]),
    ],
)
def test_across_both_changes_of_the_clock_it_comes_once_a_day_at_seven(frozen, mailoutbox, start, mornings):
    at(frozen, start)
    person = factories.person()
    wants(person, news="digest")
    moment, sent = dt.datetime.fromisoformat(start), []
    for hour in range(72):
        at(frozen, moment + dt.timedelta(hours=hour))
        tick()
        tick()
        sent += [clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")] * (len(mailoutbox) - len(sent))
        post(person, key=f"news:{hour}")

    assert sent == mornings


def test_who_travels_west_has_no_second_one_on_the_same_day(frozen, mailoutbox):
    person = factories.person(time_zone="Pacific/Auckland")
    wants(person, news="digest")
    post(person)
    at(frozen, "2026-06-09T20:00:00Z")  # the 10th, 08:00
    tick()
    post(person, key="news:2")
    person.time_zone = "Europe/London"
    person.save(update_fields=["time_zone"])
    at(frozen, "2026-06-10T06:00:00Z")  # the 10th, 07:00
    tick()
    assert len(mailoutbox) == 1
    at(frozen, "2026-06-11T06:00:00Z")
    tick()

    assert len(mailoutbox) == 2


def test_a_kind_is_asked_once_a_morning(frozen, mailoutbox):
    asked = []

    def collect(person, day):
        asked.append(day)

    kinds.add(Kind(key="due", label="Due", choices=kinds.DIGEST_ONLY, first=When.NEVER, collect=collect))
    wants(factories.person(), due="digest")
    for hour in range(5, 12):
        at(frozen, f"2026-06-10T{hour:02}:00:00Z")
        tick()

    assert (asked, mailoutbox) == ([dt.date(2026, 6, 10)], [])


def test_that_the_job_begins_to_note_digests_of_who_never_chose_is_told(frozen, mailoutbox):
    kinds.add(Kind(key="later", label="Later", first=When.DIGEST))
    person = factories.person()
    outbox.post(kind="later", to=[person], key="later:1", now=clock.now(), message=Message("Later", "It is this."))
    for day in ("2026-06-10", "2026-06-11"):
        at(frozen, f"{day}T06:00:00Z")
        run_job("mails", lambda _progress: post_digests(now=clock.now()))

    (entry,) = MailChoices.history.all()
    assert (entry.history_type, entry.user, entry.history_user) == ("+", person, None)
    assert entry.history_change_reason == "job mails"


def test_of_two_first_choices_at_once_one_stands(frozen, monkeypatch):
    person = factories.person()
    wants(person, news="digest")
    nobody_yet = MailChoices.objects.none()
    monkeypatch.setattr(MailChoices.objects, "select_for_update", lambda: nobody_yet)
    with pytest.raises(Conflict):
        wants(person, news="never")

    assert [(row.history_type, row.chosen) for row in MailChoices.history.all()] == [("+", {"news": "digest"})]


def test_who_asked_for_it_during_the_day_has_it_from_the_next_morning(frozen, mailoutbox):
    kinds.add(
        Kind(key="due", label="Due", choices=kinds.DIGEST_ONLY, collect=lambda person, day: Message("Due", str(day)))
    )
    wants(factories.person(), due="digest")
    tick()
    assert mailoutbox == []
    at(frozen, "2026-06-10T06:00:00Z")
    tick()

    assert "2026-06-10" in mailoutbox[0].body


def test_what_became_pointless_is_left_out_and_an_empty_digest_is_not_sent(frozen, mailoutbox):
    kinds.add(Kind(key="gone", label="Gone", compose=lambda person, facts: None))
    person = factories.person()
    wants(person, gone="digest")
    outbox.post(kind="gone", to=[person], key="gone:1", now=clock.now())
    at(frozen, "2026-06-10T06:00:00Z")
    tick()

    assert (mailoutbox, Mail.objects.count()) == ([], 0)


def test_who_wants_none_gets_none(mailoutbox):
    person = factories.person()
    wants(person, news="never")
    post(person)

    assert not Mail.objects.exists()


def test_who_changed_their_mind_meanwhile_gets_none(mailoutbox):
    person = factories.person()
    post(person)
    wants(person, news="never")
    deliver_waiting()

    assert mailoutbox == []


def test_a_choice_is_one_entry_of_history():
    person = factories.person()
    wants(person, news="digest")

    assert [(row.history_user, row.chosen) for row in MailChoices.history.all()] == [(person, {"news": "digest"})]
