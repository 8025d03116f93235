"""Stages and tiers set by hand."""

import datetime as dt

import pytest

from customers.actions.lifecycle import rebuild_lifecycle
from customers.actions.stages import fix_tier, set_lost, set_prospect, unfix_tier
from customers.models import Potential, SellingCourse, TierPeriod
from tests import factories
from tests.customers.actions.conftest import NOW, TODAY

pytestmark = pytest.mark.django_db

LATER = NOW + dt.timedelta(days=40)


def at(days):
    return NOW + dt.timedelta(days=days)


def test_a_prospect_is_lost_with_a_reason_and_comes_back(cast, heard):
    set_lost(actor=cast.rep, now=NOW, customer=cast.own, reason=" no budget ")
    cast.own.refresh_from_db()
    assert (cast.own.stage, cast.own.stage_began_at) == ("lost", NOW)
    set_prospect(actor=cast.rep, now=LATER, customer=cast.own)
    cast.own.refresh_from_db()
    assert cast.own.stage == "prospect"
    assert list(SellingCourse.objects.order_by("started_at").values_list("outcome", flat=True)) == ["lost", "open"]
    assert list(cast.own.stage_decisions.values_list("stage", "reason", "decided_by__name")) == [
        ("lost", "no budget", "Rep"),
        ("prospect", "", "Rep"),
    ]
    assert heard == [[cast.own.pk], [cast.own.pk]]


def test_lost_needs_a_reason_and_happens_once(cast, refused):
    with refused("reason"):
        set_lost(actor=cast.rep, now=NOW, customer=cast.own, reason="  ")
    set_lost(actor=cast.rep, now=NOW, customer=cast.own, reason="gone")
    with refused("stage"):
        set_lost(actor=cast.rep, now=LATER, customer=cast.own, reason="gone again")


def test_only_lapsed_and_lost_become_prospects(cast, refused):
    with refused("stage"):
        set_prospect(actor=cast.rep, now=NOW, customer=cast.own)
    factories.order(cast.own, 100, "won", NOW - dt.timedelta(days=100))
    with refused("stage"):
        set_prospect(actor=cast.rep, now=NOW, customer=cast.own)


def test_a_lapsed_one_becomes_a_prospect_though_nothing_was_rebuilt_since(cast):
    factories.order(cast.own, 100, "won", NOW - dt.timedelta(days=400))
    cast.own.since = dt.date(2024, 1, 1)
    cast.own.save()
    set_prospect(actor=cast.rep, now=NOW, customer=cast.own)
    cast.own.refresh_from_db()
    assert cast.own.stage == "prospect"


def test_two_decisions_at_one_moment_are_refused(cast, refused):
    set_lost(actor=cast.rep, now=NOW, customer=cast.own, reason="gone")
    with refused("stage"):
        set_prospect(actor=cast.rep, now=NOW, customer=cast.own)


def fix(cast, tier, now=NOW, **fields):
    return fix_tier(actor=cast.rep, now=now, customer=cast.own, tier=tier, reason="known well", **fields)


def tier_of(customer):
    customer.refresh_from_db()
    return customer.tier.name


def test_a_fixed_tier_holds_from_today_until_it_is_unfixed(cast):
    tiers = factories.tiers()
    Potential.objects.create(customer=cast.own, amount=6000)
    rebuild_lifecycle([cast.own.pk], now=NOW)
    assert tier_of(cast.own) == "C"
    fix(cast, tiers["A"])
    assert tier_of(cast.own) == "A"
    unfix_tier(actor=cast.rep, now=at(10), customer=cast.own)
    assert tier_of(cast.own) == "C"
    periods = TierPeriod.objects.filter(customer=cast.own).order_by("starts_on")
    assert list(periods.values_list("tier__name", "starts_on", "ends_on"))[1:] == [
        ("A", TODAY, TODAY + dt.timedelta(days=9)),
        ("C", TODAY + dt.timedelta(days=10), None),
    ]


def test_another_fix_ends_the_one_before_and_on_the_same_day_replaces_it(cast):
    tiers = factories.tiers()
    fix(cast, tiers["A"])
    fix(cast, tiers["B"])
    fix(cast, tiers["C"], now=at(5))
    assert list(cast.own.tier_fixes.values_list("tier__name", "ends_on")) == [
        ("B", TODAY + dt.timedelta(days=4)),
        ("C", None),
    ]


def test_a_fix_to_a_day_ends_by_itself(cast):
    tiers = factories.tiers()
    fix(cast, tiers["A"], ends_on=TODAY + dt.timedelta(days=3))
    cast.own.refresh_from_db()
    assert cast.own.next_change_at == dt.datetime(2026, 11, 29, tzinfo=dt.UTC)
    rebuild_lifecycle([cast.own.pk], now=cast.own.next_change_at)
    assert tier_of(cast.own) == "D"


def test_a_fix_needs_a_reason_a_tier_in_use_and_an_end_to_come(cast, refused):
    tiers = factories.tiers()
    with refused("reason"):
        fix_tier(actor=cast.rep, now=NOW, customer=cast.own, tier=tiers["A"], reason="")
    with refused("ends_on"):
        fix(cast, tiers["A"], ends_on=TODAY - dt.timedelta(days=1))
    tiers["A"].retired_at = NOW
    with refused("tier"):
        fix(cast, tiers["A"])
    with refused("tier"):
        unfix_tier(actor=cast.rep, now=NOW, customer=cast.own)
