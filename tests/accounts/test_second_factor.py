"""An authenticator app, recovery codes and passkeys: turned on, used, lost, taken away."""

import json
import re

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.actions.second_factors import reset_second_factor
from accounts.models import Authenticator
from accounts.second_factor import has_second_factor
from accounts.second_factor_adapter import SecondFactor
from territory import clock
from territory.mail.models import Mail
from territory.mail.sending import deliver_waiting
from tests.accounts.proofs import Passkey, code_of, turn_on_app, turn_on_codes, turn_on_passkey
from tests.accounts.signing_in import client_of

PASSWORD = "correct horse 1"
APP_ON, SECURITY = "/profile/security/app/", "/profile/security/"


@pytest.fixture
def clock_stands(time_machine):
    """So that a code is still right when it is sent."""
    time_machine.move_to("2026-06-09T09:00:05Z", tick=False)
    return time_machine


def with_password(user, **extra) -> Client:
    """A client that gave the password and is asked for more, if that is asked for."""
    client = Client()
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD}, **extra)
    return client


def is_signed_in(client) -> bool:
    return "_auth_user_id" in client.session


def mails_of(user) -> list[str]:
    return [mail.facts["what"] for mail in Mail.objects.filter(recipient=user, kind="sign_in_changed").order_by("pk")]


def test_an_app_is_turned_on_with_a_picture_and_codes_shown_once(cast, clock_stands, mailoutbox):
    client = client_of(cast.rep)
    page = client.get(APP_ON)
    secret = page.context["form"].secret
    assert page.content.count(b'src="data:image/svg+xml;base64,') == 1
    assert secret in page.content.decode()
    assert "Test%20company" in page.context["totp_url"]
    refused = client.post(APP_ON, {"code": "000000"})
    assert "not right" in refused.content.decode()
    assert not has_second_factor(cast.rep)
    answer = client.post(APP_ON, {"code": code_of(secret)})
    assert (answer.status_code, answer.url) == (302, "/profile/security/codes/")
    shown = client.get(answer.url).content.decode()
    codes = re.findall(r"<code>(\d{8})</code>", shown)
    assert len(codes) == 10
    again = client.get(answer.url).content.decode()
    assert not any(code in again for code in codes)
    kept = client.post("/profile/security/codes/file/", {"code": codes})
    assert kept["Content-Disposition"].startswith("attachment")
    assert all(code in kept.content.decode() for code in codes)
    for guess in (codes[:9], [*codes[:9], "00000000"], []):
        assert client.post("/profile/security/codes/file/", {"code": guess}).status_code == 404
    assert mails_of(cast.rep) == ["totp_on"]
    deliver_waiting()
    assert "authenticator app was turned on" in mailoutbox[-1].body
    assert mailoutbox[-1].to == [cast.rep.email]
    entry = Authenticator.history.get(type="totp")
    assert (entry.history_type, entry.history_user, hasattr(entry, "data")) == ("+", cast.rep, False)


def test_an_app_is_turned_off_and_the_codes_go_with_it(cast):
    turn_on_app(cast.rep)
    turn_on_codes(cast.rep)
    client = client_of(cast.rep)
    assert client.get("/profile/security/app/off/").status_code == 200
    client.post("/profile/security/app/off/")
    assert not Authenticator.objects.filter(user=cast.rep).exists()
    assert mails_of(cast.rep) == ["totp_on", "totp_off"]


def test_new_codes_replace_the_old_and_a_mail_says_so(cast):
    turn_on_app(cast.rep)
    before = turn_on_codes(cast.rep)
    client = client_of(cast.rep)
    answer = client.post("/profile/security/codes/new/")
    after = re.findall(r"<code>(\d{8})</code>", client.get(answer.url).content.decode())
    assert len(after) == 10
    assert after != before
    assert mails_of(cast.rep) == ["totp_on", "codes"]
    assert not is_signed_in(signed_in_by_code(cast.rep, before[0]))


def signed_in_by_code(user, code) -> Client:
    client = with_password(user)
    client.post("/accounts/login/code/", {"code": code})
    return client


