"""What rules asked for and what was made of it, and the interval really kept (domain 3.2, adherence)."""

import datetime as dt
import random
import statistics
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planning.engine.adherence import Answered, AskedAndMade, Cell, Followed, Spell, kept, median, summed
from planning.engine.calendar import WorkCalendar
from planning.engine.own_rules import OwnRule, own_rules_on
from planning.engine.rules import ContactRule, Rules

FIRST, LAST = dt.date(2026, 1, 1), dt.date(2026, 3, 31)  # 90 days
CALENDAR = WorkCalendar(holidays=frozenset({dt.date(2026, 1, 1)}))
MONTHLY = ContactRule("calls", "A", "customer", "rep", "voice", 1, "month", 15)
DAILY = ContactRule("daily", "A", "customer", "rep", "voice", 2, "day", 5)


def day(number):
    """The n-th day of the window."""
    return FIRST + dt.timedelta(days=number - 1)


def spell(starts_on=FIRST, ends_on=LAST, **fields):
    values = {"tier": "A", "stage": "customer", "owner": "ann", "team": "east", "staffed": frozenset({"rep"})}
    return Spell(starts_on=starts_on, ends_on=ends_on, **{**values, **fields})


def call(number, *roles, kind="voice"):
    return Answered(day(number), kind, roles or ("rep",))


def of(*customers, rules=(MONTHLY,), first=FIRST, last=LAST):
    return kept(customers, Rules(rules), CALENDAR, first, last)


def only(*touches, spells=(), rule=MONTHLY):
    [mine] = of(Followed(1, spells or (spell(),), touches), rules=(rule,)).values()
    return mine


def test_worked_example_90_days_on_a_monthly_rule_with_two_calls():
    mine = only(call(10), call(30))
    assert mine.asked == pytest.approx(90 / 30.4375)  # 2.957 touches
    assert mine.made == 2
    assert f"{mine.adherence:.4f}" == "0.6764"
    assert mine.median_gap == 20


def test_more_than_was_asked_counts_as_what_was_asked():
    mine = only(*(call(number) for number in range(1, 11)))
    assert (mine.touches, mine.made) == (10, mine.asked)
    assert mine.adherence == 1
    assert mine.missing == 0


def test_one_customer_does_not_make_up_for_another():
    [mine] = of(Followed(1, (spell(),), [call(n) for n in range(1, 11)]), Followed(2, (spell(),))).values()
    assert mine.adherence == pytest.approx(0.5)


def test_days_in_tier_and_stage_alone_are_asked_and_only_their_touches_count():
    spells = (spell(ends_on=day(30), tier="B"), spell(day(31), day(60)), spell(day(61), stage="lapsed"))
    mine = only(call(30), call(31), call(60), call(61), spells=spells, rule=replace(MONTHLY, count=4))
    assert mine.asked == pytest.approx(4 * 30 / 30.4375)
    assert mine.made == 2


def test_the_owner_of_the_day_answers_for_it():
    spells = (spell(ends_on=day(45)), spell(day(46), owner="ben", team="west"))
    touches = [call(number) for number in (1, 2, 3)]
    found = of(Followed(1, spells, touches))
    ann, ben = found[Cell("calls", "A", "ann", "east")], found[Cell("calls", "A", "ben", "west")]
    assert ann.asked == ben.asked == pytest.approx(45 / 30.4375)
    assert (ann.adherence, ben.adherence) == (1, 0)


def test_a_rule_by_the_day_asks_on_working_days():
    mine = only(rule=DAILY)
    assert mine.asked == 2 * 63  # 64 weekdays from 1 January to 31 March 2026, less New Year's Day


def test_a_daily_rule_counts_what_was_done_on_a_weekend():
    assert only(call(3), rule=DAILY).made == 1  # 3 January 2026 is a Saturday


