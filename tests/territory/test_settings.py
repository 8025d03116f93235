"""The settings as a process reads them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parent.parent.parent
PRODUCTION = {
    "PROFILE": "production",
    "SITE_URL": "https://crm.example.org",
    "SECRET_KEY": "kQ7vXw2-9sLmZ0pYbN4eRt6uIoAaSdFgHjKlCvBnM1q3W5z8xE_T",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
}


def manage(*arguments: str, folder: Path, **env: str) -> subprocess.CompletedProcess:
    """Run a command as a person would, with nothing in the environment but what is given."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DATA_DIR": str(folder), **env},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"HOST": "0.0.0.0"}, "HOST names"),
        ({"SITE_URL": "http://crm.example.org"}, "SITE_URL names"),
        (PRODUCTION | {"SECRET_KEY": ""}, "SECRET_KEY is missing"),
        (PRODUCTION | {"DEBUG": "yes"}, "DEBUG must be off"),
    ],
)
def test_a_start_that_would_be_unsafe_ends_in_one_line(tmp_path, env, said):
    ended = manage("check", folder=tmp_path, **env)
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"Territory cannot start: {said}")
    assert ended.stderr.count("\n") == 1


def test_production_passes_django_s_own_check(tmp_path):
    ended = manage("check", "--deploy", "--fail-level", "WARNING", folder=tmp_path, **PRODUCTION)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_key_is_made_once_and_is_the_owner_s_alone(tmp_path):
    manage("check", folder=tmp_path)
    first = (tmp_path / "secret-key").read_text()
    manage("check", folder=tmp_path)
    assert len(first) > 50
    assert (tmp_path / "secret-key").read_text() == first
    assert (tmp_path / "secret-key").stat().st_mode & 0o777 == 0o600


def test_a_page_is_told_what_it_may_load(client):
    policy = client.get("/health/")["Content-Security-Policy"]
    assert set(policy.split("; ")) == {
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
    }


pytestmark = pytest.mark.django_db


def test_signing_in_is_the_default():
    assert "django.contrib.auth.middleware.LoginRequiredMiddleware" in settings.MIDDLEWARE


def test_a_forged_host_is_refused(client):
    assert client.get("/health/", headers={"host": "evil.example"}).status_code == 400


def test_a_task_that_was_cut_off_comes_back_after_it_was_stopped_for_sure():
    assert settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"] > settings.CELERY_TASK_TIME_LIMIT
    assert settings.CELERY_TASK_ACKS_LATE
    assert settings.CELERY_TASK_REJECT_ON_WORKER_LOST