def test_turning_anything_on_or_off_asks_for_a_proof_again(cast):
    turn_on_app(cast.rep)
    codes = turn_on_codes(cast.rep)
    turn_on_passkey(cast.rep)
    key = Authenticator.objects.get(user=cast.rep, type="webauthn").pk
    client = client_of(cast.rep, signed_in_ago=3600)
    before = list(Authenticator.objects.order_by("pk").values())
    for path in ("app/off/", "codes/", "codes/new/", "passkeys/add/", f"passkeys/{key}/", f"passkeys/{key}/remove/"):
        for answer in (client.get(SECURITY + path), client.post(SECURITY + path)):
            if answer.status_code != 405:
                assert answer.url.startswith("/accounts/reauthenticate/"), path
    assert client.post("/profile/security/codes/file/", {"code": codes}).url.startswith("/accounts/reauthenticate/")
    assert client_of(cast.mate, signed_in_ago=3600).get(APP_ON).url.startswith("/accounts/reauthenticate/")
    assert list(Authenticator.objects.order_by("pk").values()) == before


def test_signing_in_asks_for_a_code_and_takes_each_once(cast, clock_stands):
    secret = turn_on_app(cast.rep)
    client = with_password(cast.rep)
    assert not is_signed_in(client)
    assert client.get("/profile/").status_code == 302
    before = client.session.session_key
    page = client.get("/accounts/login/code/")
    assert page.status_code == 200
    for wrong in ("000000", code_of(secret, ago=1), ""):
        client.post("/accounts/login/code/", {"code": wrong})
        assert not is_signed_in(client)
    client.post("/accounts/login/code/", {"code": code_of(secret)})
    assert is_signed_in(client)
    assert client.session.session_key != before
    assert not is_signed_in(signed_in_by_code(cast.rep, code_of(secret)))


def test_a_recovery_code_signs_in_once(cast):
    turn_on_app(cast.rep)
    codes = turn_on_codes(cast.rep)
    assert is_signed_in(signed_in_by_code(cast.rep, codes[3]))
    assert not is_signed_in(signed_in_by_code(cast.rep, codes[3]))
    assert b"9 are left" in client_of(cast.rep).get(SECURITY).content


def test_of_a_hundred_wrong_codes_ten_are_evaluated(cast, monkeypatch):
    from allauth.mfa.totp.internal.auth import TOTP

    turn_on_app(cast.rep)
    evaluated = []
    monkeypatch.setattr(TOTP, "validate_code", lambda self, code: evaluated.append(code) or False)
    for _device in range(4):
        client = with_password(cast.rep)
        for n in range(25):
            client.post("/accounts/login/code/", {"code": f"{n:06}"}, REMOTE_ADDR=f"10.0.0.{n}")
    assert 0 < len(evaluated) <= 10


def test_secrets_are_not_readable_in_the_database_and_another_key_fits_no_code(cast, clock_stands, settings):
    secret = turn_on_app(cast.rep)
    codes = turn_on_codes(cast.rep)
    assert secret not in json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another key of the installation"
    assert not is_signed_in(signed_in_by_code(cast.rep, code_of(secret)))
    assert not is_signed_in(signed_in_by_code(cast.rep, codes[0]))
    settings.SECRET_KEY_FALLBACKS = [old]
    assert is_signed_in(signed_in_by_code(cast.rep, code_of(secret)))


def add_passkey(client, passkey, name="Phone"):
    page = client.get("/profile/security/passkeys/add/")
    made = passkey.made(page.context["options"])
    return client.post("/profile/security/passkeys/add/", {"name": name, "credential": made})


