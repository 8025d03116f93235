"""Territories: a proposal is computed by a worker, changes nothing until it is accepted, and then once."""

import datetime as dt
import re
from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.models import User
from customers.actions.hand_over import Changed
from customers.models import Assignment, Order, Potential
from planning.actions.alignment import (
    FactsChanged,
    ProposalClosed,
    accept,
    discard,
    fingerprint_now,
    propose,
    run_alignment,
    run_waiting_alignments,
)
from planning.models import AlignmentMove, AlignmentProposal, ProposalState, SpeedBand
from planning.queries.alignment import proposal_page
from tests import factories
from tests.accounts.signing_in import client_of
from tests.racing import race

NOW = dt.datetime(2026, 6, 9, 9, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 6, 9)
LATER = dt.date(2026, 7, 1)


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def uneven(cast):
    """Rep lives in the west, mate in the east, and rep has all customers but one, half of them in the east."""
    for person, longitude in ((cast.rep, -4.0), (cast.mate, -2.0)):
        person.base_latitude, person.base_longitude = 51.0, longitude
        person.save()
    return [
        factories.customer(f"Mill {number}", owner=cast.rep_membership, latitude=51 + number / 100, longitude=longitude)
        for longitude in (-4.1, -1.9)
        for number in range(4)
    ]


def wanted(cast, **fields):
    return {
        "team": cast.exeter, "role": factories.role("Salesperson"), "balance": "customers", "tolerance": Decimal("0.2"),
        "move_km": Decimal(1), "connected": True, "locked": {"tiers": [], "orders": True, "customers": []}, **fields,
    }  # fmt: skip


def proposed(cast, **fields):
    row = propose(actor=cast.manager, now=NOW, wanted=wanted(cast, **fields))
    run_alignment(row.pk, 1, now=NOW)
    row.refresh_from_db()
    return row


def take(row, cast, moves=None, **fields):
    keys = [move.pk for move in row.moves.all()] if moves is None else [move.pk for move in moves]
    said = {"seen": fingerprint_now(row), "on": LATER, "with_orders": False, **fields}
    return accept(actor=cast.manager, now=NOW, proposal=row, moves=keys, **said)


def page_of(cast, row, ticked=None):
    return proposal_page(cast.manager, AlignmentProposal.objects.with_amounts_for(cast.manager).get(pk=row.pk), ticked)


def customers_of(page):
    """Customers before and after, by name of the person."""
    return {row.name: (row.customers.before, row.customers.after) for row in page.people}


def owner(customer, on):
    return Assignment.objects.on(on).owners().get(customer=customer).membership


def test_customers_go_to_who_is_near_and_has_few(cast, uneven):
    row = proposed(cast)
    assert {move.customer for move in row.moves.all()} == set(uneven[4:])
    assert {(move.giver, move.taker) for move in row.moves.all()} == {(cast.rep_membership, cast.mate_membership)}
    before, after = row.figures["km"]
    assert after < before / 2
    assert row.figures["broken"] == []


def test_nothing_changes_hands_before_it_is_accepted_and_then_on_the_day(cast, uneven):
    row = proposed(cast)
    assert {owner(customer, LATER) for customer in uneven} == {cast.rep_membership}
    assert take(row, cast) == 4
    assert owner(uneven[7], LATER - dt.timedelta(days=1)) == cast.rep_membership
    assert owner(uneven[7], LATER) == cast.mate_membership
    row.refresh_from_db()
    assert (row.state, row.closed_by) == (ProposalState.ACCEPTED, cast.manager)


def test_history_knows_who_accepted(cast, uneven):
    take(proposed(cast), cast)
    entry = Assignment.history.filter(customer=uneven[7], membership=cast.mate_membership).get()
    assert (entry.history_user, entry.starts_on) == (cast.manager, LATER)


def test_accepting_twice_is_accepting_once(cast, uneven):
    row = proposed(cast)
    assert take(row, cast) == 4
    before = Assignment.history.count()
    assert take(row, cast) == 0
    assert Assignment.history.count() == before


@pytest.mark.django_db(transaction=True)
def test_accepting_in_two_tabs_at_once_is_accepting_once(cast, uneven):
    row = proposed(cast)
    seen = fingerprint_now(row)
    assert sorted(race(*[lambda: take(row, cast, seen=seen)] * 2)) == [0, 4]
    assert Assignment.history.filter(membership=cast.mate_membership, customer__in=uneven).count() == 4


