"""Random histories against a plain day-by-day walk, and what must hold for all of them."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from customers.lifecycle import Decision, Facts, Lifecycle, Order, Potential, TierBound, TierFix, as_of
from customers.lifecycle.tiers import fix_on

START = date(2018, 1, 1)
LAST = START + timedelta(days=1150)
TIERS = (TierBound(1, Decimal(60), 1), TierBound(2, Decimal(20), 2), TierBound(3, Decimal(0), 3))
ONE_DAY = timedelta(days=1)
EXAMPLES = 40

zones = st.sampled_from(
    [ZoneInfo(name) for name in ("Europe/Amsterdam", "America/Sao_Paulo", "Pacific/Auckland", "UTC")]
)
offsets = st.one_of(st.integers(0, 1100), st.sampled_from([0, 1, 2, 10, 11, 364, 365, 366, 367, 375, 376, 730, 731]))
days = offsets.map(lambda count: START + timedelta(days=count))
hours = st.sampled_from([0, 9, 9, 17, 23])


@st.composite
def histories(draw):
    zone = draw(zones)
    instants = st.builds(lambda day, hour: datetime.combine(day, time(hour), tzinfo=zone).astimezone(UTC), days, hours)
    orders = []
    for name in "abcdef"[: draw(st.integers(0, 6))]:
        closed = draw(instants)
        opened = draw(st.one_of(st.none(), st.integers(0, 200).map(lambda count, end=closed: end - count * ONE_DAY)))
        status = draw(st.sampled_from(["won", "won", "won", "lost", "pending"]))
        closing = None if status == "pending" else closed
        orders.append(Order(name, Decimal(draw(st.integers(0, 70))), status, opened, closing))
    decisions = [
        Decision(draw(st.sampled_from(["lost", "prospect"])), draw(instants), f"r{number}", number)
        for number in range(draw(st.integers(0, 5)))
    ]
    potentials = [
        Potential(Decimal(draw(st.integers(0, 70))), draw(st.one_of(st.none(), days)), number)
        for number in range(draw(st.integers(0, 3)))
    ]
    fixes = [
        TierFix(draw(st.integers(1, 3)), draw(st.one_of(st.none(), days)), draw(st.one_of(st.none(), days)), number)
        for number in range(draw(st.integers(0, 2)))
    ]
    since = draw(st.one_of(st.none(), days))
    known = draw(st.one_of(st.none(), days))
    return Facts(since, tuple(orders), tuple(decisions), tuple(potentials), tuple(fixes), known), zone


def life(facts, zone):
    return Lifecycle.of(facts, tiers=TIERS, zone=zone)


def midnight(day, zone):
    return datetime.combine(day, time(0), tzinfo=zone).astimezone(UTC)


def end_of(day, zone):
    return midnight(day + ONE_DAY, zone) - timedelta(microseconds=1)


class Walk:
    """The definition taken literally, one day after the other; knows nothing of the code under test."""

    def __init__(self, facts, zone):
        self.zone = zone
        self.facts = facts
        self.wins = [order for order in facts.orders if order.status == "won"]
        self.stage_at_end, self.value, self.tier = {}, {}, {}
        self.by_day = {}
        for fact in sorted([*self.wins, *facts.decisions], key=self.turn):
            self.by_day.setdefault(self.day(fact.closed_at if isinstance(fact, Order) else fact.at), []).append(fact)
        self.won_on = [(self.day(order.closed_at), order.amount) for order in self.wins]
        started = self.beginning()
        self.first_day = self.day(started) if started else None
        stage, last = "prospect", None
        day = self.day(started) if started else LAST + ONE_DAY
        while day <= LAST:
            judged = stage = self.lapsed(stage, last, day)
            for decision in self.decisions_on(day):
                judged = self.decide(judged, decision)
            self.value[day] = self.worth(day, judged, last)
            self.tier[day] = self.fixed(day) or next(row.tier for row in TIERS if row.lower_bound <= self.value[day])
            for fact in self.facts_on(day):
                stage = "customer" if isinstance(fact, Order) else self.decide(stage, fact)
                last = day if isinstance(fact, Order) else last
            self.stage_at_end[day] = stage
            day += ONE_DAY

    def day(self, instant):
        return instant.astimezone(self.zone).date()

    def beginning(self):
        dated = [midnight(row.noted_on, self.zone) for row in self.facts.potentials if row.noted_on]
        dated += [midnight(row.starts_on, self.zone) for row in self.facts.fixes if row.starts_on]
        dated += [midnight(self.facts.known_from, self.zone)] if self.facts.known_from else []
        for order in self.facts.orders:
            dated += [moment for moment in (order.opened_at, order.closed_at) if moment]
        dated += [decision.at for decision in self.facts.decisions]
        if self.facts.since is None:
            return midnight(self.day(min(dated)), self.zone) if dated else None
        moving = [order.closed_at for order in self.wins] + [decision.at for decision in self.facts.decisions]
        return min([midnight(self.facts.since, self.zone), *moving])

    @staticmethod
    def turn(fact):
        if isinstance(fact, Order):
            return (fact.closed_at, 1, 0)
        return (fact.at, {"prospect": 0, "lost": 2}[fact.stage], fact.number)

    def facts_on(self, day):
        return self.by_day.get(day, [])

    def decisions_on(self, day):
        return [fact for fact in self.facts_on(day) if isinstance(fact, Decision)]

    @staticmethod
    def lapsed(stage, last, day):
        return "lapsed" if stage == "customer" and (day - last).days >= 365 else stage

    @staticmethod
    def decide(stage, decision):
        if decision.stage == "lost":
            return "lost"
        return "prospect" if stage in ("lapsed", "lost") else stage

    def worth(self, day, stage, last):
        if stage == "lost":
            return self.value.get(day - ONE_DAY, self.potential(day))
        if stage == "prospect":
            return self.potential(day)
        if stage == "lapsed":
            return self.value[last + ONE_DAY]
        won = sum(amount for closed, amount in self.won_on if 1 <= (day - closed).days <= 365)
        first = min(closed for closed, _ in self.won_on)
        return max(won, self.potential(day)) if (day - first).days <= 364 else won

    def potential(self, day):
        rows = [(row.noted_on or self.first_day, row.number, row.amount) for row in self.facts.potentials]
        return max((row for row in rows if row[0] <= day), default=(0, 0, Decimal(0)))[2]

    def fixed(self, day):
        rows = [
            (row.starts_on or date.min, row.number, row.tier)
            for row in self.facts.fixes
            if (row.starts_on or date.min) <= day <= (row.ends_on or date.max)
        ]
        return max(rows)[2] if rows else None


@settings(max_examples=EXAMPLES, deadline=None)
@given(histories())
def test_every_day_is_as_a_plain_walk_through_the_days_says(history):
    facts, zone = history
    walk, lifecycle = Walk(facts, zone), life(facts, zone)
    every_day = [START - timedelta(days=250) + timedelta(days=count) for count in range(1400)]
    assert {day: lifecycle.stage_on(day) for day in every_day} == {day: walk.stage_at_end.get(day) for day in every_day}
    assert {day: lifecycle.yearly_value(day) for day in every_day} == {day: walk.value.get(day) for day in every_day}
    assert {day: lifecycle.tier_on(day) for day in every_day} == {day: walk.tier.get(day) for day in every_day}


@settings(max_examples=EXAMPLES, deadline=None)
@given(histories(), days)
def test_periods_touch_and_never_overlap(history, day):
    facts, zone = history
    lifecycle = life(facts, zone)
    stages = lifecycle.stage_history(end_of(day, zone))
    assert all(before.ended_at == after.began_at for before, after in pairwise(stages))
    assert all(before.stage != after.stage for before, after in pairwise(stages))
    assert all(row.ended_at is None or row.began_at < row.ended_at for row in stages)
    assert [row.ended_at for row in stages[-1:]] == [None] * bool(stages)
    tiers = lifecycle.tier_history(day)
    assert all(before.ends_on + ONE_DAY == after.starts_on for before, after in pairwise(tiers))
    assert all(before.tier != after.tier for before, after in pairwise(tiers))
    assert [row.ends_on for row in tiers[-1:]] == [None] * bool(tiers)
    courses = lifecycle.courses(end_of(day, zone))
    assert all(before.ended_at <= after.started_at for before, after in pairwise(courses))
    assert all(course.outcome != "open" for course in courses[:-1])


@settings(max_examples=EXAMPLES, deadline=None)
@given(histories(), st.randoms())
def test_the_order_in_which_facts_are_listed_never_matters(history, random):
    facts, zone = history
    far = end_of(LAST, zone)

    def shuffled(rows):
        return tuple(random.sample(rows, len(rows)))

    mixed = Facts(
        facts.since,
        shuffled(facts.orders),
        shuffled(facts.decisions),
        shuffled(facts.potentials),
        shuffled(facts.fixes),
        facts.known_from,
    )
    one, other = life(facts, zone), life(mixed, zone)
    assert one.stage_history(far) == other.stage_history(far)
    assert one.courses(far) == other.courses(far)
    assert one.tier_history(LAST) == other.tier_history(LAST)
    assert [one.sale_type(order) for order in facts.orders] == [other.sale_type(order) for order in facts.orders]


@settings(max_examples=EXAMPLES, deadline=None)
@given(histories(), days)
def test_what_is_dated_later_never_changes_the_past(history, day):
    facts, zone = history
    whole, then = life(facts, zone), life(as_of(facts, day, zone=zone), zone)
    instant = end_of(day, zone)
    assert whole.stage_history(instant) == then.stage_history(instant)
    assert whole.courses(instant) == then.courses(instant)
    assert whole.tier_history(day) == then.tier_history(day)
    assert whole.yearly_value(day) == then.yearly_value(day)
    ended = [order for order in facts.orders if order.closed_at and order.closed_at <= instant]
    assert [whole.sale_type(order) for order in ended] == [then.sale_type(order) for order in ended]


@settings(max_examples=EXAMPLES, deadline=None)
@given(histories(), days)
def test_the_next_change_is_truly_the_next(history, day):
    facts, zone = history
    lifecycle = life(facts, zone)
    now = end_of(day, zone)

    def seen(at):
        stage = lifecycle.stage_at(at)
        on = at.astimezone(zone).date()
        return stage and (stage, lifecycle.yearly_value(on), lifecycle.tier_on(on), fix_on(facts.fixes, on) is not None)

    change = lifecycle.next_change_at(now)
    probes = [midnight(day + timedelta(days=count), zone) for count in range(1, 1200)]
    probes += [order.closed_at for order in facts.orders if order.closed_at] + [row.at for row in facts.decisions]
    first_different = min((at for at in probes if at > now and seen(at) != seen(now)), default=None)
    if change is None or change <= probes[1198]:
        assert change == first_different
    else:
        assert first_different is None


@settings(max_examples=EXAMPLES, deadline=None)
@given(histories())
def test_each_course_has_one_first_order_and_all_before_it_are_new_business(history):
    facts, zone = history
    lifecycle = life(facts, zone)
    for course in lifecycle.courses(end_of(LAST, zone)):
        if course.order is not None:
            assert lifecycle.sale_type(course.order) == "new_business"
    won = sorted((order for order in facts.orders if order.status == "won"), key=lambda order: order.closed_at)
    if won:
        courses = lifecycle.courses(end_of(LAST, zone))
        new = [order for order in won if lifecycle.sale_type(order) == "new_business"]
        assert 1 <= len(new) <= len(courses)