def test_a_passkey_is_added_named_used_and_removed(cast):
    passkey, client = Passkey(), client_of(cast.rep)
    answer = add_passkey(client, passkey)
    assert answer.url == "/profile/security/codes/"
    key = Authenticator.objects.get(user=cast.rep, type="webauthn")
    client.post(f"/profile/security/passkeys/{key.pk}/", {"name": "Work phone"})
    assert "Work phone" in client.get(SECURITY).content.decode()
    stranger = Client()
    asked = stranger.get("/accounts/login/passkey/", headers={"Accept": "application/json"}).json()["request_options"]
    assert asked["publicKey"]["rpId"] == "localhost"
    answer = stranger.post("/accounts/login/passkey/", {"credential": passkey.used(asked), "next": "/profile/"})
    assert (is_signed_in(stranger), answer.url) == (True, "/profile/")
    client.post(f"/profile/security/passkeys/{key.pk}/remove/")
    assert not Authenticator.objects.filter(user=cast.rep).exists()
    assert mails_of(cast.rep) == ["webauthn_on", "webauthn_off"]


def test_a_passkey_of_another_site_person_or_challenge_signs_nobody_in(cast):
    add_passkey(client_of(cast.rep), passkey := Passkey())
    path = "/accounts/login/passkey/"
    for origin, person, old in (
        ("https://evil.example", None, False),
        ("http://localhost:8000", cast.mate, False),
        ("http://localhost:8000", None, True),
    ):
        client = Client()
        asked = client.get(path, headers={"Accept": "application/json"}).json()["request_options"]
        if old:
            client.get(path, headers={"Accept": "application/json"})
        passkey.origin = origin
        kept, passkey.person = passkey.person, str(person.pk).encode() if person else passkey.person
        client.post(path, {"credential": passkey.used(asked)})
        passkey.person = kept
        assert not is_signed_in(client), origin
    for nonsense in ("", "{}", "[]", "null", '{"response": {"userHandle": null}}'):
        assert Client().post(path, {"credential": nonsense}).status_code == 302


NO_PASSKEYS = [
    *("", "x", "1", "null", "[]", "{}", '"x"', '{"id": 1}', '{"id": "x", "rawId": "x"}'),
    *('{"id": "x", "rawId": "x", "type": "public-key", "response": {}}', '{"id": "x", "rawId": "x", "response": "x"}'),
    '{"id": "x", "rawId": "!", "type": "x", "response": {"clientDataJSON": "eA", "attestationObject": "eA"}}',
    '{"id": "eA", "rawId": "eA", "type": "public-key", "response": {"clientDataJSON": "e30", "attestationObject": "oA"}}',
    '{"id": "eA", "rawId": "eA", "response": {"clientDataJSON": "eA", "authenticatorData": "eA", "signature": "eA"}}',
    "9" * 5000,
    '{"id": "eA", "rawId": "eA", "response": {"clientDataJSON": 7, "authenticatorData": [], "signature": null, "userHandle": 5}}',
]


def test_what_is_no_passkey_is_refused(cast):
    turn_on_passkey(cast.rep)
    half, late = with_password(cast.rep), client_of(cast.rep, signed_in_ago=3600)
    places = [
        (client_of(cast.rep), "/profile/security/passkeys/add/"),
        (Client(), "/accounts/login/passkey/"),
        (half, "/accounts/login/code/"),
        (late, "/accounts/reauthenticate/passkey/"),
    ]
    for client, path in places:
        for nonsense in NO_PASSKEYS:
            cache.clear()
            client.get(path, headers={"Accept": "application/json"})
            answer = client.post(path, {"name": "X", "credential": nonsense})
            assert answer.status_code in (302, 422), (path, nonsense)
    assert Authenticator.objects.count() == 1
    assert not is_signed_in(half)


def test_a_passkey_stands_for_the_second_factor_and_for_a_proof(cast):
    passkey = turn_on_passkey(cast.admin)
    client = with_password(cast.admin)
    asked = client.get("/accounts/login/code/").context["js_data"]["request_options"]
    client.post("/accounts/login/code/", {"credential": passkey.used(asked)})
    assert is_signed_in(client)
    late = client_of(cast.admin, signed_in_ago=3600)
    assert late.get(reverse("person_create")).status_code == 302
    page = late.get("/accounts/reauthenticate/passkey/")
    late.post(
        "/accounts/reauthenticate/passkey/", {"credential": passkey.used(page.context["js_data"]["request_options"])}
    )
    assert late.get(reverse("person_create")).status_code == 200