def test_a_part_is_accepted_and_the_rest_later(cast, uneven):
    row = proposed(cast)
    first, *rest = row.moves.all()
    assert take(row, cast, [first]) == 1
    row.refresh_from_db()
    assert row.is_open
    assert not page_of(cast, row).stale
    assert take(row, cast, rest, on=TODAY) == 3
    row.refresh_from_db()
    assert row.state == ProposalState.ACCEPTED


def test_figures_are_of_what_is_ticked(cast, uneven):
    row = proposed(cast)
    first, second, *_rest = row.moves.all()
    whole = page_of(cast, row)
    assert customers_of(whole) == {"Rep": (9, 5), "Mate": (1, 5)}
    assert whole.figures["km"] == pytest.approx(row.figures["km"])
    assert [person.km.after for person in whole.people] == pytest.approx(
        [person["after"]["km"] for person in row.figures["people"]]
    )
    some = page_of(cast, row, [first.pk, second.pk])
    assert customers_of(some) == {"Rep": (9, 7), "Mate": (1, 3)}
    saved = first.km_saved + second.km_saved
    assert some.km.before - some.km.after == pytest.approx(saved)
    assert some.figures["moved"] == 2
    assert customers_of(page_of(cast, row, [])) == {"Rep": (9, 9), "Mate": (1, 1)}


def test_once_a_part_is_accepted_figures_are_of_that_part_and_the_rest_is_outdated(cast, uneven):
    row = proposed(cast)
    first, second, *rest = row.moves.all()
    take(row, cast, [first, second])
    page = page_of(cast, row)
    assert customers_of(page) == {"Rep": (9, 7), "Mate": (1, 3)}
    assert (page.ticked, set(page.moves), page.is_left_over) == (frozenset(), set(rest), True)
    assert customers_of(page_of(cast, row, [rest[0].pk])) == {"Rep": (9, 6), "Mate": (1, 4)}
    discard(proposal=row, actor=cast.manager, now=NOW)
    assert customers_of(page_of(cast, row)) == {"Rep": (9, 7), "Mate": (1, 3)}


def with_shares(row, before, after):
    """The proposal as if two people had so many customers before and after."""
    for person, number, then in zip(row.figures["people"], before, after, strict=True):
        person["before"]["customers"], person["after"]["customers"] = number, then
    del row.figures["moves"]
    row.save()


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ((9, 1), (5, 5), "more even: at most 0\N{NO-BREAK SPACE}% from what is even, 80\N{NO-BREAK SPACE}% before"),
        (
            (51, 49),
            (46, 54),
            "less even: up to 8\N{NO-BREAK SPACE}% from what is even, 2\N{NO-BREAK SPACE}% before (within",
        ),
        (
            (5, 5),
            (9, 1),
            "less even: up to 80\N{NO-BREAK SPACE}% from what is even, 0\N{NO-BREAK SPACE}% before (beyond",
        ),
        ((51, 49), (49, 51), "about as even as before: at most 2\N{NO-BREAK SPACE}% from what is even (within"),
    ],
)
def test_the_head_says_whether_loads_become_more_even(cast, uneven, before, after, words):
    row = proposed(cast)
    with_shares(row, before, after)
    page = client_of(cast.manager).get(reverse("territory_detail", args=[row.pk])).content.decode()
    assert words in page
    assert ('class="callout warn" id="comes-to"' in page) is ("less even" in words)
    assert re.search(r"it saves [\d,]+ km a month; 4 customers change hands", page)


def test_what_is_ticked_is_shown_and_nothing_done(cast, uneven):
    row = proposed(cast)
    first = row.moves.first()
    data = {"rows": [first.pk], "on": "2026-07-01", "show": "1"}
    answer = client_of(cast.manager).post(reverse("territory_accept", args=[row.pk]), data)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "with the 1 of 4 that are ticked" in page
    assert "1 customer changes hands" in page
    assert f'value="{first.pk}" checked' in page
    assert page.count(" checked>") == 1
    assert 'value="2026-07-01"' in page
    assert not row.moves.exclude(accepted_at=None).exists()


def test_after_a_part_the_page_says_what_was_accepted_and_proposes_anew(cast, uneven):
    row = proposed(cast)
    client, address = client_of(cast.manager), reverse("territory_detail", args=[row.pk])
    take(row, cast, list(row.moves.all())[:3])
    page = client.get(address).content.decode()
    assert "accepted: 3 of 4" in page
    assert "Not accepted" in page
    assert "A part was accepted" in page
    left = row.moves.get(accepted_at=None)
    asked = client.post(reverse("territory_again", args=[row.pk]), {"stay": "yes", "rows": str(left.pk)})
    other = AlignmentProposal.objects.latest("pk")
    assert asked.url == reverse("territory_detail", args=[other.pk])
    assert other.locked == row.locked


