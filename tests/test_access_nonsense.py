"""Whatever is sent instead of a key, a day or words: no page breaks, looking at one writes nothing, nothing is taken without a token."""

from urllib.parse import urlencode

import pytest
from django.db import connection
from django.forms import BaseForm
from django.test import Client

from tests.test_access_matrix import address, names, subjects
from tests.two_teams import Ask, clients, filled, sent

# Keys too large for a database, and for Python; no text, no day, no address; the ends of all time.
NONSENSE = ["99999999999999999999", "9" * 5_000, "\x00", "http://[", "٣", "0001-01-01", "9999-12-31"]
# What addresses read, whichever of them.
ASKED = [
    "page", "q", "sort", "team", "person", "customer", "planned", "type", "from", "to", "month", "week", "by", "status", "market",
    "stage", "view", "columns", "tab", "after", "before", "absence", "draft", "job", "state", "next", "back", "as_of", "format",
    "order", "kind", "saved", "on", "list", "moved", "version", "uuid", "like", "tier", "line", "product_line", "date", "at", "contact",
    "since", "until", "happened",
]  # fmt: skip


@pytest.fixture
def ground(cast, time_machine):
    time_machine.move_to("2026-06-09T09:00:00Z", tick=False)
    about = subjects(cast)
    urls = {name: address(name, about) for name in names() if not name.startswith("account_")}
    return clients(cast)["administrator"], urls


@pytest.mark.walk
def test_nonsense_in_an_address_breaks_no_page_and_looking_writes_nothing(ground):
    client, urls = ground
    wrong, read = [], 0
    for name, url in urls.items():
        path = url.split("?")[0]
        for asked in (url, *(f"{path}?{urlencode(dict.fromkeys(ASKED, value))}" for value in NONSENSE)):
            response, wrote = sent(client, "GET", asked)
            read += response.status_code == 200
            if wrote:
                wrong.append(f"{name} wrote {wrote[:1]}")
            assert response.status_code < 500, asked[:200]
    assert not wrong, "\n".join(wrong)
    assert read > 200


def test_nonsense_in_a_form_is_answered_by_the_form(ground):
    client, urls = ground
    refused = 0
    for name, url in urls.items():
        if sent(client, "POST", url)[0].status_code == 405:
            continue
        data = filled(client, Ask(name, url, {}))
        for value in NONSENSE:
            response, _ = sent(client, "POST", url, dict.fromkeys(data, value))
            assert response.status_code < 500, f"{name} {value[:20]}"
            refused += response.status_code == 422
    assert refused > 150


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite keeps every sign: only the other database tells")
def test_one_sign_that_cannot_be_kept_beside_what_is_right_is_answered_by_the_form(ground):
    """All else is right, so that what is asked of one field is not hidden by another's fault."""
    client, urls = ground
    sendable = 0
    for name, url in urls.items():
        if sent(client, "POST", url)[0].status_code == 405:
            continue
        data = filled(client, Ask(name, url, {}))
        for field in data:
            response, _ = sent(client, "POST", url, data | {field: "\x00a"})
            assert response.status_code < 500, f"{name} {field}"
            sendable += 1
    assert sendable > 150


@pytest.mark.walk
def test_a_form_sent_empty_is_wrong_not_asked_for(ground):
    """Whoever sends nothing is told what is missing; what needs nothing to be said is done."""
    client, urls = ground
    asked_for, silent, refused = [], [], 0
    for name, url in urls.items():
        response, _ = sent(client, "POST", url)
        if response.status_code == 200:
            asked_for.append(name)
        if response.status_code == 422 and response.context:
            shown = [response.context[key] for key in response.context.keys()]  # noqa: SIM118  no mapping
            forms = [each for each in shown if isinstance(each, BaseForm)]
            refused += bool(forms)
            if forms and not any(form.errors for form in forms):
                silent.append(name)
    assert (asked_for, silent) == ([], [])
    assert refused > 30


@pytest.mark.walk
def test_nothing_is_taken_without_a_token(ground, cast):
    """Every address, sent to by another site in the name of an administrator."""
    _, urls = ground
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.admin)
    for name, url in urls.items():
        response, wrote = sent(client, "POST", url, {"name": "x"})
        assert response.status_code in (403, 405), name
        assert not wrote, name
