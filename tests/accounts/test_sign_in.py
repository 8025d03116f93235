"""Signing in, guessing passwords, leaving."""

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.urls import NoReverseMatch, reverse

from accounts import sign_in_forms
from accounts.models import User
from territory.mail import outbox
from territory.mail.models import Mail
from territory.mail.sending import deliver_waiting
from tests import factories
from tests.accounts.signing_in import client_of

PASSWORD = "correct horse 1"


@pytest.fixture(autouse=True)
def waited(monkeypatch):
    """For how long a page held its answer back; nothing waits in truth, and nobody guessed before."""
    cache.clear()
    seconds = []
    monkeypatch.setattr(sign_in_forms.time, "sleep", seconds.append)
    monkeypatch.setattr(sign_in_forms.time, "monotonic", lambda: 0.0)
    return seconds


def sign_in(client, email, password=PASSWORD, **extra):
    return client.post("/accounts/login/", {"login": email, "password": password}, **extra)


def is_signed_in(client) -> bool:
    return "_auth_user_id" in client.session


def test_with_address_and_password(company, client):
    sign_in(client, factories.person().email)
    assert is_signed_in(client)


def test_with_an_address_in_capitals(company, client):
    sign_in(client, factories.person().email.upper())
    assert is_signed_in(client)


def test_signing_in_is_not_announced_and_a_wrong_password_is_told_in_the_words_of_the_form(cast, client):
    page = sign_in(client, cast.rep.email, "wrong").content.decode()
    assert "E-mail or password is not right." in page
    assert "placeholder" not in page
    sign_in(client, cast.rep.email)
    assert 'class="note-toast success' not in client.get("/today/").content.decode()


def test_the_session_key_changes(company, client):
    session = client.session  # a stranger's, with a cookie of its own
    session["anything"] = 1
    session.save()
    before = session.session_key
    sign_in(client, factories.person().email)
    assert is_signed_in(client)
    assert client.session.session_key != before


@pytest.mark.parametrize("fields", [{"is_active": False}, {"password": None}])
def test_who_is_deactivated_or_has_no_password_cannot(company, client, fields):
    sign_in(client, factories.person(**fields).email)
    assert not is_signed_in(client)


def test_nobody_signs_up(client):
    with pytest.raises(NoReverseMatch):
        reverse("account_signup")
    assert client.get("/accounts/signup/").status_code in (302, 404)


def test_nobody_changes_their_own_address(client):
    with pytest.raises(NoReverseMatch):
        reverse("account_email")


def test_of_a_hundred_wrong_passwords_ten_are_evaluated(company, client, monkeypatch):
    person = factories.person()
    evaluated = []
    check = User.check_password
    monkeypatch.setattr(User, "check_password", lambda self, raw: evaluated.append(raw) or check(self, raw))
    for n in range(100):
        # Another port in the host must not start a new count, nor another place.
        sign_in(client, person.email, f"wrong {n}", HTTP_HOST=f"localhost:{8000 + n}", REMOTE_ADDR=f"10.0.0.{n}")
    assert len(evaluated) <= 10
    sign_in(client, person.email)
    assert not is_signed_in(client)


def test_a_leaver_loses_access_with_the_next_request(cast):
    leaving, staying, admin = client_of(cast.rep), client_of(cast.mate), client_of(cast.admin)
    other_device = client_of(cast.rep)
    assert leaving.get("/profile/").status_code == 200
    admin.post(reverse("person_deactivate", args=[cast.rep.pk]))
    assert leaving.get("/profile/").status_code == 302
    assert other_device.get("/profile/").status_code == 302
    assert staying.get("/profile/").status_code == 200
    users = [session.get_decoded().get("_auth_user_id") for session in Session.objects.all()]
    assert str(cast.rep.pk) not in users


def test_an_old_session_does_not_come_back_with_the_person(cast):
    client = client_of(cast.rep)
    kept = dict(client.session.items())
    admin = client_of(cast.admin)
    admin.post(reverse("person_deactivate", args=[cast.rep.pk]))
    admin.post(reverse("person_reactivate", args=[cast.rep.pk]))
    stolen = Client()
    session = stolen.session
    session.update(kept)
    session.save()
    stolen.cookies["session-8000"] = session.session_key
    assert stolen.get("/profile/").status_code == 302


def test_who_loses_their_role_is_denied_at_once(cast):
    client = client_of(cast.manager)
    assert client.get(reverse("absence_create", args=[cast.rep.pk])).status_code == 200
    seat = cast.manager.memberships.get()
    seat.role = factories.role("Salesperson")
    seat.save(update_fields=["role"])
    assert client.get(reverse("absence_create", args=[cast.rep.pk])).status_code == 403


def test_a_forgotten_password(company, client, mailoutbox):
    person = factories.person()
    client.post("/accounts/password/reset/", {"email": person.email}, HTTP_HOST="localhost:9999")
    deliver_waiting()
    body = mailoutbox[0].body
    url = next(word for word in body.split() if word.startswith("http"))
    assert url.startswith("http://localhost:8000/accounts/password/reset/key/")
    form = client.get(url.removeprefix("http://localhost:8000"), follow=True)
    assert form.status_code == 200
    new = "another long phrase 2"
    client.post(form.redirect_chain[-1][0], {"password1": new, "password2": new})
    sign_in(client, person.email, new)
    assert is_signed_in(client)


