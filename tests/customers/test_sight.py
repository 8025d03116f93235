"""What a customer says of its reader's sight is what the conditions on rows say: one decision, asked once."""

import pytest

from accounts.models import Role
from accounts.permissions import Act, Area
from customers.models import Customer, Expense, Order, PlannedTouch, Touch
from customers.queries.customer import customers_for
from customers.scope import seen_of
from planning.models import Situation
from tests import factories

REACHES = {
    "sees customers of all, the rest of nobody": {"customers": {"see": "all"}},
    "sees all, each area as far as another": {
        "customers": {"see": "all", "change": "team"},
        "touches": {"see": "own"},
        "orders": {"see": "team"},
        "amounts": {"see": "own"},
        "budgets": {"see": "below"},
        "expenses": {"see": "own"},
    },
    "sees all expenses, orders of the team": {
        "customers": {"see": "all"},
        "orders": {"see": "team"},
        "expenses": {"see": "all"},
    },
    "sees more touches than customers": {
        "customers": {"see": "own"},
        "touches": {"see": "all"},
        "orders": {"see": "all"},
        "amounts": {"see": "all"},
        "expenses": {"see": "all"},
    },
}


@pytest.fixture
def readers(cast):
    """The cast, and who has a role of an unusual reach in the rep's team, with a customer of their own."""
    people = [person for person in cast.everyone().values() if person.is_active]
    for number, (name, access) in enumerate(REACHES.items()):
        role = Role.objects.create(name=name, function="sales", position=50 + number, access=access)
        seat = factories.membership(factories.person(name), cast.exeter, role)
        factories.assign(cast.own if number else cast.team_mates, seat, kind="support")
        people.append(seat.user)
    return people


def test_rows_on_a_customer_are_those_that_the_reader_may_see_anywhere(cast, readers):
    for customer in Customer.objects.all():
        for person in readers:
            factories.touch(customer, person)
        factories.planned_touch(customer, cast.rep)
        order = factories.order(customer)
        factories.situation(order)
        for about in ({"customer": customer}, {"order": order}):
            factories.expense(cast.rep, **about)
    told = set()
    for person in readers:
        for customer in customers_for(person):
            seen = {
                "touches_seen": _same(
                    Touch.objects.visible_on(customer, person, seen_of(customer)),
                    Touch.objects.visible_to(person),
                    customer,
                ),
                "orders_seen": _same(
                    Order.objects.visible_on(customer, seen_of(customer)), Order.objects.visible_to(person), customer
                ),
                "budgets_seen": _same(
                    Situation.objects.visible_on(customer, seen_of(customer)),
                    Situation.objects.visible_to(person),
                    customer,
                ),
                "expenses": _same(
                    Expense.objects.visible_on(customer, person, seen_of(customer)),
                    Expense.objects.visible_to(person),
                    customer,
                    "order__customer",
                ),
                "planned": _same(
                    PlannedTouch.objects.visible_on(customer, seen_of(customer)),
                    PlannedTouch.objects.visible_to(person),
                    customer,
                ),
            }
            assert seen["budgets_seen"] == customer.budgets_seen
            assert customer.may_change == Customer.objects.editable_by(person).filter(pk=customer.pk).exists()
            amounts = Customer.objects.within(person, Area.AMOUNTS, Act.SEE).filter(pk=customer.pk).exists()
            assert customer.amounts_seen == amounts
            told |= {*seen.items(), ("amounts_seen", amounts), ("may_change", customer.may_change)}
            orders = Order.objects.visible_on(customer, seen_of(customer)).with_amounts_on(seen_of(customer))
            anywhere = Order.objects.visible_to(person).filter(customer=customer).with_amounts_for(person)
            assert [row.seen_amount for row in orders] == [row.seen_amount for row in anywhere]
    # Each was said once with yes and once with no, or the comparison says nothing. Of touches everyone sees their own.
    names = {"orders_seen", "budgets_seen", "expenses", "planned", "amounts_seen", "may_change"}
    assert told == {(name, answer) for name in names for answer in (True, False)} | {("touches_seen", True)}


def _same(on_customer, anywhere, customer, *further) -> bool:
    """Whether there are any rows; both ways say the same of this customer."""
    rows = {row.pk for row in on_customer}
    about = [anywhere.filter(**{field: customer}) for field in ("customer", *further)]
    assert rows == {row.pk for some in about for row in some}
    return bool(rows)
