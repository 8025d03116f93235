"""Who guesses a password from elsewhere cannot keep its owner out of a device that they know."""

import pytest
from django.core import signing
from django.test import Client

from accounts import known_devices
from accounts.models import User
from tests import factories

PASSWORD = "correct horse 1"
COOKIE = "device-8000"


@pytest.fixture
def evaluated(monkeypatch):
    """Passwords that were compared."""
    seen, check = [], User.check_password
    monkeypatch.setattr(User, "check_password", lambda self, raw: seen.append(raw) or check(self, raw))
    return seen


def sign_in(client, person, password=PASSWORD, **extra):
    client.post("/accounts/login/", {"login": person.email, "password": password}, **extra)
    return "_auth_user_id" in client.session


def guess(client, person, times=100):
    for n in range(times):
        sign_in(client, person, f"wrong {n}", REMOTE_ADDR=f"10.0.{n % 7}.{n}")


def test_a_known_device_still_gets_in(company, evaluated):
    person = factories.person()
    known = Client()
    assert sign_in(known, person)
    known.post("/accounts/logout/")
    guess(Client(), person)
    assert len([raw for raw in evaluated if raw.startswith("wrong")]) == 10
    assert not sign_in(Client(), person)
    assert sign_in(known, person)


def test_guesses_on_a_known_device_are_counted_too(company, evaluated):
    person = factories.person()
    known = Client()
    sign_in(known, person)
    known.post("/accounts/logout/")
    evaluated.clear()
    guess(known, person)
    assert len(evaluated) == 10
    assert sign_in(Client(), person)


def test_a_device_that_another_knows_or_that_is_forged_counts_as_none(company, evaluated):
    person, other = factories.person(), factories.person()
    theirs = Client()
    sign_in(theirs, other)
    theirs.post("/accounts/logout/")
    guess(Client(), person)
    assert not sign_in(theirs, person)
    whose = signing.loads(theirs.cookies[COOKIE].value, salt=known_devices.SALT)[0]
    for value in ("", "x", f"{whose}:x", signing.dumps([known_devices._whose(person.email), "x"], salt="another")):
        forged = Client()
        forged.cookies[COOKIE] = value
        assert not sign_in(forged, person)


def test_the_cookie_names_nobody_and_no_script_reads_it(company):
    person = factories.person()
    client = Client()
    sign_in(client, person)
    cookie = client.cookies[COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    kept = str(signing.loads(cookie.value, salt=known_devices.SALT))
    assert person.email not in kept
    assert person.name not in kept
