"""An authenticator app and a passkey in a real browser: set up because a role asks for it, then signed in with."""

from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from accounts.models import Authenticator
from tests.accounts.proofs import code_of

from .conftest import DESK, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "correct horse 1"
DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def with_authenticator(page):
    """The page's browser has a device that keeps passkeys and says yes."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})


def give_password(page, user):
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page):
    page.goto("/accounts/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.wait_for_url(lambda url: "logout" not in url)


def enter_code(page, secret, button):
    page.locator("input[name=code]").fill(code_of(secret))
    page.get_by_role("button", name=button, exact=True).click()


@pytest.fixture(autouse=True)
def _one_code_for_years(settings):
    settings.MFA_TOTP_PERIOD = 10**9


def test_a_role_asks_for_a_second_factor_and_signing_in_asks_for_its_code(opened, cast):
    role = cast.rep_membership.role
    role.second_factor_required = True
    role.save(update_fields=["second_factor_required"])
    page = opened(None, PHONE)
    give_password(page, cast.rep)
    expect(page.get_by_text("Your role asks for a second factor")).to_be_visible()
    page.goto(reverse("customer_list"))
    expect(page.get_by_role("heading", name="Sign-in and security")).to_be_visible()

    page.get_by_role("link", name="Set up an authenticator app").click()
    assert page.locator("img.qr").evaluate("picture => picture.naturalWidth") > 100
    secret = page.locator(".key-text").inner_text()
    enter_code(page, secret, "Turn on")
    expect(page.locator(".codes li")).to_have_count(10)
    with page.expect_download() as download:
        page.get_by_role("button", name="Keep as a file").click()
    assert len(Path(download.value.path()).read_text().splitlines()) == 12
    page.get_by_role("link", name="I have kept them").click()
    page.goto(reverse("customer_list"))
    expect(page.get_by_role("link", name="Own customer")).to_be_visible()

    sign_out(page)
    give_password(page, cast.rep)
    expect(page.get_by_role("heading", name="Second factor")).to_be_visible()
    enter_code(page, secret, "Sign in")
    page.goto(reverse("profile"))
    expect(page.get_by_role("heading", name="My profile")).to_be_visible()


def test_a_passkey_is_added_and_signs_in_alone_and_as_second_factor(opened, cast):
    page = opened(None, DESK)
    with_authenticator(page)
    give_password(page, cast.rep)
    page.goto(reverse("mfa_add_webauthn"))
    page.get_by_label("Name").fill("Work laptop")
    page.get_by_role("main").get_by_role("button", name="Add a passkey").click()
    expect(page.locator(".codes li")).to_have_count(10)
    page.goto(reverse("mfa_index"))
    expect(page.get_by_text("Work laptop")).to_be_visible()

    sign_out(page)
    page.goto(reverse("account_login"))
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(lambda url: "login" not in url)
    page.goto(reverse("profile"))
    expect(page.get_by_role("heading", name="My profile")).to_be_visible()

    sign_out(page)
    give_password(page, cast.rep)
    page.get_by_role("button", name="Use a passkey instead").click()
    page.wait_for_url(lambda url: "login" not in url)
    assert Authenticator.objects.get(type="webauthn").last_used_at


def test_a_browser_that_knows_no_passkeys_says_so(opened, cast):
    page = opened(None, PHONE)
    page.add_init_script("delete window.PublicKeyCredential")
    page.goto(reverse("account_login"))
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("This browser knows no passkeys.")).to_be_visible()
