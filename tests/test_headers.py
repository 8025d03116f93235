"""What every answer tells browsers, whatever it answers; with the settings of the production profile."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client

ROOT = Path(__file__).resolve().parent.parent
YEAR_SECONDS = 365 * 24 * 3600
SAY_SECURE = (
    "import json; from django.conf import settings; "
    "print(json.dumps({name: getattr(settings, name) for name in dir(settings) if name.startswith('SECURE_')}))"
)

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def production(tmp_path_factory) -> dict:
    """What the production profile sets of what a browser is told."""
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "territory.settings",
        "PROFILE": "production",
        "SITE_URL": "https://crm.example.org",
        "SECRET_KEY": "kQ7vXw2-9sLmZ0pYbN4eRt6uIoAaSdFgHjKlCvBnM1q3W5z8xE_T",
        "REDIS_URL": "redis://127.0.0.1:6379/0",
        "DATA_DIR": str(tmp_path_factory.mktemp("production")),
    }
    said = subprocess.run(
        [sys.executable, "-c", SAY_SECURE], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(said.stdout)


@pytest.fixture
def ask(production, settings):
    """Asks as a browser does behind the proxy."""
    for name, value in production.items():
        setattr(settings, name, value)

    def answer(path: str, person=None, *, scheme: str = "https"):
        client = Client(raise_request_exception=False, headers={"X-Forwarded-Proto": scheme})
        if person:
            client.force_login(person)
        given = client.get(path)
        given.close()  # a static file is open until it is sent
        return given

    return answer


ANSWERS = [
    ("a page", "/today/", "rep", 200),
    ("a list", "/customers/", "manager", 200),
    ("a map, which loads tiles", "/map/", "rep", 200),
    ("the page to sign in", "/accounts/login/", None, 200),
    ("the way there", "/today/", None, 302),
    ("nothing there", "/no-such-page/", "rep", 404),
    ("nothing there, to a stranger", "/no-such-page/", None, 404),
    ("denied", "/jobs/", "rep", 403),
    ("a static file", "/static/css/base.css", None, 200),
    ("a file to keep", "/reports/standing/?format=csv", "manager", 200),
    ("a report in JSON", "/reports/standing/?format=json", "manager", 200),
    ("health", "/health/", None, 200),
]


def told_too_little(answer) -> list[str]:
    headers = answer.headers
    policy = headers.get("Content-Security-Policy", "")
    transport = dict(
        part.strip().partition("=")[::2] for part in headers.get("Strict-Transport-Security", "").split(";")
    )
    wrong = {
        "policy": "default-src" not in policy or "unsafe" in policy or "*" in policy,
        "framed": "frame-ancestors 'none'" not in policy,
        "type is guessed": headers.get("X-Content-Type-Options") != "nosniff",
        "referrer": headers.get("Referrer-Policy") != "same-origin",
        "transport": int(transport.get("max-age") or 0) < YEAR_SECONDS,
    }
    return [name for name, is_wrong in wrong.items() if is_wrong]


@pytest.mark.parametrize(("path", "who", "status"), [row[1:] for row in ANSWERS], ids=[row[0] for row in ANSWERS])
def test_each_answer_says_what_a_browser_may_do(ask, cast, path, who, status):
    answer = ask(path, getattr(cast, who) if who else None)
    assert (answer.status_code, told_too_little(answer)) == (status, [])


def test_who_asks_without_tls_is_sent_to_it(ask):
    answer = ask("/today/", scheme="http")
    assert (answer.status_code, answer.headers["Location"]) == (301, "https://testserver/today/")
    assert told_too_little(answer) == ["transport"]  # browsers believe it over TLS alone


def test_an_error_of_ours_says_it_too(ask, cast, monkeypatch):
    monkeypatch.setattr("territory.clock.zone_of", None)
    answer = ask("/today/", cast.rep)
    assert (answer.status_code, told_too_little(answer)) == (500, [])
