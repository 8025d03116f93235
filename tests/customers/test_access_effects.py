"""Random companies and tables of access: reach in SQL is that of a slow oracle, and the preview tells what comes true."""

import datetime as dt
import functools
import random

import pytest

from accounts.access_effects import CUSTOMERS, effects_of
from accounts.models import Membership, Team, User
from accounts.permissions import people_within
from accounts.reaches import OFFERED, Act, Area, Reach, cells, plain, reach_of
from customers.models import Assignment, Contact, Customer, Expense, InternalWork, Order, PlannedTouch, Touch
from customers.scope import customers_within, expenses_noted_on, hangs_within, may_note_expenses
from tests import factories

TODAY = dt.date(2026, 6, 9)
PAST, COMING = dt.date(2026, 6, 8), dt.date(2026, 6, 10)


@pytest.fixture
def _today(time_machine):
    time_machine.move_to("2026-06-09T09:00:00Z", tick=False)


def random_access(rng: random.Random) -> dict:
    """Any reach that is offered, in about two cells of three."""
    access: dict = {}
    for area, act in cells():
        if rng.random() < 0.67:
            access.setdefault(str(area), {})[str(act)] = str(rng.choice(OFFERED[area, act]))
    return plain(access)


def random_company(rng: random.Random) -> None:
    """Teams in a tree, people with one or two seats (some over, some to come), customers with all that hangs on them."""
    reaches.cache_clear()
    factories.tiers()
    teams = [factories.team(f"T{n}") for n in range(2)]
    teams += [factories.team(f"T{n}", rng.choice(teams)) for n in range(2, 6)]
    roles = [factories.role(f"R{n}", access=random_access(rng)) for n in range(4)]
    seats = []
    for n in range(8):
        user = factories.person(f"P{n}", password="!", is_active=n != 7)
        for _ in range(rng.choice([1, 1, 2])):
            dates = rng.choice([{}, {}, {}, {"ends_on": PAST}, {"starts_on": COMING}])
            seats.append(factories.membership(user, rng.choice(teams), rng.choice(roles), **dates))
    customers = []
    for n in range(10):
        customer = factories.customer(f"C{n}", team=rng.choice(teams))
        for seat in rng.sample(seats, rng.choice([0, 1, 2])):
            dates = rng.choice([{}, {}, {"ends_on": PAST, "starts_on": dt.date(2026, 1, 1)}])
            factories.assign(customer, seat, kind="support", **dates)
        if rng.random() < 0.6:
            person = rng.choice(seats).user
            order = factories.order(customer, 100, rng.choice(["pending", "won"]), salesperson=person)
            Order.objects.filter(pk=order.pk).update(team=rng.choice(teams))
            factories.expense(person, order=order)
        logger = rng.choice(seats).user
        factories.touch(customer, logger)
        factories.planned_touch(customer, logger)
        factories.internal_work(logger, customer)
        factories.expense(logger, customer=customer)
        factories.expense(logger, team=rng.choice(teams))
        factories.contact(customer, f"K{n}", role=factories.contact_role())
        customers.append(customer)
    for seat in rng.sample(seats, 3):
        covered = rng.choice([other.user for other in seats if other.user_id != seat.user_id])
        starts_on = rng.choice([dt.date(2026, 6, 8), TODAY, COMING])
        chosen = rng.choice([[], rng.sample(customers, 4)])
        factories.cover(covered, seat, starts_on, starts_on + dt.timedelta(days=1), *chosen)


def in_force(row) -> bool:
    return (row.starts_on is None or row.starts_on <= TODAY) and (row.ends_on is None or row.ends_on >= TODAY)


def under(team: Team, above: Team) -> bool:
    while team is not None:
        if team.pk == above.pk:
            return True
        team = team.parent
    return False


def seats_of(user: User) -> list[Membership]:
    return (
        [seat for seat in user.memberships.select_related("role", "team") if in_force(seat)] if user.is_active else []
    )