def test_many_tries_from_one_place_are_told_to_wait(company, client):
    statuses = [sign_in(client, f"nobody{n}@example.com").status_code for n in range(32)]
    assert (statuses[0], statuses[-1]) == (200, 429)
    assert "Wait some minutes" in sign_in(client, "nobody@example.com").content.decode()
    assert sign_in(client, factories.person().email, REMOTE_ADDR="10.9.9.9").status_code == 302


def test_one_address_is_sent_five_links_in_a_quarter_of_an_hour(company, client):
    person = factories.person()
    answers = [
        client.post("/accounts/password/reset/", {"email": person.email}, REMOTE_ADDR=f"10.0.0.{n}") for n in range(12)
    ]
    assert Mail.objects.filter(recipient=person, kind="new_password").count() == 5
    assert answers[-1].status_code == 429


FORGED = [
    "evil.example",
    "localhost.evil.example",
    "localhost:8000@evil.example",
    "localhost:8000.evil.example",
    "evil.example:8000",
    "localhost:1",
    "[::1]:9",
    "127.0.0.1:1",
    "localhost evil.example",
    "evil.example\\localhost",
]


def test_ten_forged_hosts_alter_no_link(company, client, mailoutbox):
    person = factories.person()
    for host in FORGED:
        cache.clear()
        data = {"email": person.email}
        client.post("/accounts/password/reset/", data, HTTP_HOST=host)
        client.post("/accounts/password/reset/", data, HTTP_X_FORWARDED_HOST=host, HTTP_FORWARDED=f"host={host}")
    deliver_waiting()
    links = [word for mail in mailoutbox for word in mail.body.split() if "//" in word]
    assert len(links) >= 10
    assert [link for link in links if not link.startswith("http://localhost:8000/accounts/password/")] == []


OFF_SITE = [
    *("//evil.example", "///evil.example", "////evil.example", "https://evil.example", "http://evil.example/profile/"),
    *(
        "https:evil.example",
        "https:/evil.example",
        "http:///evil.example",
        "\\\\evil.example",
        "/\\evil.example",
        "\\/evil.example",
    ),
    *(
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "ftp://evil.example",
        "//evil.example/%2f..",
    ),
    *("https://localhost:8000@evil.example", "https://localhost:8000.evil.example", "//localhost:8000@evil.example/"),
    *(" https://evil.example", "\thttps://evil.example", "\n//evil.example", "https://evil.example#localhost:8000"),
    *(
        "//evil.example?localhost",
        "https://evil.example\\localhost:8000",
        "//[evil.example",
        "https://localhost:8001/",
        "//%65vil.example",
    ),
    *("https://ⓔvil.example", "\x00//evil.example"),
]


def test_thirty_ways_off_the_site_lead_home(company, client):
    person = factories.person()
    assert len(OFF_SITE) >= 30
    for target in OFF_SITE:
        cache.clear()
        answer = client.post("/accounts/login/", {"login": person.email, "password": PASSWORD, "next": target})
        assert (answer.status_code, answer.url) == (302, "/"), target
        client.post("/accounts/logout/")


def test_a_stranger_is_told_nothing_about_addresses(company, client, mailoutbox):
    known = client.post("/accounts/password/reset/", {"email": factories.person().email})
    unknown = client.post("/accounts/password/reset/", {"email": "nobody@example.com"})
    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)
    assert mailoutbox == []


def test_a_mail_server_that_fails_holds_up_no_page(company, client, settings):
    settings.EMAIL_BACKEND = "tests.territory.mail.backends.Down"
    assert client.post("/accounts/password/reset/", {"email": factories.person().email}).status_code == 302


def test_the_bell_is_rung_whether_or_not_the_address_is_known(company, client, monkeypatch):
    rung = []
    monkeypatch.setattr(outbox, "ring", lambda: rung.append(1))
    client.post("/accounts/password/reset/", {"email": "nobody@example.com"})
    assert rung == [1]


def test_a_link_outlives_neither_use_nor_deactivation(cast, client, mailoutbox):
    client.post("/accounts/password/reset/", {"email": cast.rep.email})
    deliver_waiting()
    url = next(word for word in mailoutbox[0].body.split() if word.startswith("http"))
    client_of(cast.admin).post(reverse("person_deactivate", args=[cast.rep.pk]))
    response = client.get(url.removeprefix("http://localhost:8000"), follow=True)
    assert b'name="password1"' not in response.content


def test_an_old_address_no_longer_signs_in(cast, client):
    old = cast.rep.email
    sign_in(client, old)
    data = {"name": "Rep", "email": "new@example.com", "locale": "en-gb", "version": cast.rep.version}
    assert client_of(cast.admin).post(reverse("person_edit", args=[cast.rep.pk]), data).status_code == 302
    late = Client()
    sign_in(late, old)
    assert not is_signed_in(late)
    sign_in(late, "new@example.com")
    assert is_signed_in(late)


@pytest.mark.parametrize("known", [True, False])
def test_how_long_a_new_password_takes_tells_nothing(company, client, waited, known):
    email = factories.person().email if known else "nobody@example.com"
    client.post("/accounts/password/reset/", {"email": email})
    assert waited == [sign_in_forms.ANSWERS_AFTER_SECONDS]
