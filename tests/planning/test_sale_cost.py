"""What every order took and cost, from the log and as it is kept."""

import datetime as dt
import random
from decimal import Decimal
from fractions import Fraction

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Role
from customers.actions.lifecycle import rebuild_lifecycle
from customers.models import Customer, CustomerTeam, Expense, Order, TouchPerson
from planning.actions.runs import run_sales
from planning.actions.sales import compute_sales
from planning.engine.sale_cost import GRAINS_OF_A_CENT, Line, Unsold
from planning.loaders import load_ground
from planning.loaders.sale_cost import load_sales
from planning.models import SaleFigures, SalePart, SalesRun, UnsoldFigures, UnsoldPart
from territory.jobs.models import JobState
from tests import factories

NOW = dt.datetime(2026, 7, 10, 10, 0, tzinfo=dt.UTC)
TODAY = NOW.date()


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


def at(day, hour=12):
    return dt.datetime.combine(dt.date.fromisoformat(day), dt.time(hour), tzinfo=dt.UTC)


def rates(**of_roles):
    for name, cost in of_roles.items():
        Role.objects.filter(name=name.replace("_", " ")).update(cost_per_hour=cost)


def euros(grains):
    return Decimal(grains) / GRAINS_OF_A_CENT / 100


def loaded(on=TODAY, *, from_log=False):
    rebuild_lifecycle(list(Customer.objects.values_list("pk", flat=True)), now=NOW)
    return load_sales(load_ground(on), from_log=from_log)


@pytest.fixture
def story(cast):
    """Own customer: prospect since January, a first order (opened March, won 10 April), a second one from June, pending.

    The rep calls before, during and after; the technician and the manager help; a demo costs 20 besides time.
    """
    factories.tiers()
    factories.sale_types()
    rates(Salesperson=60, Technical_support=90, Sales_manager=120)
    first = factories.order(
        cast.own, 5000, "won", at("2026-04-10"), cast.rep, opened_at=at("2026-03-01"), external_id="first"
    )
    second = factories.order(cast.own, 9000, salesperson=cast.rep, opened_at=at("2026-06-01"), external_id="second")
    demo = factories.touch_type("Demo", "field", is_demo=True, cost=Decimal("20"))
    factories.touch(cast.own, cast.rep, at("2026-01-15"), 30)
    visit = factories.touch(cast.own, cast.rep, at("2026-03-05"), 60, 60, demo)
    TouchPerson.objects.create(
        touch=visit, user=cast.technician, role=Role.objects.get(name="Technical support"), duration_seconds=3600
    )
    factories.internal_work(cast.manager, cast.own, 15, spent_on=dt.date(2026, 4, 1))
    factories.touch(cast.own, cast.rep, at("2026-05-05"), 10)  # nothing is open: keeping
    factories.touch(cast.own, cast.rep, at("2026-06-05"), 20)
    factories.touch(cast.own, None, at("2026-06-06"), 5)
    return first, second


def test_a_first_order_bears_its_whole_course(story):
    first, second = story
    sales = loaded()
    sale = sales.orders[first.pk]
    assert (sale.is_first, sale.status, sale.days, sale.amount) == (True, "won", 40, 5000)
    effort = sale.effort
    assert (effort.touches, effort.seconds, effort.travel_seconds) == (2, 3600 * 2 + 1800 + 900, 3600)
    assert (effort.people, effort.manager_seconds, effort.senior_seconds, effort.unknown_seconds) == (3, 900, 0, 0)
    assert [euros(part) for part in effort.parts] == [60 + 90 + 30 + 30, 60, 20, 0, 0]
    later = sales.orders[second.pk]
    assert (later.is_first, later.status, later.closed_on, later.days) == (False, "pending", None, None)
    assert (later.effort.touches, euros(later.effort.time), later.effort.unknown_seconds) == (2, 20, 300)


def test_what_belongs_to_no_order_is_keeping_or_prospecting(story, cast):
    factories.touch(cast.foreign, cast.other_rep, at("2026-05-06"), 60)
    unsold = loaded().unsold
    assert {key: euros(effort.total) for key, effort in unsold.items()} == {
        Unsold(Line.KEEPING, cast.exeter.pk, dt.date(2026, 5, 1)): 10,
        Unsold(Line.PROSPECTING, cast.leeds.pk, dt.date(2026, 5, 1)): 60,
    }


