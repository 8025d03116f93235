"""A customer's page: who may open it, what stands there, and a stream that loads piece by piece and loses nothing."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.actions.contacts import add_contact, change_contact
from customers.actions.customers import change_customer, note_potential
from customers.actions.orders import change_order, open_order, win_order
from customers.models import TierFix, TierPeriod
from customers.queries import timeline
from customers.queries.customer import customers_for, figures
from territory import clock
from territory.cursor import Cursor
from territory.together import answer
from tests import factories

NOON = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def page(client):
    """The page of a customer as somebody sees it."""

    def fetch(user, customer, query="", status=200):
        client.force_login(user)
        response = client.get(reverse("customer_detail", args=[customer.pk]) + query)
        assert response.status_code == status
        return response.content.decode()

    return fetch


@pytest.mark.parametrize(("day", "hour", "won"), [("2025-06-02", 0, 1), ("2025-06-01", 23, 0)])
def test_orders_won_count_on_365_whole_days(cast, time_machine, day, hour, won):
    time_machine.move_to(NOON, tick=False)
    closed_at = clock.start_of_day(dt.date.fromisoformat(day), clock.company_zone()) + dt.timedelta(hours=hour)
    factories.order(cast.own, 100, "won", closed_at)
    customer = customers_for(cast.rep).get(pk=cast.own.pk)
    assert answer(figures(cast.rep, customer)).won == won


@pytest.mark.parametrize("who", ["mate", "other_rep", "other_manager"])
@pytest.mark.parametrize(
    "name", ["customer_detail", "customer_timeline", "customer_edit", "customer_tier", "contact_create"]
)
def test_a_customer_out_of_reach_does_not_exist(client, cast, who, name):
    client.force_login(getattr(cast, who))
    hidden = client.get(reverse(name, args=[cast.own.pk]))
    missing = client.get(reverse(name, args=[999999]))
    assert (hidden.status_code, missing.status_code) == (404, 404)


@pytest.mark.parametrize("who", ["rep", "technician", "coordinator", "manager", "admin"])
def test_within_reach_it_opens(page, cast, who):
    assert "Own customer" in page(getattr(cast, who), cast.own)


def test_who_may_only_see_is_offered_no_change(page, cast):
    content = page(cast.technician, cast.own)
    assert reverse("customer_edit", args=[cast.own.pk]) not in content
    assert reverse("contact_create", args=[cast.own.pk]) not in content


def test_amounts_stand_nowhere_for_technical_support(page, cast):
    cast.own.yearly_value = 123456
    cast.own.save(update_fields=["yearly_value"])
    now = clock.now()
    order = open_order(actor=cast.rep, now=now, customer=cast.own, values={"amount": 77123, "title": "Line"})
    order = change_order(actor=cast.rep, now=now, order=order, version=1, values={"amount": 88123})
    win_order(actor=cast.rep, now=now, order=order, version=2)
    note_potential(actor=cast.rep, now=now, customer=cast.own, amount=99123)
    secrets = re.compile(r"123,456|77,123|88,123|99,123|165,246")
    everything = "".join(page(cast.rep, cast.own, query) for query in ("", "?tab=orders", "?tab=changes"))
    assert set(secrets.findall(everything)) >= {"77,123", "88,123", "99,123"}
    for query in ("", "?tab=touches", "?tab=orders", "?tab=changes"):
        assert not secrets.search(page(cast.technician, cast.own, query)), query


def test_notes_with_markup_stay_text(page, cast):
    factories.touch(cast.own, cast.rep, note="<script>alert(1)</script>")
    content = page(cast.rep, cast.own)
    assert "<script>alert(1)" not in content
    assert "&lt;script&gt;alert(1)" in content


def test_contacts_show_who_decides_and_those_who_left_are_folded_away(page, cast):
    factories.contact(cast.own, "Anna Wise", role=factories.contact_role("Buyer"), decides=True)
    factories.contact(cast.own, "Bo Gone", left_on=dt.date(2026, 1, 1))
    content = page(cast.rep, cast.own)
    assert "decides" in content
    folded = content[content.index("1 contact has left") :]
    assert "Bo Gone" in folded
    assert "Bo Gone" not in content[: content.index("1 contact has left")]


def test_a_missing_role_is_a_gap_on_the_two_highest_tiers_only(page, cast):
    tiers = factories.tiers()
    factories.contact_role("Senior officer", expected_in_top_tiers=True)
    cast.own.tier = tiers["B"]
    cast.own.save(update_fields=["tier"])
    assert "No senior officer" in page(cast.rep, cast.own)
    cast.own.tier = tiers["C"]
    cast.own.save(update_fields=["tier"])
    assert "No senior officer" not in page(cast.rep, cast.own)


def test_a_contact_who_left_fills_no_gap(page, cast):
    role = factories.contact_role("Senior officer", expected_in_top_tiers=True)
    cast.own.tier = factories.tiers()["A"]
    cast.own.save(update_fields=["tier"])
    factories.contact(cast.own, "Bo", role=role, left_on=dt.date(2026, 1, 1))
    assert "No senior officer" in page(cast.rep, cast.own)


def test_call_and_route_are_links(page, cast):
    cast.own.phone, cast.own.latitude, cast.own.longitude = "+44 1392 1", 50.72, -3.53
    cast.own.save(update_fields=["phone", "latitude", "longitude"])
    content = page(cast.rep, cast.own)
    assert 'href="tel:+4413921"' in content
    assert "directions?to=50.720000%2C-3.530000" in content


# --- The stream ---


def stream(user, customer, tab="timeline", size=7):
    """All entries, piece by piece."""
    customer = customers_for(user).get(pk=customer.pk)
    after, found = None, []
    while True:
        piece = answer(timeline.piece(user, customer, tab=tab, after=after, size=size))
        found += piece.entries
        if piece.next is None:
            return found
        after = Cursor.read(str(piece.next))


def test_the_stream_is_newest_first_and_loses_nothing(cast):
    for number in range(30):
        factories.touch(cast.own, cast.rep, at=NOON + dt.timedelta(hours=number))
    for number in range(5):
        factories.order(cast.own, opened_at=NOON + dt.timedelta(hours=number * 5, minutes=1))
    found = stream(cast.rep, cast.own)
    assert len([entry for entry in found if entry.key.startswith("touch-")]) == 30
    assert len([entry for entry in found if entry.key.endswith("-opened")]) == 5
    assert [entry.at for entry in found] == sorted((entry.at for entry in found), reverse=True)


def test_many_entries_of_one_instant_are_each_shown_once(cast):
    for _ in range(25):
        factories.touch(cast.own, cast.rep, at=NOON)
        factories.order(cast.own, opened_at=NOON)
    found = stream(cast.rep, cast.own)
    keys = [entry.key for entry in found if entry.at == NOON]
    assert len(keys) == len(set(keys)) == 50


def test_changes_that_show_nothing_hide_no_older_ones(cast):
    now = clock.now()
    contact = add_contact(actor=cast.rep, now=now - dt.timedelta(days=9), customer=cast.own, values={"name": "Anna"})
    for number in range(30):  # each writes a history row that says nothing new
        change_contact(
            actor=cast.rep,
            now=now - dt.timedelta(days=8, seconds=-number),
            contact=contact,
            version=number + 1,
            values={},
        )
    change_customer(actor=cast.rep, now=now, customer=cast.own, version=1, values={"town": "Leeds"})
    titles = [entry.title for entry in stream(cast.rep, cast.own, tab="changes")]
    assert titles[0] == "Customer changed"
    assert "Contact added" in titles


def test_a_change_says_from_what_to_what_and_by_whom(cast):
    change_customer(actor=cast.rep, now=clock.now(), customer=cast.own, version=1, values={"town": "Leeds"})
    entry = next(entry for entry in stream(cast.rep, cast.own) if entry.title == "Customer changed")
    assert (entry.text, entry.people) == ("Town – to Leeds", "Rep")


@pytest.mark.parametrize(
    "text", ["", "x", "2026-01-01~0", "2026-01-01T00:00:00+00:00~-1", "2026-01-01T00:00:00+00:00~999999"]
)
def test_an_address_that_is_no_cursor_begins_at_the_top(text):
    assert Cursor.read(text) is None


def test_without_javascript_a_link_leads_on(page, cast):
    for number in range(25):
        factories.touch(cast.own, cast.rep, at=NOON + dt.timedelta(hours=number), note=f"note {number:02}.")
    first = page(cast.rep, cast.own)
    assert "note 24." in first
    assert "note 01." not in first
    link = re.search(r'<a href="([^"]*after=[^"]*)">Earlier', first).group(1).replace("&amp;", "&")
    assert "note 01." in page(cast.rep, cast.own, "?" + link.split("?")[1])


def test_the_next_piece_comes_as_entries_alone(client, cast):
    factories.touch(cast.own, cast.rep, note="hello")
    client.force_login(cast.rep)
    content = client.get(reverse("customer_timeline", args=[cast.own.pk])).content.decode()
    assert "hello" in content
    assert "<html" not in content


def test_what_holds_on_a_day_is_asked_of_that_day(page, cast, time_machine):
    """Words of questions are kept from one request to the next; the day in them is not."""
    tiers, today = factories.tiers(), NOON.date()
    for tier, starts_on in (("A", today), ("B", today + dt.timedelta(days=1))):
        TierPeriod.objects.create(customer=cast.own, tier=tiers[tier], starts_on=starts_on)
    TierFix.objects.create(customer=cast.own, tier=tiers["A"], reason="Until noon", ends_on=today)
    helper = factories.membership(factories.person("Helper till today"), cast.exeter)
    factories.assign(cast.own, helper, kind="support", ends_on=today)
    factories.touch(cast.own, cast.rep, at=NOON + dt.timedelta(hours=20))
    seen = []
    for days in (0, 1):
        time_machine.move_to(NOON + dt.timedelta(days=days), tick=False)
        # Without the stream: there the fix and the helper stay as changes.
        head = page(cast.rep, cast.own, "?tab=orders")
        told = [words in head for words in ("Until noon", "Helper till today", "none yet")]
        seen.append(["Tier A to B" in page(cast.rep, cast.own), *told])
    assert seen == [[False, True, True, True], [True, False, False, False]]


# --- What it costs ---


def questions(client, path) -> int:
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


def happen(cast, times: int) -> None:
    """The same kinds of entry, so many times."""
    for number in range(times):
        at = NOON + dt.timedelta(hours=number)
        contact = factories.contact(cast.own)
        factories.touch(cast.own, cast.rep, at=at).contacts.add(contact)
        factories.order(
            cast.own, status="won", opened_at=at, closed_at=at + dt.timedelta(minutes=1), salesperson=cast.rep
        )
        change_contact(actor=cast.rep, now=clock.now(), contact=contact, version=1, values={"title": "Director"})


def test_as_many_questions_with_sixty_of_each_as_with_three(client, cast):
    client.force_login(cast.rep)
    happen(cast, 3)
    path = reverse("customer_detail", args=[cast.own.pk])
    few = questions(client, path)
    happen(cast, 57)
    assert questions(client, path) == few
    part = reverse("customer_timeline", args=[cast.own.pk])
    after = f"?after={(NOON + dt.timedelta(hours=20)).isoformat().replace('+', '%2B')}~0"
    assert questions(client, part + after) < few
