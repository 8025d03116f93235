"""Every process and thread speaks to the same broker, and the schedule names tasks that exist."""

import threading

from celery import current_app
from django.conf import settings

from territory.celery import app


def test_a_thread_of_the_web_server_rings_the_same_bell():
    found = []
    thread = threading.Thread(target=lambda: found.append(current_app.conf.broker_url))
    thread.start()
    thread.join()
    assert found == [settings.CELERY_BROKER_URL]


def test_every_tick_has_its_task():
    app.loader.import_default_modules()
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} - set(app.tasks) == set()


def test_a_tick_that_waited_too_long_is_dropped():
    assert all(entry["options"]["expires"] == entry["schedule"] for entry in app.conf.beat_schedule.values())