def test_a_lost_course_without_an_order_is_a_line_of_its_own(story, cast):
    factories.touch(cast.foreign, cast.other_rep, at("2026-05-06"), 60)
    cast.foreign.stage_decisions.create(stage="lost", at=at("2026-06-01"), reason="Went elsewhere")
    [(key, effort)] = [row for row in loaded().unsold.items() if row[0].line == Line.NO_ORDER]
    assert (key.team, euros(effort.total)) == (cast.leeds.pk, 60)


def test_unmarked_work_on_days_with_two_open_orders_is_halved_and_marked_work_is_not(story, cast):
    _first, second = story
    third = factories.order(cast.own, 100, "lost", at("2026-06-20"), cast.rep, opened_at=at("2026-06-04"))
    factories.touch(cast.own, cast.rep, at("2026-06-10"), 30, order=third)
    sales = loaded()
    assert (sales.orders[second.pk].effort.touches, euros(sales.orders[second.pk].effort.time)) == (1, 10)
    assert (sales.orders[third.pk].effort.touches, euros(sales.orders[third.pk].effort.time)) == (2, 40)


def test_an_order_never_opened_bears_from_the_beginning_and_an_archived_one_nothing(story, cast):
    always = factories.order(cast.own, 100, salesperson=cast.rep)
    sales = loaded()
    assert sales.orders[always.pk].effort.touches == 1 + 1 / 2 * 4
    factories.touch(cast.own, cast.rep, at("2026-05-06"), 30, order=always)
    Order.objects.filter(pk=always.pk).update(archived_at=NOW)
    sales = loaded()
    assert always.pk not in sales.orders
    assert [euros(effort.total) for effort in sales.unsold.values()] == [40]


def test_as_of_a_day_what_came_later_is_not_there(story):
    first, _second = story
    first.amount, first._history_date = 4000, at("2026-03-02")
    first.save()
    del first._history_date
    first.amount = 7000
    first.save()
    sales = loaded(dt.date(2026, 3, 20), from_log=True)
    [sale] = sales.orders.values()
    assert (sale.pk, sale.status, sale.closed_on, sale.is_first, sale.sale_type) == (
        first.pk,
        "pending",
        None,
        False,
        None,
    )
    assert sale.amount == 4000  # as history knew it then
    assert (sale.effort.touches, euros(sale.effort.time)) == (1, 150)
    assert [key.line for key in sales.unsold] == [Line.PROSPECTING]


def test_the_rate_is_the_membership_s_own_else_the_role_s_and_that_of_the_customer_s_assignment(story, cast):
    first, _second = story
    cast.rep_membership.starts_on = dt.date(2026, 1, 1)
    cast.rep_membership.cost_per_hour = Decimal("66")
    cast.rep_membership.save()
    assert euros(loaded().orders[first.pk].effort.time) == 66 + 90 + 33 + 30
    other = factories.membership(
        cast.rep, cast.leeds, factories.role("Technical support"), starts_on=dt.date(2026, 3, 2)
    )
    assert euros(loaded().orders[first.pk].effort.time) == 66 + 90 + 33 + 30  # assigned as salesperson
    cast.own.assignments.filter(membership=cast.rep_membership).update(membership=other)
    assert euros(loaded().orders[first.pk].effort.time) == 90 + 90 + 33 + 30  # not a member there in January yet
    cast.rep_membership.ends_on = dt.date(2026, 1, 10)
    cast.rep_membership.save()
    effort = loaded().orders[first.pk].effort
    assert (euros(effort.time), effort.unknown_seconds) == (90 + 90 + 30, 1800)


def test_implausible_minutes_are_left_out_and_the_touch_counts(story, cast):
    first, _second = story
    factories.touch(cast.own, cast.rep, at("2026-03-06"), 600, 30)
    effort = loaded().orders[first.pk].effort
    assert (effort.touches, effort.seconds, euros(effort.travel)) == (3, 3600 * 2 + 1800 + 900, 90)


