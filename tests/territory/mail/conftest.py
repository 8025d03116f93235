"""A kind of mail for tests, and what time it is."""

import datetime as dt

import pytest

from territory.mail import kinds
from territory.mail.kinds import Kind, Message

NOW = dt.datetime(2026, 6, 9, 10, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def own_kinds(monkeypatch):
    """Kinds that a test registers go away with it."""
    monkeypatch.setattr(kinds, "_kinds", dict(kinds._kinds))
    kinds.add(Kind(key="news", label="News"))
    kinds.add(Kind(key="secret", label="Secret", choices=None, compose=_secret, secret=True))


def _secret(person, facts):
    return Message("A link", f"For {person.name}: http://localhost:8000/key/")


@pytest.fixture
def frozen(time_machine, company):
    time_machine.move_to(NOW, tick=False)
    return time_machine
