"""The health page for monitors and the one in words: what fails is named, nothing hangs, nobody is in it."""

import datetime as dt
import socket
import threading

import pytest
from celery import Celery
from celery.signals import after_task_publish
from django.conf import settings
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from planning.marks import mark_changed
from territory import celery as celery_module
from territory import health, health_words
from territory.health import Ages, Health, Question
from territory.health import look as real_look
from territory.jobs import heartbeat
from territory.jobs.heartbeat import Heart
from territory.jobs.models import Heartbeat, JobRun, JobState
from territory.jobs.runner import run_tick
from territory.mail.models import Mail
from tests.accounts.signing_in import client_of

NOW = dt.datetime(2026, 6, 9, 10, 0, tzinfo=dt.UTC)
KEYS = {
    "status",
    "failing",
    "database",
    "broker",
    "oldest_stale_mark_seconds",
    "oldest_mail_seconds",
    "last_beat_seconds",
    "worker_last_heard_seconds",
    "last_backup_seconds",
}


def ago(**span):
    return NOW - dt.timedelta(**span)


@pytest.fixture
def looks(monkeypatch, time_machine):
    """The page reads the test's own database at NOW."""
    time_machine.move_to(NOW, tick=False)
    monkeypatch.setattr(health, "look", lambda: Health(at=NOW, broker=True, ages=health.read_ages()))


def beats(at=NOW):
    Heartbeat.objects.update_or_create(name="beat", defaults={"at": at})
    run_tick("sweep", lambda progress: None)
    JobRun.objects.update(heard_at=at)


def test_all_is_well(client, company, looks):
    beats()
    JobRun.objects.create(name="backup", state=JobState.DONE, queued_at=ago(hours=3), started_at=ago(hours=3))
    answer = client.get("/health/")

    assert answer.status_code == 200
    assert answer["Cache-Control"].startswith("max-age=0, no-cache, no-store")
    assert answer.json() == {
        "status": "ok",
        "failing": [],
        "database": "ok",
        "broker": "ok",
        "oldest_stale_mark_seconds": None,
        "oldest_mail_seconds": None,
        "last_beat_seconds": 0,
        "worker_last_heard_seconds": 0,
        "last_backup_seconds": 3 * 3600,
    }


def test_what_is_silent_or_waits_too_long_fails_by_name(client, cast, looks):
    beats(ago(minutes=11))
    mark_changed([cast.own.pk], now=ago(minutes=16))
    Mail.objects.create(recipient=cast.rep, kind="large_order", key="a", created_at=ago(hours=1), due_at=ago(hours=1))
    answer = client.get("/health/")

    assert answer.status_code == 503
    assert answer.json()["failing"] == ["beat", "worker", "mail", "stale_mark"]
    assert answer.json()["oldest_stale_mark_seconds"] == 16 * 60
    assert answer.json()["oldest_mail_seconds"] == 3600


def test_a_little_late_is_well(client, cast, looks):
    beats(ago(minutes=2))
    mark_changed([cast.own.pk], now=ago(minutes=14))

    assert client.get("/health/").json()["failing"] == []


def test_never_heard_fails(client, company, looks):
    assert client.get("/health/").json()["failing"] == ["beat", "worker"]


def test_it_asks_no_more_of_many_rows_and_tells_nothing_of_anybody(client, cast, looks):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as found:
            answer = client.get("/health/")
        return len(found), answer

    customers = [cast.own, cast.team_mates, cast.foreign]
    mark_changed([customers[0].pk], now=NOW)
    one, _answer = queries()
    mark_changed([row.pk for row in customers], now=NOW)
    for number in range(3):
        Mail.objects.create(recipient=cast.rep, kind="x", key=str(number), created_at=NOW, due_at=NOW, error="Marie")
    many, answer = queries()

    assert many == one == 5
    assert set(answer.json()) == KEYS
    words = {value for value in answer.json().values() if isinstance(value, str)}
    assert words <= {"ok", "failing", "does not answer"}


@pytest.mark.django_db(transaction=True)
def test_the_real_look_asks_both_and_says_what_it_saw():
    Heartbeat.objects.create(name="beat", at=NOW)
    health.forget()
    seen = real_look()

    assert seen.broker
    assert seen.ages.heard["beat"] == NOW