def test_the_map_shows_what_is_accepted_as_moved_whatever_the_day(cast, uneven):
    row = proposed(cast)
    first, *rest = row.moves.all()
    take(row, cast, [first])
    url = reverse("territory_map", args=[row.pk])
    points = client_of(cast.manager).get(url).json()["points"]
    [done] = [point for point in points if point.get("edge") and "move" not in point]
    left = {point["move"]: point for point in points if "move" in point}
    others = {point["colour"] for point in points if "edge" not in point}
    assert done["at"] == [first.customer.latitude, first.customer.longitude]
    assert set(left) == {move.pk for move in rest}
    assert {point["colour"] for point in left.values()} == {done["colour"]}
    assert {point["stays"]["colour"] for point in left.values()} == others != {done["colour"]}


def test_orders_go_along_where_it_is_wanted(cast, uneven):
    order = factories.order(uneven[7], salesperson=cast.rep)
    row = proposed(cast, locked={"tiers": [], "orders": False, "customers": []})
    take(row, cast, with_orders=True)
    assert Order.objects.get(pk=order.pk).salesperson == cast.mate


def test_who_is_locked_stays(cast, uneven):
    factories.order(uneven[7], salesperson=cast.rep)
    locked = {"tiers": [], "orders": True, "customers": [uneven[6].pk]}
    row = proposed(cast, locked=locked, tolerance=Decimal("0.5"))
    assert {move.customer for move in row.moves.all()} == set(uneven[4:6])


def test_a_proposal_on_changed_facts_says_so_and_is_not_accepted_unseen(cast, uneven):
    row = proposed(cast)
    seen = fingerprint_now(row)
    assert not page_of(cast, row).stale
    uneven[0].latitude = 52.0
    uneven[0].save()
    assert page_of(cast, row).stale
    with pytest.raises(FactsChanged):
        take(row, cast, seen=seen)
    assert take(row, cast) == 4


def test_a_proposal_on_other_roads_says_so(cast, uneven):
    row = proposed(cast)
    SpeedBand.objects.create(from_km=10, kmh=90)
    assert page_of(cast, row).stale
    with pytest.raises(FactsChanged):
        take(row, cast, seen=row.fingerprint)
    assert take(row, cast) == 4


def test_a_customer_that_is_another_s_meanwhile_is_refused_and_with_it_all(cast, uneven):
    row = proposed(cast)
    Assignment.objects.filter(customer=uneven[7]).update(version=2)
    with pytest.raises(Changed):
        take(row, cast)
    assert not AlignmentMove.objects.exclude(accepted_at=None).exists()
    assert {owner(customer, LATER) for customer in uneven} == {cast.rep_membership}


def test_what_is_thrown_away_cannot_be_accepted(cast, uneven):
    row = proposed(cast)
    discard(proposal=row, actor=cast.manager, now=NOW)
    with pytest.raises(ProposalClosed):
        take(row, cast)
    with pytest.raises(ProposalClosed):
        discard(proposal=row, actor=cast.manager, now=NOW)


def test_what_no_message_announced_is_computed_by_the_sweep(cast, uneven):
    row = propose(actor=cast.manager, now=NOW, wanted=wanted(cast))
    run_waiting_alignments(now=NOW, until=NOW + dt.timedelta(minutes=1))
    row.refresh_from_db()
    assert row.computed_at == NOW


def test_nobody_but_one_has_nothing_to_divide(cast):
    row = proposed(cast, team=cast.south_west, role=factories.role("Sales manager"))
    assert row.figures["customers"] == 0
    assert not row.moves.exists()


