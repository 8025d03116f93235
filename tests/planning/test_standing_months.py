"""What is stored of past months' ends is what the log says of them, also when facts of the past change."""

import datetime as dt
import random
from collections import Counter

import pytest
from django.db.models import Q

from customers.actions.lifecycle import rebuild_lifecycle
from customers.models import Assignment, CustomerTeam, Potential, StageDecision, TierFix
from customers.scope import EVERYTHING
from customers.signals import catalogue_changed, customer_facts_changed
from planning.actions.standing import last_month_on, renew_standing, stale_standing
from planning.engine.months import last_day_of, months_until
from planning.loaders import load_ground
from planning.loaders.standings import as_of_standings
from planning.models import StandingMonths
from planning.queries import standing
from territory.together import together
from tests import factories

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 25, 10, 0, tzinfo=dt.UTC)
MONTHS = months_until(dt.date(2026, 10, 1), 26)


def at(day):
    return dt.datetime.combine(day, dt.time(12), tzinfo=dt.UTC)


def some_day(chance):
    return dt.date(2024, 3, 1) + dt.timedelta(days=chance.randrange(1000))


def random_history(chance, row, cast, tiers):
    """Orders, decisions, potentials, fixed tiers, teams and owners on any day of three years, some still to come."""
    for _ in range(chance.randrange(4)):
        status = chance.choice(["won", "won", "lost"])
        day = some_day(chance)
        if at(day) < NOW:
            factories.order(row, chance.choice([500, 9_000, 30_000, 90_000]), status, at(day))
    for number in range(chance.randrange(3)):
        stage = chance.choice(["lost", "prospect"])
        StageDecision.objects.create(customer=row, stage=stage, at=at(some_day(chance)) + number * SECOND, reason="so")
    for day in {some_day(chance) for _ in range(chance.randrange(2))}:
        Potential.objects.create(customer=row, amount=chance.choice([1_000, 20_000]), noted_on=day)
    if chance.random() < 0.2:
        first = some_day(chance)
        TierFix.objects.create(
            customer=row, tier=tiers["A"], starts_on=first, ends_on=first + dt.timedelta(days=chance.randrange(200))
        )
    for day in {some_day(chance) for _ in range(chance.randrange(3))}:
        CustomerTeam.objects.create(customer=row, team=chance.choice([cast.exeter, cast.leeds]), starts_on=day)
    first = None
    for seat in chance.sample([cast.rep_membership, cast.mate_membership, cast.other_rep_membership], 2):
        last = (first or dt.date(2024, 6, 1)) + dt.timedelta(days=chance.randrange(400))
        Assignment.objects.create(customer=row, membership=seat, kind="lead", starts_on=first, ends_on=last)
        first = last + dt.timedelta(days=chance.randrange(1, 60))


SECOND = dt.timedelta(seconds=1)


def changed(rows):
    """Facts of these customers changed."""
    ids = [row.pk for row in rows]
    rebuild_lifecycle(ids, now=NOW)
    customer_facts_changed.send(sender=None, customer_ids=ids)


@pytest.fixture
def histories(cast):
    chance = random.Random(7)
    tiers = factories.tiers()
    rows = [factories.customer(f"C{n}", cast.exeter, since=chance.choice([some_day(chance), None])) for n in range(25)]
    for row in rows:
        random_history(chance, row, cast, tiers)
    changed(rows)
    renew_standing(now=NOW)
    return chance, rows


def stored(by):
    """(month, stage, key) -> how many, as pages read it."""
    answers = together(*(standing.counts_at_end_of(EVERYTHING, by, month) for month in MONTHS))
    return {
        (month, stage, key): number for month, rows in zip(MONTHS, answers, strict=True) for stage, key, number in rows
    }