def stands_in(seat: Membership, customer: Customer) -> bool:
    """Whether the seat covers, today, somebody who is away and works on the customer."""

    def away(user):
        return any(in_force(row) for row in user.absences.all())

    return any(
        in_force(cover)
        and away(cover.user)
        and not away(seat.user)
        and (cover.covers_all or cover.customers.filter(customer=customer).exists())
        and any(
            in_force(row) and in_force(row.membership)
            for row in customer.assignments.filter(membership__user=cover.user)
        )
        for cover in seat.covers.all()
    )


@functools.cache
def reaches(seat: Membership, reach: str, customer: Customer) -> bool:
    """Domain 1.1, word by word: does this membership's reach hold this customer?"""
    if reach == Reach.ALL:
        return True
    if reach == Reach.OWN:
        return any(in_force(row) for row in customer.assignments.filter(membership=seat)) or stands_in(seat, customer)
    if reach not in (Reach.TEAM, Reach.BELOW):
        return False

    def of_it(team):
        return team is not None and (team.pk == seat.team_id if reach == Reach.TEAM else under(team, seat.team))

    if reaches(seat, Reach.OWN, customer) or of_it(customer.team):
        return True
    if any(in_force(row) and of_it(row.membership.team) for row in customer.assignments.all()):
        return True
    return any(of_it(row.team) for row in customer.orders.all() if row.status == "pending" and not row.archived_at)


def oracle(user: User, area: str, act: str) -> set[int]:
    seats = [(seat, reach_of(seat.role.access, area, act)) for seat in seats_of(user)]
    return {row.pk for row in Customer.objects.all() if any(reaches(seat, reach, row) for seat, reach in seats)}


def noting_oracle(user: User) -> set[int]:
    """Customers on which expenses can be noted: by a role that may note some, wherever the same role sees expenses."""
    seats = [seat for seat in seats_of(user) if reach_of(seat.role.access, Area.EXPENSES, Act.CHANGE) != Reach.NONE]
    held = [(seat, reach_of(seat.role.access, Area.EXPENSES, Act.SEE)) for seat in seats]
    return {row.pk for row in Customer.objects.all() if any(reaches(seat, reach, row) for seat, reach in held)}


def expenses_oracle(user: User, act: str) -> set[int]:
    """Of customers and their orders by both reaches, of orders by that over orders too; of teams by reach over teams."""
    hang = (
        oracle(user, Area.CUSTOMERS, Act.SEE) & oracle(user, Area.EXPENSES, Act.SEE) & oracle(user, Area.EXPENSES, act)
    )
    orders = hang & oracle(user, Area.ORDERS, Act.SEE)
    teams = set(Team.objects.values_list("pk", flat=True))
    for each in (Act.SEE, act):
        reached = [(seat, reach_of(seat.role.access, Area.EXPENSES, each)) for seat in seats_of(user)]
        teams &= {team.pk for team in Team.objects.all() if any(team_reached(seat, r, team) for seat, r in reached)}
    return {
        row.pk
        for row in Expense.objects.select_related("order")
        if row.customer_id in hang or (row.order and row.order.customer_id in orders) or row.team_id in teams
    }


def team_reached(seat: Membership, reach: str, team: Team) -> bool:
    return reach == Reach.ALL or (
        reach in (Reach.TEAM, Reach.BELOW)
        and (team.pk == seat.team_id if reach == Reach.TEAM else under(team, seat.team))
    )


def people_oracle(user: User, area: str, act: str) -> set[int]:
    found = set()
    for seat in seats_of(user):
        reach = reach_of(seat.role.access, area, act)
        for other in User.objects.all():
            teams = [row.team for row in other.memberships.select_related("team") if in_force(row)]
            near = reach in (Reach.TEAM, Reach.BELOW) and any(
                team.pk == seat.team_id if reach == Reach.TEAM else under(team, seat.team) for team in teams
            )
            if reach == Reach.ALL or near or (reach != Reach.NONE and other.pk == user.pk):
                found.add(other.pk)
    return found


def keys(rows) -> set[int]:
    return set(rows.values_list("pk", flat=True))