@pytest.mark.parametrize(
    ("touch", "staffed", "counts"),
    [
        (Answered(FIRST, "voice", ("rep",)), {"rep"}, True),
        (Answered(FIRST, "voice", ()), {"rep"}, True),  # person unknown
        (Answered(FIRST, "voice", ("tech",)), {"rep"}, False),
        (Answered(FIRST, "voice", ("tech", "rep")), {"rep"}, True),
        (Answered(FIRST, "voice", ("tech",)), {"tech"}, True),  # nobody is assigned in the rule's role
        (Answered(FIRST, "voice", (None,)), {"rep"}, False),
        (Answered(FIRST, "field", ("rep",)), {"rep"}, False),
    ],
)
def test_what_counts_is_what_resets_the_clock(touch, staffed, counts):
    assert only(touch, spells=(spell(staffed=frozenset(staffed)),)).touches == counts


def test_gaps_are_between_touches_of_one_customer_on_days_of_the_rule():
    found = of(
        Followed(1, (spell(),), [call(1), call(8), call(8), call(29)]),
        Followed(2, (spell(),), [call(5)]),
        Followed(3, (spell(),), [call(1), call(50, "tech"), call(61)]),
    )
    assert found[Cell("calls", "A", "ann", "east")].gaps == Counter({0: 1, 7: 1, 21: 1, 60: 1})
    assert found[Cell("calls", "A", "ann", "east")].median_gap == 14


def test_a_customers_own_rules_stand_in_the_places_of_its_tiers_and_are_told_of_apart():
    """A weekly rule of its own for 28 days, then none at all: the tier's rule asks on the other days alone."""
    weekly = ContactRule("mine", None, "", "rep", "voice", 1, "week", 5, own=True)
    own = [
        OwnRule("mine", "rep", "voice", FIRST, day(28), weekly),
        OwnRule("never", "rep", "voice", day(29), day(59), None),
    ]
    spells = [
        spell(day(start), day(end), own=own_rules_on(own, day(start))) for start, end in ((1, 28), (29, 59), (60, 90))
    ]
    found = of(Followed(1, spells, [call(n) for n in (1, 2, 3, 4, 5, 6, 40, 70)]))
    theirs, tiers = found[Cell(None, "A", "ann", "east")], found[Cell("calls", "A", "ann", "east")]
    assert (theirs.asked, theirs.made, theirs.touches) == (4, 4, 6)
    assert (tiers.asked, tiers.made) == (pytest.approx(31 / 30.4375), 1)


def test_an_own_rule_asks_without_a_tier():
    rule = ContactRule("mine", None, "", "rep", "voice", 1, "week", 5, own=True)
    own = own_rules_on([OwnRule("mine", "rep", "voice", FIRST, None, rule)], FIRST)
    found = of(Followed(1, [spell(tier=None, own=own)], []))
    assert found[Cell(None, None, "ann", "east")].asked == pytest.approx(90 / 7)


def test_nothing_asked_is_no_adherence():
    assert of(Followed(1, (spell(tier="B"),), [call(1)])) == {}
    assert AskedAndMade().adherence is None
    assert AskedAndMade().median_gap is None


def test_days_outside_the_window_are_not_asked():
    [mine] = of(
        Followed(1, (spell(dt.date(2020, 1, 1), dt.date(2030, 1, 1)),), [call(-3), call(95)]), last=day(30)
    ).values()
    assert (mine.asked, mine.touches) == (pytest.approx(30 / 30.4375), 0)


@given(st.lists(st.integers(0, 9), max_size=12))
def test_the_median_is_that_of_the_standard_library(values):
    assert median(Counter(values)) == (statistics.median(values) if values else None)


RULES = (
    MONTHLY,
    DAILY,
    ContactRule("visits", "A", "customer", "tech", "field", 1, "quarter", 60),
    ContactRule("b", "B", "customer", "rep", "voice", 3, "month", 10),
    ContactRule("new", "A", "prospect", "rep", "voice", 1, "week", 10),
)


