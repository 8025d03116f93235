"""What the database asks to be carried out again is; who is turned away all the same loses nothing of what they typed."""

import pytest
from django.db import IntegrityError, OperationalError, connection
from django.urls import reverse

from customers.models import Touch
from customers.views import touches
from territory import again
from territory.again import TIMES, asks_again
from tests import factories
from tests.accounts.signing_in import client_of


class Said(Exception):
    """As the driver says it."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__(sqlstate)
        self.sqlstate = sqlstate


def fault(sqlstate: str = "40P01", text: str = "deadlock detected") -> OperationalError:
    error = OperationalError(text)
    error.__cause__ = Said(sqlstate)
    return error


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(again, "_pause", lambda: None)


class Failing:
    """Fails so many times, then answers."""

    def __init__(self, times: int, error: Exception, answer=None) -> None:
        self.left, self.error, self.answer, self.calls = times, error, answer, 0

    def __call__(self, *args, **named):
        self.calls += 1
        if self.left:
            self.left -= 1
            raise self.error
        return self.answer(*args, **named) if callable(self.answer) else self.answer


@pytest.mark.parametrize(
    ("error", "asks"),
    [
        (fault("40001"), True),
        (fault("40P01"), True),
        (fault("55P03"), True),
        (OperationalError("database is locked"), True),
        (fault("57014", "canceling statement due to statement timeout"), False),
        (OperationalError("disk I/O error"), False),
        (IntegrityError("database is locked"), False),
        (ValueError(), False),
    ],
)
def test_what_asks_to_be_carried_out_again(error, asks):
    assert asks_again(error) is asks


@pytest.mark.django_db(transaction=True)
class TestAgain:
    def test_it_is_called_until_it_passes(self):
        function = Failing(TIMES - 1, fault(), "done")
        assert again.again(function) == "done"
        assert function.calls == TIMES

    def test_not_for_ever_and_not_for_other_faults(self):
        for function, calls in ((Failing(9, fault()), TIMES), (Failing(9, OperationalError("no")), 1)):
            with pytest.raises(OperationalError):
                again.again(function)
            assert function.calls == calls

    def test_not_within_a_transaction(self):
        from django.db import transaction

        function = Failing(1, fault(), "done")
        with pytest.raises(OperationalError), transaction.atomic():
            again.again(function)
        assert function.calls == 1


@pytest.mark.django_db(transaction=True)
class TestRequests:
    @pytest.fixture
    def form(self, cast):
        client = client_of(cast.rep)
        client.raise_request_exception = False
        page = client.get(reverse("log_touch"), {"customer": cast.own.pk}).context["form"]
        data = {
            "uuid": page["uuid"].value(), "customer": cast.own.pk, "type": factories.touch_type().pk, "minutes": "12",
            "at": "2026-01-05T10:00", "outcome": "neutral", "people": [cast.rep.pk], "note": "Wants a quote",
        }  # fmt: skip
        return client, data

    def test_a_request_that_met_another_is_carried_out_again(self, form, monkeypatch):
        client, data = form
        failing = Failing(TIMES - 1, fault(), touches.write_touch)
        monkeypatch.setattr(touches, "write_touch", failing)
        assert client.post(reverse("log_touch"), data).status_code == 302
        assert Touch.objects.get().note == "Wants a quote"
        assert failing.calls == TIMES

    def test_who_is_turned_away_sends_the_same_with_one_button(self, form, monkeypatch):
        client, data = form
        with monkeypatch.context() as patched:
            patched.setattr(touches, "write_touch", Failing(99, fault("55P03", "lock not available")))
            answer = client.post(reverse("log_touch") + "?planned=", data)
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
        page = answer.content.decode()
        assert 'action="/touches/log/?planned="' in page
        assert '<input type="hidden" name="note" value="Wants a quote">' in page
        assert page.count('name="csrfmiddlewaretoken"') >= 1
        sent = dict(answer.context["sent"])
        assert {name: str(value) for name, value in data.items() if name != "people"}.items() <= sent.items()
        assert client.post(reverse("log_touch"), answer.context["sent"] and sent).status_code == 302

    def test_other_faults_are_faults(self, form, monkeypatch):
        client, data = form
        failing = Failing(99, OperationalError("disk I/O error"))
        monkeypatch.setattr(touches, "write_touch", failing)
        assert client.post(reverse("log_touch"), data).status_code == 500
        assert failing.calls == 1


@pytest.mark.django_db(transaction=True)
def test_a_lock_that_is_held_too_long_is_told_by_its_state():
    """What the database really says, on PostgreSQL."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no such states")
    with connection.cursor() as cursor, pytest.raises(OperationalError) as caught:
        cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '55P03'; END $$")
    assert asks_again(caught.value)