def assert_all_true():
    """Each month's end, as pages count it, is that of the log as of its last day."""
    kinds = {None: Counter(), "tier": Counter(), "team": Counter(), "person": Counter()}
    seats = list(Assignment.objects.owners().select_related("membership").order_by("pk"))
    for month in MONTHS:
        day = last_day_of(month)
        owners = {}
        for seat in seats:
            if (not seat.starts_on or seat.starts_on <= day) and (not seat.ends_on or day <= seat.ends_on):
                owners.setdefault(seat.customer_id, seat.membership.user_id)
        for row in as_of_standings(None, load_ground(day)):
            keys = {None: None, "tier": row.tier, "team": row.team, "person": owners.get(row.customer)}
            for by, key in keys.items():
                kinds[by][month, row.stage, key] += 1
    assert {by: stored(by) for by in kinds} == kinds


def test_each_months_end_is_that_of_the_log(histories):
    assert_all_true()
    assert {stage for _month, stage, _key in stored(None)} == {"prospect", "customer", "lapsed", "lost"}


def starts_and_ends(*asked):
    starts, ends = together(standing.starts_between(*asked), standing.ends_between(*asked))
    return [*starts, *ends]


def test_a_trend_says_what_the_ends_of_months_say(histories):
    rows = starts_and_ends(EVERYTHING, None, False, 0, MONTHS[0], MONTHS[-1])
    trend = standing.by_month(rows, MONTHS)
    assert {(month, stage, None): n for month, counts in trend.items() for (stage,), n in counts.items()} == stored(
        None
    )

    tier = factories.tiers()["D"].pk
    rows = starts_and_ends(EVERYTHING, "tier", False, tier, MONTHS[0], MONTHS[-1])
    of_tier = standing.by_month(rows, MONTHS)
    expected = {(month, stage): n for (month, stage, key), n in stored("tier").items() if key == tier}
    assert {(month, stage): n for month, counts in of_tier.items() for (stage,), n in counts.items()} == expected


def test_facts_of_the_past_make_it_stale_and_are_told_after(histories, cast):
    _chance, rows = histories
    month = last_month_on(NOW.date())
    assert not stale_standing(month).exists()

    late = factories.customer("Imported late", cast.leeds, since=dt.date(2024, 5, 5))
    factories.order(late, 60_000, "won", at(dt.date(2024, 7, 1)))
    old, moved = rows[0], rows[1]
    factories.order(old, 60_000, "won", at(dt.date(2024, 8, 1)))
    CustomerTeam.objects.filter(customer=moved).delete()
    CustomerTeam.objects.create(customer=moved, team=cast.leeds, starts_on=dt.date(2025, 1, 20))
    changed([late, old, moved])

    assert set(stale_standing(month)) == {late, old, moved}
    assert renew_standing(now=NOW) == 3
    assert_all_true()


def test_other_tiers_make_all_of_it_stale(histories):
    tier = factories.tiers()["B"]
    tier.lower_bound = 8_000
    tier.save()
    catalogue_changed.send(sender=None)

    assert renew_standing(now=NOW) == stale_standing(dt.date(2000, 1, 1)).count()
    assert_all_true()


def test_a_month_that_has_ended_since_is_read_and_twice_changes_nothing(histories):
    later = NOW + dt.timedelta(days=40)
    assert renew_standing(now=later) == stale_standing(dt.date(2000, 1, 1)).count()
    rows = list(StandingMonths.objects.order_by("pk").values())

    assert renew_standing(now=later) == 0
    assert list(StandingMonths.objects.order_by("pk").values()) == rows
    december = as_of_standings(None, load_ground(dt.date(2026, 12, 31)))
    [found] = together(standing.counts_at_end_of(EVERYTHING, None, dt.date(2026, 12, 1)))
    assert {stage: n for stage, _key, n in found} == Counter(row.stage for row in december)


def test_archived_customers_are_counted_in_no_month(histories):
    _chance, rows = histories
    before = sum(stored(None).values())
    gone = rows[3]
    gone.archived_at = NOW
    gone.save()
    assert sum(stored(None).values()) < before


def test_only_customers_seen_are_counted(histories, cast):
    seen = Q(customer__in=[cast.foreign.pk])
    [rows] = together(standing.counts_at_end_of(seen, None, MONTHS[-1]))
    assert [(stage, number) for stage, _key, number in rows] == [("prospect", 1)]