def company(seed):
    """Customers that move between tiers, stages, owners and teams, with all kinds of touches."""
    chance = random.Random(seed)
    for key in range(chance.randint(1, 6)):
        cuts = sorted({1, *(chance.randint(2, 90) for _ in range(chance.randint(0, 3)))})
        spells = [
            spell(
                day(start),
                day(end - 1),
                tier=chance.choice("AB"),
                stage=chance.choice(["customer", "prospect", "lost"]),
                owner=chance.choice(["ann", "ben", None]),
                team=chance.choice(["east", "west"]),
                staffed=frozenset(chance.sample(["rep", "tech"], chance.randint(0, 2))),
            )
            for start, end in zip(cuts, [*cuts[1:], 91], strict=True)
        ]
        touches = [
            Answered(
                day(chance.randint(1, 90)),
                chance.choice(["voice", "field"]),
                tuple(chance.choice(["rep", "tech", None]) for _ in range(chance.randint(0, 2))),
            )
            for _ in range(chance.randint(0, 30))
        ]
        yield Followed(key, tuple(spells), sorted(touches, key=lambda row: row.on))


def plainly(customers):
    """Asked and made of each rule and owner, day by day, straight from the definition."""
    asked, made = Counter(), Counter()
    for customer in customers:
        for rule in RULES:
            mine, done = Counter(), Counter()
            for number in range(1, 91):
                [here] = [row for row in customer.spells if row.starts_on <= day(number) <= row.ends_on]
                if (here.tier, here.stage) != (rule.tier, rule.stage):
                    continue
                works = day(number).weekday() < 5 and number > 1
                mine[here.owner, here.team] += 1 / rule.interval if rule.period != "day" or works else 0
                for touch in customer.touches:
                    in_role = touch.roles == () or rule.role in touch.roles or rule.role not in here.staffed
                    done[here.owner, here.team] += (
                        touch.on == day(number) and touch.touch_type == rule.touch_type and in_role
                    )
            for who, number in mine.items():
                asked[rule.key, *who] += number
                made[rule.key, *who] += min(number, done[who])
    return asked, made


@pytest.mark.parametrize("seed", range(8))
def test_against_a_plain_count_day_by_day(seed):
    customers = list(company(seed))
    found = of(*customers, rules=RULES)
    asked, made = plainly(customers)
    assert {(cell.rule, cell.owner, cell.team): mine.asked for cell, mine in found.items()} == pytest.approx(
        dict(asked)
    )
    assert {(cell.rule, cell.owner, cell.team): mine.made for cell, mine in found.items()} == pytest.approx(dict(made))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 89))
def test_properties(seed, cut):
    customers = list(company(seed))
    found = of(*customers, rules=RULES)
    assert all(0 <= mine.made <= mine.asked for mine in found.values())
    # Nothing depends on the order of customers.
    other = of(*reversed(customers), rules=RULES)
    assert {cell: round(mine.made, 9) for cell, mine in found.items()} == {
        cell: round(mine.made, 9) for cell, mine in other.items()
    }
    assert {cell: mine.gaps for cell, mine in found.items()} == {cell: mine.gaps for cell, mine in other.items()}
    # What two parts of a window ask for adds up to what the whole asks for, and so do their touches.
    parts = [of(*customers, rules=RULES, last=day(cut)), of(*customers, rules=RULES, first=day(cut + 1))]
    whole = summed([pair for part in parts for pair in part.items()], lambda cell: cell)
    for cell, mine in found.items():
        assert whole[cell].asked == pytest.approx(mine.asked)
        assert whole[cell].touches == mine.touches
        assert whole[cell].made <= mine.made + 1e-9
    # Whatever cells are put together, adherence stays a share.
    for group in summed(found.items(), lambda cell: cell.owner).values():
        assert group.adherence is None or 0 <= group.adherence <= 1 + 1e-12