def test_a_code_is_a_proof_and_what_was_posted_is_done_after_it(cast, clock_stands):
    secret = turn_on_app(cast.admin)
    late = client_of(cast.admin, signed_in_ago=3600)
    answer = late.post(reverse("team_create"), {"name": "Sailors"})
    assert answer.url.startswith("/accounts/reauthenticate/?next=")
    page = late.get(answer.url)
    assert "/accounts/reauthenticate/code/?next=" in page.content.decode()
    late.post("/accounts/reauthenticate/code/", {"code": code_of(secret), "next": reverse("team_create")})
    assert "Sailors" in late.get(reverse("team_list")).content.decode()


def asks_for_second_factor(cast, name="Salesperson"):
    role = cast.rep_membership.role if name == "Salesperson" else cast.admin.memberships.get().role
    role.second_factor_required = True
    role.save(update_fields=["second_factor_required"])


def test_who_must_have_one_reaches_nothing_else_first_and_that_at_once(cast, clock_stands):
    client = client_of(cast.rep)
    assert client.get(reverse("customer_list")).status_code == 200
    asks_for_second_factor(cast)
    for name in ("customer_list", "today", "profile", "account_change_password", "customer_export", "order_list"):
        answer = client.get(reverse(name))
        assert (answer.status_code, answer.url) == (302, SECURITY), name
    write = client.post(reverse("customer_create"), {"name": "New"})
    assert (write.status_code, write.url) == (302, SECURITY)
    part = client.get(reverse("customer_list"), headers={"HX-Request": "true"})
    assert part.headers["HX-Redirect"] == SECURITY
    assert client.get("/health/").status_code in (200, 503)
    page = client.get(SECURITY).content.decode()
    assert "Your role asks for a second factor" in page
    assert reverse("customer_list") not in page
    assert reverse("account_logout") in page
    secret = client.get(APP_ON).context["form"].secret
    assert client.post(APP_ON, {"code": code_of(secret)}).status_code == 302
    assert client.get(reverse("customer_list")).status_code == 200
    assert client_of(cast.manager).get(reverse("customer_list")).status_code == 200
    leaving = client_of(cast.mate)
    leaving.post(reverse("account_logout"))
    assert not is_signed_in(leaving)


def test_a_role_that_is_over_or_to_come_asks_nothing(cast):
    asks_for_second_factor(cast)
    seat = cast.rep_membership
    for starts_on, ends_on, status in ((None, "2020-01-01", 200), ("2999-01-01", None, 200), (None, None, 302)):
        seat.starts_on, seat.ends_on = starts_on, ends_on
        seat.save(update_fields=["starts_on", "ends_on"])
        assert client_of(cast.rep).get("/profile/").status_code == status


def test_an_administrator_asks_it_of_a_role_and_first_has_one_for_their_own(cast):
    client = client_of(cast.admin)
    role, own = cast.rep_membership.role, cast.admin.memberships.get().role
    for row, status in ((role, 302), (own, 422)):
        data = {"name": row.name, "function": row.function, "version": row.version, "second_factor_required": "on"}
        answer = client.post(reverse("role_edit", args=[row.pk]), data)
        assert answer.status_code == status
        row.refresh_from_db()
        assert row.second_factor_required == (status == 302)
    assert "Set up a second factor of your own first" in answer.content.decode()
    assert role.history.first().second_factor_required
    for name in ("role_list", "access_table"):
        assert client.get(reverse(name)).content.decode().lower().count("second factor required") == 1
    turn_on_app(cast.admin)
    data["version"] = own.version
    assert client.post(reverse("role_edit", args=[own.pk]), data).status_code == 302
    assert client.get(reverse("role_list")).status_code == 200


