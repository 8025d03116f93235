"""Where one is signed in: listed, ended one by one or all others, and kept without more than two words of the device."""

import datetime as dt

import pytest
from django.contrib.sessions.models import Session
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import UserSession
from accounts.sessions import device_words
from tests.accounts.signing_in import client_of

SECURITY = "/profile/security/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605 (KHTML, like Gecko) Version/18.5 Safari/604.1"


def signed_in(user, agent=FIREFOX) -> Client:
    client = Client(headers={"User-Agent": agent})
    client.post("/accounts/login/", {"login": user.email, "password": "correct horse 1"}, REMOTE_ADDR="203.0.113.7")
    return client


def is_signed_in(client) -> bool:
    return client.get("/profile/").status_code == 200


def row_of(client) -> UserSession:
    return UserSession.objects.get(session_id=client.session.session_key)


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, ("Firefox", "Linux")),
        (IPHONE, ("Safari", "iPhone")),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537 Chrome/140.0 Safari/537 Edg/140.0", ("Edge", "Windows")),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537 Chrome/140.0 Mobile Safari/537", ("Chrome", "Android")),
        ("curl/8.0", ("", "")),
        ("", ("", "")),
    ],
)
def test_a_device_in_two_words(agent, words):
    assert device_words(agent) == words


def test_signing_in_notes_it_without_address_or_place(cast):
    client = signed_in(cast.rep, IPHONE)
    row = row_of(client)
    assert (row.user, row.device) == (cast.rep, "Safari on iPhone")
    stored = UserSession.objects.values().get()
    assert set(stored) == {"id", "session_id", "user_id", "browser", "system", "begun_at", "last_used_at"}
    page = client.get(SECURITY).content.decode()
    assert "Safari on iPhone" in page
    assert "This one" in page
    assert "place unknown" in page
    assert client.session.session_key not in page
    strange = signed_in(cast.mate, "x" * 5000)
    assert "Unknown device" in strange.get(SECURITY).content.decode()


def test_the_last_use_is_written_once_in_five_minutes(cast, time_machine):
    time_machine.move_to("2026-06-09T09:00:00Z", tick=False)
    client = signed_in(cast.rep)
    begun = row_of(client).last_used_at
    for minutes, noted in ((1, 0), (4, 0), (6, 6), (10, 6), (12, 12)):
        time_machine.move_to(begun + dt.timedelta(minutes=minutes), tick=False)
        with CaptureQueriesContext(connection) as queries:
            client.get("/profile/")
        writes = [row for row in queries if row["sql"].startswith(("INSERT", "UPDATE"))]
        assert row_of(client).last_used_at == begun + dt.timedelta(minutes=noted)
        assert bool(writes) == (minutes == noted)
    assert row_of(client).begun_at == begun


def test_one_is_signed_out_or_all_others_but_nobody_elses(cast):
    here, phone, tablet, other = signed_in(cast.rep), signed_in(cast.rep), signed_in(cast.rep), signed_in(cast.mate)
    for row in (row_of(other), row_of(here)):
        assert here.post(reverse("session_end", args=[row.pk])).status_code == 404
    assert here.post(reverse("session_end", args=[row_of(phone).pk])).status_code == 302
    assert [is_signed_in(client) for client in (here, phone, tablet, other)] == [True, False, True, True]
    never_noted = client_of(cast.rep)
    assert here.post(reverse("other_sessions_end")).status_code == 302
    assert [is_signed_in(client) for client in (here, tablet, other, never_noted)] == [True, False, True, False]
    assert UserSession.objects.filter(user=cast.rep).count() == 1


def test_this_one_stands_first_and_then_the_latest_used(cast, time_machine):
    keys = []
    for minute in range(3):
        time_machine.move_to(f"2026-06-09T09:0{minute}:00Z", tick=False)
        keys.append(signed_in(cast.rep))
    page = keys[0].get(SECURITY)
    assert [row.session_id for row in page.context["sessions"]] == [keys[n].session.session_key for n in (0, 2, 1)]


def test_the_row_goes_with_the_session_however_that_ends(cast):
    leaving, expired, ended = signed_in(cast.rep), signed_in(cast.rep), signed_in(cast.rep)
    leaving.post("/accounts/logout/")
    Session.objects.filter(pk=expired.session.session_key).update(expire_date="2020-01-01T00:00:00Z")
    page = ended.get(SECURITY)
    assert [row.session_id for row in page.context["sessions"]] == [ended.session.session_key]
    client_of(cast.admin).post(reverse("person_deactivate", args=[cast.rep.pk]))
    assert not is_signed_in(ended)
    assert not UserSession.objects.filter(user=cast.rep, session__expire_date__gt="2021-01-01T00:00:00Z").exists()


def test_a_new_password_keeps_this_session_as_the_one_it_was(cast, time_machine):
    time_machine.move_to("2026-06-09T09:00:00Z", tick=False)
    client = signed_in(cast.rep)
    begun, key = row_of(client).begun_at, client.session.session_key
    time_machine.move_to("2026-06-09T09:02:00Z", tick=False)
    new = "another long phrase 2"
    data = {"oldpassword": "correct horse 1", "password1": new, "password2": new}
    assert client.post("/accounts/password/change/", data).status_code == 302
    assert client.session.session_key != key
    assert row_of(client).begun_at == begun
    assert UserSession.objects.count() == 1


def test_the_list_takes_no_more_queries_with_more_sessions(cast):
    client, counts = signed_in(cast.rep), []
    for _more in range(2):
        with CaptureQueriesContext(connection) as queries:
            client.get(SECURITY)
        counts.append(len(queries))
        for _device in range(3):
            signed_in(cast.rep)
    assert counts[0] == counts[1]


def test_a_busy_database_spoils_no_answer(cast, monkeypatch):
    def busy(*args, **kwargs):
        raise OperationalError("database is locked")

    client = Client()
    client.force_login(cast.rep)
    monkeypatch.setattr("accounts.sessions.note", busy)
    assert client.get("/profile/").status_code == 200
    monkeypatch.undo()
    client.get("/profile/")
    assert UserSession.objects.filter(user=cast.rep).count() == 1