def test_the_screens_from_asking_to_half_of_it_accepted(cast, uneven):
    client = client_of(cast.manager)
    form = {"team": cast.exeter.pk, "role": factories.role("Salesperson").pk, "balance": "customers", "tolerance": 20}
    asked = client.post(reverse("territory_list"), {**form, "move_km": "1", "connected": "on", "orders": "on"})
    row = AlignmentProposal.objects.get()
    assert asked.url == reverse("territory_detail", args=[row.pk])
    assert "Waiting for a worker" in client.get(asked.url).content.decode()
    run_alignment(row.pk, 1, now=NOW)
    page = client.get(asked.url).content.decode()
    assert "4 customers change hands" in page
    half = list(row.moves.order_by("pk")[:2])
    data = {"rows": [move.pk for move in half], "on": "2026-07-01"}
    row.refresh_from_db()
    answer = client.post(reverse("territory_accept", args=[row.pk]), {**data, "seen": row.fingerprint})
    assert answer.status_code == 302
    assert [owner(move.customer, LATER) for move in half] == [cast.mate_membership] * 2
    assert "2 customers" in client.get(asked.url).content.decode()
    again = client.post(reverse("territory_accept", args=[row.pk]), {**data, "seen": row.fingerprint})
    assert again.status_code == 302
    stay = client.post(reverse("territory_again", args=[row.pk]), {"stay": "yes", "rows": []})
    other = AlignmentProposal.objects.latest("pk")
    assert stay.url == reverse("territory_detail", args=[other.pk])
    assert len(other.locked["customers"]) == 2


def test_a_form_sent_twice_asks_once(cast, uneven):
    row = propose(actor=cast.manager, now=NOW, wanted=wanted(cast))
    assert propose(actor=cast.manager, now=NOW, wanted=wanted(cast)) == row
    other = propose(actor=cast.manager, now=NOW, wanted=wanted(cast, balance="minutes"))
    locked = propose(
        actor=cast.manager, now=NOW, wanted=wanted(cast, locked={"tiers": [], "orders": False, "customers": []})
    )
    assert len({row.pk, other.pk, locked.pk}) == 3
    run_alignment(row.pk, 1, now=NOW)
    assert propose(actor=cast.manager, now=NOW, wanted=wanted(cast)) != row


def test_however_many_keys_are_sent_there_is_an_answer(cast, uneven):
    """As many as a form may hold; more than SQLite takes values in a statement."""
    row = proposed(cast)
    keys = " ".join(map(str, range(100_000, 400_000)))
    data = {"rows": [keys], "on": "2026-07-01", "seen": row.fingerprint}
    answer = client_of(cast.manager).post(reverse("territory_accept", args=[row.pk]), data)
    assert answer.status_code == 422
    assert "Tick at least one customer" in answer.content.decode()


def seen_by(cast, area, reach):
    """What the manager's role reaches in an area from now on; the person anew."""
    role = factories.role("Sales manager")
    role.access = {**role.access, area: {**role.access[area], "see": reach}}
    role.save()
    return User.objects.get(pk=cast.manager.pk)


@pytest.mark.parametrize("reach", ["none", "team"])
def test_without_the_amounts_of_all_below_neither_sums_nor_shares_of_them_are_told(cast, uneven, reach):
    for number, customer in enumerate(uneven):
        Potential.objects.create(customer=customer, amount=1000 * (number + 1))
    row = proposed(cast, team=cast.south_west, balance="potential", locked={"tiers": [], "orders": False, "customers": [each.pk for each in uneven[:7]]})  # fmt: skip
    address = reverse("territory_detail", args=[row.pk])
    page = client_of(cast.manager).get(address).content.decode()
    assert "of the yearly business" in page
    assert "above what is even" in page
    assert "become more even" in page
    page = client_of(seen_by(cast, "amounts", reach)).get(address).content.decode()
    assert "change hands" in page
    assert "of the yearly business" not in page
    assert "above what is even" not in page
    assert "more even" not in page
    form = client_of(seen_by(cast, "amounts", reach)).get(reverse("territory_list")).content.decode()
    assert 'value="potential"' not in form


def test_the_report_tells_amounts_of_customers_within_reach_alone(cast, uneven):
    for customer in uneven:
        customer.yearly_value = 5000
        customer.save()
    proposed(cast, team=cast.south_west)
    url = f"{reverse('report', args=['alignment'])}?format=csv"
    assert "5000" in client_of(cast.manager).get(url).content.decode()
    seen = client_of(seen_by(cast, "amounts", "team")).get(url).content.decode()
    assert "Mill" in seen
    assert "5000" not in seen


def test_the_map_shows_home_bases_of_people_within_reach_alone(cast, uneven):
    url = reverse("territory_map", args=[proposed(cast).pk])
    assert len(client_of(cast.manager).get(url).json()["bases"]) == 2
    seen = client_of(seen_by(cast, "people", "none")).get(url).json()
    assert seen["bases"] == []
    assert len(seen["points"]) == len(uneven)