def test_an_administrator_takes_a_lost_one_away(cast, mailoutbox):
    turn_on_app(cast.rep)
    turn_on_codes(cast.rep)
    turn_on_passkey(cast.rep)
    theirs, url = client_of(cast.rep), reverse("person_second_factor_reset", args=[cast.rep.pk])
    for who in (cast.rep, cast.mate, cast.manager):
        assert client_of(who).post(url).status_code == 403
    assert client_of(cast.admin, signed_in_ago=3600).post(url).url.startswith("/accounts/reauthenticate/")
    assert has_second_factor(cast.rep)
    admin = client_of(cast.admin)
    assert url in admin.get(reverse("person_detail", args=[cast.rep.pk])).content.decode()
    assert admin.get(url).status_code == 200
    assert admin.post(url).status_code == 302
    assert not Authenticator.objects.filter(user=cast.rep).exists()
    assert theirs.get("/profile/").status_code == 302
    assert mails_of(cast.rep) == ["totp_on", "webauthn_on", "reset"]
    deliver_waiting()
    assert "by Administrator" in mailoutbox[-1].body
    gone = Authenticator.history.filter(history_type="-")
    assert {(row.type, row.history_user) for row in gone} == {
        (kind, cast.admin) for kind in ("totp", "recovery_codes", "webauthn")
    }
    page = admin.get(reverse("person_detail", args=[cast.rep.pk])).content.decode()
    assert "Passkey" in page
    assert url not in page
    assert is_signed_in(with_password(cast.rep))
    assert admin.post(url).status_code == 422


def test_nobody_resets_their_own(cast):
    turn_on_app(cast.admin)
    url = reverse("person_second_factor_reset", args=[cast.admin.pk])
    assert client_of(cast.admin).post(url).status_code == 422
    assert has_second_factor(cast.admin)


def test_on_the_command_line(cast, capsys):
    turn_on_app(cast.admin)
    call_command("reset_second_factor", cast.admin.email.upper())
    assert "Administrator" in capsys.readouterr().out
    assert not has_second_factor(cast.admin)
    assert mails_of(cast.admin)[-1] == "reset"
    with pytest.raises(CommandError, match="has no second factor"):
        call_command("reset_second_factor", cast.admin.email)
    with pytest.raises(CommandError, match="Nobody has"):
        call_command("reset_second_factor", "nobody@example.com")


def test_the_pages_are_small_and_allow_no_script_of_their_own(cast, django_assert_max_num_queries):
    turn_on_app(cast.rep)
    turn_on_codes(cast.rep)
    turn_on_passkey(cast.rep)
    key = Authenticator.objects.get(user=cast.rep, type="webauthn").pk
    client, mate = client_of(cast.rep), client_of(cast.mate)
    paths = ["", "app/off/", "codes/", "codes/new/", "passkeys/add/", f"passkeys/{key}/", f"passkeys/{key}/remove/"]
    for asker, path in [(mate, "app/"), *((client, path) for path in paths)]:
        with django_assert_max_num_queries(12):
            answer = asker.get(SECURITY + path)
        text = answer.content.decode()
        assert answer.status_code == 200, path
        assert len(text) < 60_000
        assert not re.search(r"<script(?![^>]*\bsrc=)|\bstyle=|\bon[a-z]+=", text), path
        assert "unsafe" not in answer.headers["Content-Security-Policy"]


def test_many_passkeys_take_no_more_queries(cast):
    turn_on_passkey(cast.rep)
    client, counts = client_of(cast.rep), []
    client.get(SECURITY)
    for _more in range(2):
        with CaptureQueriesContext(connection) as queries:
            client.get(SECURITY)
        counts.append(len(queries))
        for n in range(3):
            turn_on_passkey(cast.rep, f"Phone {n}")
    assert counts[0] == counts[1]


def test_the_command_line_signs_for_nobody(cast):
    turn_on_app(cast.rep)
    reset_second_factor(actor=None, now=clock.now(), person=cast.rep)
    assert Authenticator.history.filter(history_type="-").get().history_user is None


def test_an_issuer_holds_no_colon(company):
    company.name = "A: B"
    company.save()
    assert ":" not in SecondFactor().get_totp_issuer()