def test_internal_work_for_a_team_is_overhead_of_all_under_it(story, cast):
    first, _second = story
    factories.internal_work(cast.manager, None, 60, team=cast.south_west, spent_on=dt.date(2026, 3, 20))
    assert euros(loaded().orders[first.pk].effort.overhead) == 120


def test_approved_expenses_count_on_the_order_or_the_customer_s_order_of_the_day_or_are_the_team_s(story, cast):
    first, second = story
    when = {"status": "approved", "spent_on": dt.date(2026, 6, 20)}
    factories.expense(cast.rep, 11, order=first, kind="sample", **when)
    factories.expense(cast.rep, 12, customer=cast.own, kind="travel", **when)
    factories.expense(cast.rep, 13, customer=cast.own, kind="demo", **when)
    factories.expense(cast.rep, 14, customer=cast.own, kind="overhead", **when)
    factories.expense(cast.rep, 15, team=cast.south_west, kind="other", **when)
    factories.expense(cast.rep, 99, customer=cast.own, status="submitted", spent_on=dt.date(2026, 6, 20))
    sales = loaded()
    assert [euros(part) for part in sales.orders[first.pk].effort.parts] == [210, 60, 20, 0, 11]
    assert [euros(part) for part in sales.orders[second.pk].effort.parts] == [20, 12, 13, 14 + 15, 0]


def test_keeping_goes_to_the_customer_s_team_of_the_day(story, cast):
    CustomerTeam.objects.create(customer=cast.own, team=cast.leeds)
    CustomerTeam.objects.create(customer=cast.own, team=cast.exeter, starts_on=dt.date(2026, 6, 1))
    assert {key.team for key in loaded().unsold} == {cast.leeds.pk}


def test_an_order_large_while_pending_is_no_normal_sale(story):
    first, second = story
    factories.situation(first, opened_at=at("2026-04-11"))
    factories.situation(second, opened_at=at("2026-06-11"))
    factories.situation_of(
        "stalled_order", first.team, customer=first.customer, order=first, opened_at=at("2026-03-11")
    )
    sales = loaded()
    assert (sales.orders[first.pk].is_special, sales.orders[second.pk].is_special) == (False, True)


def test_figures_are_kept_and_running_twice_equals_running_once(story, cast):
    first, _second = story
    factories.touch(cast.foreign, cast.other_rep, at("2026-05-06"), 60)
    loaded()
    assert run_sales(now=NOW).state == JobState.DONE
    assert run_sales(now=NOW + dt.timedelta(hours=3)) is None
    row = SaleFigures.objects.get(order=first)
    assert (row.status, row.days, row.people, row.touches, euros(row.cost)) == ("won", 40, 3, 2, 290)
    assert (row.tier.name, row.sale_type.name, row.team, row.salesperson) == (
        "D",
        "New business",
        cast.exeter,
        cast.rep,
    )
    parts = SalePart.objects.filter(figures=row).order_by("user__name")
    assert [(part.user.name, euros(part.time + part.travel)) for part in parts] == [
        ("Manager", 30),
        ("Rep", 150),
        ("Technician", 90),
    ]
    kept = [list(model.objects.order_by("pk").values()) for model in (SaleFigures, SalePart, UnsoldFigures, UnsoldPart)]
    assert [len(rows) for rows in kept] == [2, 4, 2, 2]
    with CaptureQueriesContext(connection) as asked:
        compute_sales(now=NOW + dt.timedelta(hours=1))
    tables = ("planning_salefigures", "planning_salepart", "planning_unsoldfigures", "planning_unsoldpart")
    assert not [query for query in asked if any(f'INSERT INTO "{table}"' in query["sql"] for table in tables)]
    again = [
        list(model.objects.order_by("pk").values()) for model in (SaleFigures, SalePart, UnsoldFigures, UnsoldPart)
    ]
    assert again == kept


