"""Budgets, due touches and workload of an invented company agree with a plain pandas script, to two decimals."""

import datetime as dt
import random
from collections import defaultdict
from decimal import Decimal

import pytest
from msgspec.structs import replace

from customers.actions.lifecycle import rebuild_lifecycle
from customers.models import Tier, Touch, TouchPerson
from planning.engine.work import Work
from planning.engine.workload import workload
from planning.loaders import load, load_ground, load_workload, weeks_from
from planning.loaders.work import Made, load_sums
from planning.models import (
    ContactLoad,
    ContactRule,
    CustomerRule,
    OrderRule,
    PlanningSettings,
    TeamLoad,
    TeamSellingLoad,
    TouchValue,
)
from planning.queries.work_value import WorkDone, valuation
from territory.company.models import Holiday
from tests import factories
from tests.planning.oracle import Oracle
from tests.planning.oracle_work import work_value

NOW = dt.datetime(2026, 6, 9, 10, 0, tzinfo=dt.UTC)
DAYS = [dt.date(2026, 6, 9), dt.date(2025, 11, 2)]


@pytest.fixture(params=[1, 2])
def book(request, time_machine, company):
    """Invented customers with everything that figures rest on, another lot for each seed."""
    time_machine.move_to(NOW, tick=False)
    factories.company(time_zone="America/New_York")
    chance = random.Random(request.param)
    tiers, types = list(factories.tiers().values()), list(factories.touch_types().values())
    roles = [factories.role(name) for name in ("Salesperson", "Sales coordinator", "Technical support")]
    teams = [factories.team(), factories.team()]
    members = [
        factories.membership(
            factories.person(base_latitude=50 + chance.random(), base_longitude=chance.random())
            if n % 4
            else factories.person(),
            teams[n % 2],
            roles[n % 3],
            weekly_hours=Decimal(chance.choice((20, 36, 40))),
        )
        for n in range(7)
    ]
    Holiday.objects.create(on=dt.date(2026, 6, 10), name="A day off")
    factories.absence(members[0].user, dt.date(2026, 6, 8), dt.date(2026, 6, 9))
    factories.absence(members[1].user, dt.date(2025, 11, 1), dt.date(2026, 7, 1))
    _rules(chance, tiers, types, roles)
    ids = [_customer(chance, teams, members, types).pk for _ in range(14)]
    rebuild_lifecycle(ids, now=NOW)
    for pk in ids:
        _own_rules(chance, pk, roles, types)
    return chance


def _rules(chance, tiers, types, roles):
    for tier in tiers:
        for stage in ("prospect", "customer", "lost"):
            for role in roles[: 1 if stage == "lost" else 2]:
                for touch_type in chance.sample(types, 2):
                    ContactRule.objects.create(
                        tier=tier,
                        stage=stage,
                        role=role,
                        touch_type=touch_type,
                        count=chance.randint(1, 3),
                        period=chance.choice(("day", "week", "month", "quarter", "year")),
                        duration_seconds=chance.randint(60, 4000),
                    )
        TouchValue.objects.create(
            touch_type=types[0],
            tier=tier,
            stage=chance.choice(("prospect", "customer")),
            amount=chance.randint(1, 300),
            starts_on=dt.date(2025, chance.randint(1, 12), 1),
            reason="start",
            approved_at=NOW,
        )
    buyer = factories.contact_role()
    OrderRule.objects.create(role=roles[1])
    OrderRule.objects.create(role=roles[1], tier=tiers[0], duration_seconds=999)
    ContactLoad.objects.create(contact_role=buyer, role=roles[2], duration_seconds=777)
    TeamSellingLoad.objects.create(role=roles[0], duration_seconds=333)
    TeamLoad.objects.create(role=roles[0], duration_seconds=1234)


