"""axe-core finds nothing serious on pages that no walk over addresses comes to: of signing in, and those that say what went wrong."""

import errno
from itertools import chain
from urllib.parse import urlsplit

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from accounts.invitations import _password_link
from customers.models import Order
from territory import again, clock, health
from tests import factories
from tests.accounts.proofs import turn_on_app, turn_on_codes, turn_on_passkey
from tests.accounts.signing_in import client_of
from tests.territory.test_again import Failing

from .conftest import DESK, PHONE
from .test_accessible import Eyes
from .test_signing_in import give_password

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WRONG = "/went-wrong/"
BEFORE_SIGNING_IN = [
    "account_login",
    "account_inactive",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key_done",
]
OF_A_PASSWORD = ["account_logout", "account_reauthenticate", "account_change_password"]
OF_A_SECOND_FACTOR = [
    "mfa_index",
    "mfa_deactivate_totp",
    "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
]


def nothing_found(eyes, names):
    found = [each for name in names for each in eyes.found_on(reverse(name))]
    assert not found, "\n".join(found)


def test_before_one_signs_in(opened, company):
    nothing_found(Eyes(opened(None, PHONE)), BEFORE_SIGNING_IN)


def test_a_new_installation_is_set_up(opened, db):
    nothing_found(Eyes(opened(None, PHONE)), ["setup"])


@pytest.mark.parametrize(("holds", "said"), [(True, "Set your password"), (False, "This link is used up")])
def test_a_link_to_set_a_password(opened, cast, holds, said):
    page = opened(None, PHONE)
    eyes, link = Eyes(page), urlsplit(_password_link(cast.rep)).path
    page.goto(link if holds else link.rstrip("/") + "0/")
    expect(page.get_by_role("heading", name=said)).to_be_visible()
    assert eyes.found_here() == []


def test_the_second_factor_is_asked_for(opened, cast):
    turn_on_app(cast.rep)
    turn_on_passkey(cast.rep)
    page = opened(None, PHONE)
    eyes = Eyes(page)
    give_password(page, cast.rep)
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    assert eyes.found_here() == []


def test_who_is_signed_in_looks_after_password_and_second_factor(opened, cast):
    turn_on_app(cast.rep)
    turn_on_codes(cast.rep)
    turn_on_passkey(cast.rep)
    nothing_found(Eyes(opened(cast.rep, DESK, proven=True)), OF_A_PASSWORD + OF_A_SECOND_FACTOR)


def test_who_has_no_password_sets_one(opened, cast):
    cast.mate.set_unusable_password()
    cast.mate.save()
    nothing_found(Eyes(opened(cast.mate, PHONE, proven=True)), ["account_set_password"])


def refused(cast, monkeypatch):
    """Statuses and answers that say what went wrong."""
    rep, nobody = client_of(cast.rep), Client(enforce_csrf_checks=True)
    order = factories.order(cast.own, salesperson=cast.rep, expected_on=clock.company_today())
    Order.objects.filter(pk=order.pk).update(version=2)
    yield 403, rep.get(reverse("audit_list"))
    yield 403, nobody.post(reverse("account_login"))
    yield 404, rep.get("/no-such-page/")
    yield 404, nobody.get("/no-such-page/")
    yield 409, rep.post(reverse("order_move", args=[order.pk]), {"to": "none", "version": 1})
    yield 413, rep.post(reverse("log_touch"), CONTENT_LENGTH=str(10**12))
    monkeypatch.setattr("territory.limits.seconds_to_wait", lambda *asked, **at: 42)
    yield 429, rep.get(reverse("customer_export"))


def broken(cast, monkeypatch):
    """The same where something fails within."""
    monkeypatch.setattr(again, "_pause", lambda: None)
    admin = client_of(cast.admin, raise_request_exception=False)
    locked = OperationalError("database is locked")
    for status, error in ((500, ValueError()), (503, OSError(errno.ENOSPC, "No space left on device")), (503, locked)):
        monkeypatch.setattr(health, "look", Failing(99, error))
        yield status, admin.get(reverse("job_health"))
    monkeypatch.setattr("accounts.views.jobs.try_failed_again", Failing(99, locked))
    yield 503, admin.post(reverse("mails_again"))


def found_in(eyes, answer):
    """What axe finds in an answer; it is shown as if all were well, else the browser would complain."""
    eyes.page.route(WRONG, lambda route: route.fulfill(body=answer.content, content_type="text/html"))
    found = eyes.found_on(WRONG)
    eyes.page.unroute(WRONG)
    return found


@pytest.mark.parametrize("device", [DESK, PHONE], ids=["desk", "phone"])
def test_what_went_wrong_is_said(opened, cast, monkeypatch, device):
    page = opened(None, device)
    eyes, said = Eyes(page), set()
    for status, answer in chain(refused(cast, monkeypatch), broken(cast, monkeypatch)):
        assert answer.status_code == status
        assert found_in(eyes, answer) == []
        said.add(page.locator("h1").inner_text())
    assert len(said) == 9, said