def test_what_changed_is_written_and_what_is_gone_is_removed(story, cast):
    first, second = story
    loaded()
    compute_sales(now=NOW)
    factories.touch(cast.own, cast.mate, at("2026-06-07"), 60)
    Order.objects.filter(pk=first.pk).update(archived_at=NOW)
    loaded()
    compute_sales(now=NOW + dt.timedelta(days=1))
    [row] = SaleFigures.objects.all()
    assert (row.order, row.touches, euros(row.time)) == (second, 3, 80)
    assert [run.on for run in SalesRun.objects.all()] == [dt.date(2026, 7, 11)]
    assert set(SalePart.objects.values_list("user__name", flat=True)) == {"Rep", "Mate"}


def test_queries_do_not_grow_with_customers(story, cast):
    loaded()
    with CaptureQueriesContext(connection) as few:
        load_sales(load_ground(TODAY), from_log=False)
    for number in range(5):
        customer = factories.customer(f"Another {number}", owner=cast.rep_membership)
        factories.order(customer, 10, "won", at("2026-06-01"), cast.rep, opened_at=at("2026-05-01"))
        factories.touch(customer, cast.rep, at("2026-05-05"), 10)
    loaded()
    with CaptureQueriesContext(connection) as many:
        load_sales(load_ground(TODAY), from_log=False)
    assert len(few) == len(many)


@pytest.mark.parametrize("seed", range(3))
def test_the_sum_over_all_that_bears_is_the_ledger_of_minutes_and_expenses(cast, seed):
    """Random histories on the database, against a plain sum of what was logged: minutes x rates, touch costs, expenses."""
    chance = random.Random(seed)
    factories.tiers()
    factories.sale_types()
    rates(Salesperson="61.37", Technical_support="90.01", Sales_manager="119.99")
    types = [factories.touch_type(f"Type {cost}", cost=Decimal(cost), is_demo=cost > 5) for cost in (0, 3, 7)]
    people = [cast.rep, cast.mate, cast.technician, cast.manager, cast.other_rep, None]
    hourly = {cast.rep: "61.37", cast.mate: "61.37", cast.technician: "90.01", cast.manager: "119.99"} | {
        cast.other_rep: "61.37"
    }
    ledger = Fraction(0)

    def moment():
        return at("2026-01-02") + dt.timedelta(hours=chance.randrange(24 * 180))

    for customer in (cast.own, cast.team_mates, cast.foreign):
        orders = []
        for _ in range(chance.randint(0, 4)):
            opened, closed = sorted((moment(), moment()))
            status = chance.choice(("won", "lost", "pending"))
            orders.append(
                factories.order(
                    customer,
                    chance.randint(0, 9999),
                    status,
                    closed if status != "pending" else None,
                    cast.rep,
                    opened_at=chance.choice((opened, None)),
                )
            )
        for _ in range(chance.randint(0, 2)):
            customer.stage_decisions.create(stage=chance.choice(("lost", "prospect")), at=moment(), reason="so")
        for _ in range(12):
            person, minutes, travel = chance.choice(people), chance.randint(1, 500), chance.randint(0, 90)
            kind = chance.choice(types)
            marked = chance.choice([*orders, None])
            factories.touch(customer, person, moment(), minutes, travel, kind, order=marked)
            counted = (0 if minutes > 480 else minutes) + travel
            ledger += Fraction(kind.cost) + (Fraction(hourly[person]) * counted / 60 if person else 0)
        for _ in range(4):
            factories.expense(
                cast.rep,
                Decimal(chance.randint(1, 99999)) / 100,
                "approved",
                spent_on=moment().date(),
                kind=chance.choice(("overhead", "travel", "demo", "sample", "other")),
                **chance.choice([{"customer": customer}, {"team": customer.team}, *({"order": one} for one in orders)]),
            )
    for team in (cast.exeter, cast.south_west, cast.leeds):
        minutes = chance.randint(1, 90)
        factories.internal_work(cast.manager, None, minutes, team=team, spent_on=moment().date())
        ledger += Fraction("119.99") * minutes / 60
    ledger += sum(Fraction(expense.amount) for expense in Expense.objects.all())
    sales = loaded()
    everything = [sale.effort for sale in sales.orders.values()] + list(sales.unsold.values())
    assert Fraction(sum(effort.total for effort in everything), GRAINS_OF_A_CENT * 100) == ledger