def _customer(chance, teams, members, types):
    place = {"latitude": 50 + chance.random(), "longitude": chance.random()} if chance.random() < 0.8 else {}
    since = dt.date(2025, 1, 1) + dt.timedelta(days=chance.randrange(520))
    row = factories.customer(team=chance.choice(teams), since=since, **place)
    for number, member in enumerate(chance.sample(members, chance.randint(0, 3))):
        share = chance.choice((None, None, Decimal("0.25")))
        start = chance.choice((None, dt.date(2025, 10, 1) + dt.timedelta(days=chance.randrange(200))))
        factories.assign(row, member, "lead" if number == 0 else "support", share=share, starts_on=start)
    for _ in range(chance.choice((0, 0, 1, 3))):
        factories.order(row, chance.randrange(1000, 60000), "won", _moment(chance))
    for _ in range(chance.randint(0, 3)):
        since = chance.choice((None, _moment(chance).date()))
        factories.contact(row, role=factories.contact_role(), since=since)
    for _ in range(chance.randint(0, 12)):
        member = chance.choice((None, *members))
        touch = factories.touch(
            row,
            member.user if member else None,
            _moment(chance),
            minutes=chance.choice((5, 20, 61, 500)),
            travel=chance.choice((0, 33)),
            type=chance.choice(types),
            outcome=chance.choice(("neutral", "advanced", "no_answer")),
        )
        if member and chance.random() < 0.3:
            other = next(m for m in members if m != member)
            TouchPerson.objects.create(touch=touch, user=other.user, role=other.role, duration_seconds=420)
    if chance.random() < 0.5:
        factories.internal_work(chance.choice(members).user, row, minutes=47, spent_on=_moment(chance).date())
    return row


def _own_rules(chance, customer, roles, types):
    """One after the other for a role and a type, some days apart: over, in force, to come, archived, no touches at all."""
    role, touch_type, day = chance.choice(roles), chance.choice(types), dt.date(2025, 6, 1)
    for _ in range(chance.randint(0, 4)):
        first = day + dt.timedelta(days=chance.randrange(200))
        day = first + dt.timedelta(days=chance.randrange(200))
        CustomerRule.objects.create(
            customer_id=customer,
            role=role,
            touch_type=touch_type,
            count=chance.randint(0, 3),
            period=chance.choice(("week", "month", "quarter", "year")),
            duration_seconds=chance.randint(60, 4000),
            starts_on=first,
            ends_on=day,
            reason="Agreed",
            archived_at=chance.choice((None, None, None, NOW)),
        )
        day += dt.timedelta(days=1)


def _moment(chance):
    return NOW - dt.timedelta(minutes=chance.randrange(400 * 1440))


def shown(value):
    return None if value is None or value != value else f"{value:.2f}"


def test_everything_agrees(book):
    for day in DAYS:
        ground, oracle = load_ground(day), Oracle(day)
        figures = load(None, ground, from_log=True).figures()
        _same_budgets(figures, oracle)
        _same_due_touches(figures, oracle)
        _same_week(ground, figures, oracle)


def _same_budgets(figures, oracle):
    found = {
        (row.facts.key, role.budget.role): (
            shown(role.budget.minutes),
            shown(role.budget.touch_minutes),
            shown(role.budget.travel_minutes),
            shown(role.budget.other_minutes),
            shown(role.actual),
            role.status,
        )
        for row in figures
        for role in row.roles
    }
    expected = {
        (row.customer, row.role): (*map(shown, (row.minutes, row.touch, row.travel, row.other, row.actual)), row.status)
        for row in oracle.budgets.itertuples()
    }
    assert found == expected
    assert len(found) > 8


def _same_due_touches(figures, oracle):
    found = {
        (row.facts.key, (due.rule.own, due.rule.key)): (due.person, due.due_on, f"{due.score:.4f}")
        for row in figures
        for due in row.dues
    }
    assert {own for _customer, (own, _rule) in found} == {True, False}
    expected = {
        (row.customer, row.rule): (None if row.person != row.person else row.person, row.due, f"{row.score:.4f}")
        for row in oracle.due().itertuples()
    }
    assert found == expected
    assert len(found) > 8


