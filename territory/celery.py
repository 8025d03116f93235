"""The Celery application and the whole schedule. Ticks are fixed in UTC; a task decides by the company's local day."""

import logging.config
import os

from celery import Celery
from celery.signals import after_task_publish, beat_init, setup_logging
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "territory.settings")

app = Celery("territory")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# `expires`: a tick that waited longer than its period is worth nothing, the next one does its work.
app.conf.beat_schedule = {
    "sweep stale results": {"task": "planning.tasks.sweep", "schedule": 60.0, "options": {"expires": 60}},
    "go on with imports": {"task": "customers.tasks.go_on_with_imports", "schedule": 60.0, "options": {"expires": 60}},
    "nightly run": {"task": "planning.tasks.nightly", "schedule": 600.0, "options": {"expires": 600}},
    "touch evidence": {"task": "planning.tasks.evidence", "schedule": 600.0, "options": {"expires": 600}},
    "rhythm": {"task": "planning.tasks.rhythm", "schedule": 600.0, "options": {"expires": 600}},
    "sales": {"task": "planning.tasks.sales", "schedule": 600.0, "options": {"expires": 600}},
    "involvement": {"task": "planning.tasks.involvement", "schedule": 600.0, "options": {"expires": 600}},
    "managers' weeks": {"task": "planning.tasks.managers_weeks", "schedule": 600.0, "options": {"expires": 600}},
    "send mails": {"task": "territory.mail.tasks.deliver", "schedule": 60.0, "options": {"expires": 60}},
    "run what was asked for": {"task": "territory.jobs.tasks.pick_up", "schedule": 60.0, "options": {"expires": 60}},
    "find situations": {"task": "planning.tasks.find_situations", "schedule": 600.0, "options": {"expires": 600}},
}


@setup_logging.connect
def log_like_the_web_process(**_options: object) -> None:
    """One way of logging in all processes: that of the settings."""
    logging.config.dictConfig(settings.LOGGING)


@beat_init.connect
def show_a_heart_beat(**_options: object) -> None:
    """Beat writes down that it gives ticks; only then are models there to write with."""
    import django

    django.setup()
    from territory.jobs.heartbeat import Heart

    heart = Heart("beat")
    heart.beat()
    after_task_publish.connect(heart.beat, weak=False)