def test_a_question_that_hangs_holds_up_nobody_and_is_asked_once(monkeypatch):
    hangs, asked = threading.Event(), []

    def ask():
        asked.append(1)
        hangs.wait()

    monkeypatch.setattr(health, "_database", Question(ask))
    monkeypatch.setattr(health, "_broker", Question(lambda: True))
    monkeypatch.setattr(health, "PATIENCE_SECONDS", 0.05)
    seen = [real_look() for _ in range(3)]
    hangs.set()

    assert [(look.ages, look.broker, look.failing) for look in seen] == [(None, True, ["database"])] * 3
    assert asked == [1]
    assert seen[0].as_json()["last_beat_seconds"] is None


def test_an_answer_holds_for_a_moment_and_an_error_is_none():
    asked = []
    good, bad = Question(lambda: asked.append(1) or "yes"), Question(lambda: 1 / 0)
    for _ in range(3):
        for question in (good, bad):
            question.start()
        assert (good.answer(10), bad.answer(10)) == ("yes", None)
    good.forget()
    good.start()
    good.answer(10)

    assert len(asked) == 2


@pytest.mark.parametrize("hangs", [True, False], ids=["hangs", "is not there"])
def test_a_broker_that_hangs_or_is_not_there_fails(monkeypatch, hangs):
    with socket.create_server(("127.0.0.1", 0)) as listens:
        address = f"127.0.0.1:{listens.getsockname()[1] if hangs else 1}"
        app = Celery("elsewhere", broker=f"redis://{address}/0", set_as_current=False)
        app.conf.broker_transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
        monkeypatch.setattr(health, "current_app", app)
        monkeypatch.setattr(health, "_database", Question(lambda: Ages({"beat": NOW, "worker": NOW}, {})))
        monkeypatch.setattr(health, "_broker", Question(health._ask_broker))
        monkeypatch.setattr(health, "PATIENCE_SECONDS", 0.3)

        assert "broker" in real_look().failing


@pytest.mark.django_db
def test_the_heart_beats_at_most_twice_a_minute_and_survives_a_database_that_is_away(monkeypatch, time_machine):
    monkeypatch.setattr(heartbeat, "close_old_connections", lambda: None)
    time_machine.move_to(NOW, tick=False)
    heart = Heart("beat")
    heart.beat()
    time_machine.move_to(NOW + dt.timedelta(seconds=20), tick=False)
    heart.beat()
    assert Heartbeat.objects.get().at == NOW

    def away(*args, **kwargs):
        raise DatabaseError("away")

    monkeypatch.setattr(type(Heartbeat.objects), "update_or_create", away)
    Heart("beat").beat()


@pytest.mark.django_db
def test_beat_gives_a_sign_when_it_starts_and_with_its_ticks(monkeypatch):
    monkeypatch.setattr(heartbeat, "close_old_connections", lambda: None)
    before = list(after_task_publish.receivers)
    try:
        celery_module.show_a_heart_beat()
        assert Heartbeat.objects.filter(name="beat").exists()
        assert len(after_task_publish.receivers) == len(before) + 1
    finally:
        after_task_publish.receivers[:] = before
        after_task_publish.sender_receivers_cache.clear()


def test_in_words_what_is_not_well_and_what_to_do(cast, looks, monkeypatch):
    heard = {"beat": ago(days=3), "worker": NOW, "backup": ago(hours=30)}
    ages = Ages(heard=heard, waits={"mail": ago(minutes=5), "stale_mark": None})
    monkeypatch.setattr(health, "look", lambda: Health(at=NOW, broker=False, ages=ages))
    text = " ".join(client_of(cast.admin).get(reverse("job_health")).content.decode().split())

    assert "2 parts are not well." in text
    assert "does not answer" in text
    assert "heard 3 days ago" in text
    assert "Start beat again" in text
    assert "waits for 5 minutes" in text
    assert "30 hours ago" in text


def test_in_words_with_nothing_at_all():
    seen = Health(at=NOW, broker=False, ages=None)
    assert [part.tone for part in health_words.parts(seen)] == ["danger", "danger"]