def _same_week(ground, figures, oracle):
    weeks = weeks_from(ground.on, 1)
    cells = workload(load_workload(ground, weeks, figures), weeks)
    expected = oracle.workload(weeks[0])
    for cell in cells:
        if cell.person is not None:
            row = expected.loc[cell.person]
            assert shown(cell.capacity) == shown(row.capacity)
            assert shown(cell.workload) == shown(row.work if row.present else 0.0)
    away = expected[expected.present == 0].work.sum()
    unstaffed = sum(cell.workload for cell in cells if cell.person is None)
    assert shown(unstaffed) == shown(oracle.unstaffed() + away)


@pytest.mark.parametrize("repeats_once", [False, True])
def test_the_value_of_work_agrees(book, repeats_once):
    first, last = dt.date(2025, 8, 1), NOW.date()
    PlanningSettings.objects.create(repeats_count_once=repeats_once)
    kind = TouchValue.objects.first()
    factories.touch_value(kind.touch_type, kind.tier, 77, kind.stage, dt.date(2026, 3, 1))
    for touch in Touch.objects.filter(people__isnull=False)[:9]:  # some again on the same day
        factories.touch(touch.customer, touch.people.first().user, touch.at, type=touch.type)
    for by in ("person", "team", "type"):
        found = _work(by, valuation(first, last, None))
        expected = {
            tuple(row.Index): (row.touches, f"{row.value:.2f}", shown(row.minutes))
            for row in work_value(first, last, by, repeats_once=repeats_once).itertuples()
        }
        assert found == expected
        assert len(found) > 8


@pytest.mark.parametrize("repeats_once", [False, True])
def test_what_the_database_values_is_what_piles_come_to(book, repeats_once):
    """With a value that changes within the days, and a type that has values for two of the tiers alone."""
    first, last = dt.date(2025, 8, 1), NOW.date()
    PlanningSettings.objects.create(repeats_count_once=repeats_once)
    kind = TouchValue.objects.first()
    factories.touch_value(kind.touch_type, kind.tier, 77, kind.stage, dt.date(2026, 3, 1))
    TouchValue.objects.filter(touch_type=kind.touch_type, tier=Tier.objects.last()).delete()
    for touch in Touch.objects.filter(people__isnull=False)[:9]:
        factories.touch(touch.customer, touch.people.first().user, touch.at, type=touch.type)
    valued = valuation(first, last, None)
    made = Made(valued.span.touches())
    done = WorkDone(valued, made)

    people, touches, teams = load_sums(made, valued.span, valued.seats, valued.tables, with_teams=True)

    for rows, piles, of_all in (
        (people, done.by_person, (3,)),
        (touches, done.in_all, ()),
        (teams, done.by_team, (3,)),
    ):
        expected = defaultdict(Work)
        for (person, team, touch_type, tier), work in piles.items():
            who = person if piles is done.by_person else team
            expected[who, touch_type, None if of_all else tier] += replace(work, cost=None)
        found = {(row.who, row.touch_type, row.tier): valued.sum_of([row]) for row in rows}
        assert {key: replace(work, value=round(work.value, 9)) for key, work in found.items()} == {
            key: replace(work, value=round(work.value, 9)) for key, work in expected.items()
        }
        assert sum(work.not_set for work in found.values())
    total = sum(done.in_all.values(), Work())
    assert (valued.sum_of_all(touches, people).value, valued.sum_of_all(touches, people).cost) == (
        total.value,
        total.cost,
    )


def _work(by, valued):
    done = WorkDone(valued, Made(valued.span.touches()))
    works = {"person": done.by_person, "team": done.by_team, "type": done.in_all}[by]
    who = {"person": 0, "team": 1, "type": 0}[by]
    return {
        (place[who] or 0, place[2], place[3] or 0): (work.touches, f"{work.value:.2f}", shown(work.minutes))
        for place, work in works.items()
    }
