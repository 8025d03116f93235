"""What was denied: with who and where, without a secret, and never so much that it fills the table."""

import datetime as dt

import pytest
from django.core.cache import cache
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from planning.actions.runs import run_nightly
from territory import clock
from territory.audit import denials
from territory.audit.models import Denial
from territory.jobs import registry
from tests import factories
from tests.accounts.proofs import turn_on_app, turn_on_passkey
from tests.accounts.signing_in import client_of


@pytest.fixture
def now(time_machine):
    time_machine.move_to("2026-06-09T09:00:00Z", tick=False)
    return clock.now()


def kept(*more):
    return list(Denial.objects.order_by("pk").values_list("method", "path", "status", *more))


def test_what_is_denied_is_kept_with_who_and_where(now, cast):
    client = client_of(cast.rep)
    client.get(reverse("job_list"), {"q": "what I looked for"})
    client.get(reverse("customer_detail", args=[cast.foreign.pk]))
    client.get("/no/such/address/")
    client.post(reverse("team_archive", args=[cast.exeter.pk]))
    kept = list(Denial.objects.order_by("pk").values_list("user", "method", "path", "status"))
    assert kept == [
        (cast.rep.pk, "GET", "/jobs/", 403),
        (cast.rep.pk, "GET", f"/customers/{cast.foreign.pk}/", 404),
        (cast.rep.pk, "POST", f"/teams/{cast.exeter.pk}/archive/", 403),
    ]
    page = client_of(cast.admin).get(reverse("audit_denied"), {"person": cast.rep.pk}).content.decode()
    assert "/jobs/" in page
    assert "what I looked for" not in page


def test_a_wrong_password_is_kept_without_what_was_typed(now, client, cast):
    for email in (cast.rep.email, "nobody@example.org"):
        client.post(reverse("account_login"), {"login": email, "password": "not the right one"})
    assert list(Denial.objects.order_by("pk").values_list("user", "status", "path")) == [
        (cast.rep.pk, 401, "/accounts/login/"),
        (None, 401, "/accounts/login/"),
    ]


PASSWORD = "correct horse 1"


@pytest.fixture
def nobody_guessed():
    cache.clear()


def test_guesses_that_are_not_even_evaluated_are_kept_and_fill_no_table(now, nobody_guessed, client, cast):
    for email in (cast.rep.email, "nobody@example.org"):
        for number in range(14):
            client.post(
                reverse("account_login"),
                {"login": email, "password": f"guess {number}"},
                REMOTE_ADDR=f"10.0.0.{number}",
            )
    path = "/accounts/login/"
    assert kept("user", "times") == [
        ("POST", path, 401, cast.rep.pk, 10),
        ("POST", path, 429, cast.rep.pk, 4),
        ("POST", path, 401, None, 10),
        ("POST", path, 429, None, 4),
    ]


def test_a_refused_guess_takes_as_many_statements_for_an_address_that_nobody_has(now, nobody_guessed, client, cast):
    def statements(email):
        with CaptureQueriesContext(connection) as asked:
            client.post(reverse("account_login"), {"login": email, "password": "guess"})
        return len(asked)

    counts = [[statements(email) for _guess in range(13)] for email in (cast.rep.email, "nobody@example.org")]
    assert counts[0][11:] == counts[1][11:]


def test_a_wrong_code_is_kept_and_so_is_one_that_is_not_evaluated(now, nobody_guessed, client, cast):
    turn_on_app(cast.rep)
    client.post(reverse("account_login"), {"login": cast.rep.email, "password": PASSWORD})
    path = reverse("mfa_authenticate")
    client.post(path, {"code": ""})
    assert kept() == []
    for number in range(12):
        client.post(path, {"code": f"{number:06}"})
    assert kept("user", "times") == [("POST", path, 401, cast.rep.pk, 10), ("POST", path, 429, cast.rep.pk, 2)]


def test_a_wrong_passkey_is_kept(now, nobody_guessed, client, cast):
    turn_on_passkey(cast.rep)
    client.post(reverse("mfa_login_webauthn"), {"credential": '{"id": "x"}'})
    client.post(reverse("account_login"), {"login": cast.rep.email, "password": PASSWORD})
    client.post(reverse("mfa_authenticate"), {"credential": '{"id": "x"}'})
    assert kept("user") == [
        ("POST", reverse("mfa_login_webauthn"), 401, None),
        ("POST", reverse("mfa_authenticate"), 401, cast.rep.pk),
    ]


def test_a_proof_that_was_asked_for_again_and_was_wrong_is_kept(now, nobody_guessed, cast):
    turn_on_app(cast.rep)
    turn_on_passkey(cast.rep)
    client = client_of(cast.rep, signed_in_ago=3600)
    wrong = {
        "account_reauthenticate": {"password": "not it"},
        "mfa_reauthenticate": {"code": "000000"},
        "mfa_reauthenticate_webauthn": {"credential": '{"id": "x"}'},
        "account_change_password": {
            "oldpassword": "not it",
            "password1": "a long phrase 3",
            "password2": "a long phrase 3",
        },
    }
    for name, data in wrong.items():
        client.post(reverse(name), data)
    assert kept("user", "times") == [("POST", reverse(name), 401, cast.rep.pk, 1) for name in wrong]