@pytest.mark.usefixtures("company", "_today")
@pytest.mark.parametrize("seed", range(4))
class TestRandomAccess:
    def test_reach_over_customers_is_the_domains(self, seed):
        random_company(random.Random(seed))
        for user in User.objects.all():
            for area, act in cells():
                within = keys(Customer.objects.filter(customers_within(user, area, act)))
                assert within == oracle(user, area, act), (user, area, act)

    def test_reach_over_people_is_the_domains(self, seed):
        random_company(random.Random(seed))
        for user in User.objects.all():
            for area, act in cells():
                assert keys(people_within(user, area, act)) == people_oracle(user, area, act), (user, area, act)

    def test_whatever_is_editable_is_visible(self, seed):
        random_company(random.Random(seed))
        for user in User.objects.all():
            for model in (Customer, Contact, Assignment, Order, Touch, PlannedTouch, InternalWork, Expense):
                assert keys(model.objects.editable_by(user)) <= keys(model.objects.visible_to(user)), (user, model)

    def test_what_hangs_on_a_customer_is_seen_within_both(self, seed):
        random_company(random.Random(seed))
        for user in User.objects.all():
            seen = oracle(user, Area.CUSTOMERS, Act.SEE)
            for model, area in ((Contact, Area.CUSTOMERS), (Order, Area.ORDERS), (Touch, Area.TOUCHES)):
                within = seen & oracle(user, area, Act.SEE)
                rows = keys(model.objects.filter(hangs_within(user, area, Act.SEE)))
                assert rows == keys(model.objects.filter(customer__in=within)), (user, model)
            visible = keys(Touch.objects.visible_to(user))
            assert visible == keys(Touch.objects.filter(hangs_within(user, Area.TOUCHES, Act.SEE))) | keys(
                Touch.objects.filter(logged_by=user)
            )

    def test_expenses_are_seen_decided_and_noted_within_reach(self, seed):
        random_company(random.Random(seed))
        Expense.objects.update(status="submitted", submitted_at="2026-06-09T08:00:00Z")
        for user in User.objects.all():
            own = keys(Expense.objects.filter(author=user))
            assert keys(Expense.objects.visible_to(user)) == expenses_oracle(user, Act.SEE) | own, user
            assert keys(Expense.objects.approvable_by(user)) == expenses_oracle(user, Act.APPROVE) - own, user
            noted = Customer.objects.visible_to(user).filter(expenses_noted_on(user))
            assert keys(noted) == oracle(user, Area.CUSTOMERS, Act.SEE) & noting_oracle(user), user
            said = Customer.objects.visible_to(user).annotate(may_note=may_note_expenses(user)).filter(may_note=True)
            assert keys(said) == keys(noted), user

    def test_the_preview_tells_what_comes_true(self, seed):
        rng = random.Random(seed)
        random_company(rng)
        areas = {
            "see_customers": (Area.CUSTOMERS, Area.CUSTOMERS),
            "see_orders": (Area.CUSTOMERS, Area.ORDERS),
            "see_amounts": (Area.CUSTOMERS, Area.AMOUNTS),
            "export": (Area.CUSTOMERS, Area.EXPORT),
        }
        role = seats_of(User.objects.get(name="P0"))[0].role if seats_of(User.objects.get(name="P0")) else None
        role = role or Membership.objects.exclude(user__name="P7").first().role
        after = random_access(rng)

        def seen():
            users = User.objects.filter(is_active=True)
            found = {
                (key, user.pk): set.intersection(*(oracle(user, area, Act.SEE) for area in both))
                for key, both in areas.items()
                for user in users
            }
            noting = {user: oracle(user, Area.CUSTOMERS, Act.SEE) & noting_oracle(user) for user in users}
            return found | {("note_expenses", user.pk): customers for user, customers in noting.items()}

        lines = {(row.key, row.opens): (row.people, row.things) for row in effects_of(role, after)}
        assert all(row.kind == CUSTOMERS for row in effects_of(role, after) if row.key in areas)
        before = seen()
        role.access = after
        role.save()
        now = seen()
        for key in (*areas, "note_expenses"):
            for opens in (True, False):
                moved = {
                    user: (now[name, user] - old if opens else old - now[name, user])
                    for (name, user), old in before.items()
                    if name == key
                }
                people = sum(bool(rows) for rows in moved.values())
                expected = (people, len(set().union(*moved.values()))) if people else None
                assert lines.get((key, opens)) == expected, (key, opens)