def test_a_row_that_the_query_names_is_kept_by_its_number_and_nothing_else_of_it(now, cast):
    planned = factories.planned_touch(cast.foreign, cast.admin)
    client = client_of(cast.rep)
    for data in ({"customer": cast.foreign.pk, "q": "07700 900123", "of": "07700900123"}, {"planned": planned.pk}):
        assert client.get(reverse("log_touch"), data).status_code == 404
    client.get(reverse("work_log"), {"customer": "Bakery"})
    address = reverse("log_touch")
    assert kept("user") == [
        ("GET", f"{address}?customer={cast.foreign.pk}", 404, cast.rep.pk),
        ("GET", f"{address}?planned={planned.pk}", 404, cast.rep.pk),
    ]


def test_a_form_that_names_a_foreign_row_is_wrong_and_no_denial(now, cast):
    client = client_of(cast.rep)
    answer = client.post(reverse("planned_create"), {"customer": cast.foreign.pk, "due_on": "2026-06-15"})
    assert answer.status_code == 422
    assert kept() == []


def test_the_key_of_a_link_is_not_kept(cast):
    """Somebody opens the link for a new password with cookies turned off."""
    link = reverse("account_reset_password_from_key", args=["a1", "d3adb33f-0123456789"])
    Client(enforce_csrf_checks=True).post(link, {"password1": "x"})
    client_of(cast.rep, enforce_csrf_checks=True).post(link, {"password1": "x"})
    pattern = "/accounts/password/reset/key/<uidb36>-<key>/"
    assert kept("user") == [("POST", pattern, 403, None), ("POST", pattern, 403, cast.rep.pk)]


def test_the_same_again_within_a_day_is_counted(now, cast, time_machine):
    client = client_of(cast.rep)
    for hours in (0, 1, 23, 24):
        time_machine.move_to(now + dt.timedelta(hours=hours), tick=False)
        client.get(reverse("job_list"))
    client.get(reverse("audit_list"))
    client_of(cast.mate).get(reverse("job_list"))
    last = now + dt.timedelta(hours=23)
    assert kept("times", "last_at", "at")[:2] == [
        ("GET", "/jobs/", 403, 3, last, now),
        ("GET", "/jobs/", 403, 1, None, now + dt.timedelta(hours=24)),
    ]
    assert len(kept()) == 4
    page = client_of(cast.admin).get(reverse("audit_denied"), {"since": "2026-06-10"}).content.decode()
    assert '3 times, last <time datetime="2026-06-10' in page


def test_who_is_not_signed_in_fills_no_table(now, cast):
    stranger = Client(enforce_csrf_checks=True)
    for number in range(1, 30):
        stranger.post(reverse("customer_edit", args=[number]))
        stranger.generic(f"M{number}", reverse("customer_list"))
    assert kept("times") == [("POST", "/customers/<pk>/edit/", 403, 29), ("other", "/customers/", 403, 29)]


def test_who_tries_one_row_after_the_other_is_told_exactly_for_a_while(now, cast, monkeypatch):
    monkeypatch.setattr(denials, "MOST_ADDRESSES", 3)
    client = client_of(cast.rep)
    for number in range(900_001, 900_007):
        client.get(reverse("customer_detail", args=[number]))
    exact = [("GET", f"/customers/{number}/", 404, 1) for number in range(900_001, 900_004)]
    assert kept("times") == [*exact, ("GET", "/customers/<pk>/", 404, 3)]


def test_the_nightly_run_removes_what_is_older_than_it_is_kept(cast, settings):
    settings.DENIALS_KEPT_DAYS = 200
    now = clock.now()
    for days in (200, 202, 900):
        Denial.objects.create(at=now - dt.timedelta(days=days), method="GET", path=f"/{days}/", status=403)
    assert run_nightly(now=now).result["denials_removed"] == 2
    assert kept() == [("GET", "/200/", 403)]
    admin = client_of(cast.admin)
    assert "rows are kept for 200 days" in admin.get(reverse("audit_denied")).content.decode()
    assert "2 old denials removed" in admin.get(reverse("job_list")).content.decode()


def test_all_that_the_nightly_run_did_has_words(cast):
    assert set(run_nightly(now=clock.now()).result) - {"situations"} <= set(registry.get("nightly").words)


def test_a_count_goes_up_without_a_look_at_what_it_was(cast):
    """Two at once: neither count is lost."""
    client = client_of(cast.rep)
    client.get(reverse("job_list"))
    Denial.objects.update(times=F("times") + 5, last_at=clock.now())
    client.get(reverse("job_list"))
    assert kept("times") == [("GET", "/jobs/", 403, 7)]


def test_of_two_at_once_the_later_one_stands_and_both_are_counted(now, cast, time_machine):
    client = client_of(cast.rep)
    client.get(reverse("job_list"))
    time_machine.move_to(now + dt.timedelta(minutes=2), tick=False)
    client.get(reverse("job_list"))
    time_machine.move_to(now + dt.timedelta(minutes=1), tick=False)  # looked at the clock first, is written last
    client.get(reverse("job_list"))

    row = Denial.objects.get()
    assert (row.times, row.last_at) == (3, now + dt.timedelta(minutes=2))
