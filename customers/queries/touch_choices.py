"""What a person may choose from when they log a touch, plan one or note internal work."""

import datetime as dt
from collections.abc import Iterable

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When

from accounts.models import Cover, Membership, Team, User
from accounts.permissions import (
    Act,
    Area,
    Scope,
    current_memberships,
    once,
    people_reached,
    people_within,
    scope,
    stands_in,
    teams_within,
)
from customers.models import Assignment, Contact, CoveredCustomer, Customer, Order, OrderStatus, Touch, TouchType
from customers.scope import both, customers_within, hangs_within, worked_on
from customers.working_as import covered_roles
from territory import clock
from territory.together import prepared, together

# Orders that closed lately are offered too: their touches are often written down afterwards.
CLOSED_LATELY = dt.timedelta(days=60)


def loggable(user: User) -> QuerySet[Customer]:
    """Live customers on which the person may log and plan touches.

    Whose role lets them change only what they wrote themselves may still write on customers of their own or that they cover.
    """
    return Customer.objects.live().filter(loggable_within(user))


def loggable_within(user: User) -> Q:
    """The same as a condition on live customers."""
    return both(customers_within(user, Area.CUSTOMERS, Act.SEE), _written_on(user))


def _written_on(user: User) -> Q:
    """Condition on visible customers: the person may log on them. Found once as long as their memberships are read once."""
    return once(user, "written on", lambda: _find_written_on(user))


def _find_written_on(user: User) -> Q:
    within = customers_within(user, Area.TOUCHES, Act.CHANGE)
    authored = scope(user, Area.TOUCHES, Act.CHANGE).authored_memberships
    if within and authored:
        within |= worked_on(authored, covering=stands_in(user))
    return within


def to_log(user: User, customer: int | None, present: int = 0) -> tuple[Customer | None, list[TouchType]]:
    """This one of the loggable customers (with tier and team), if it is one; and `types`, in one statement."""
    rows, types_ = together(_loggable(loggable_within(user), customer or 0), _types(present))
    return next(iter(rows), None), types_


@prepared
def _loggable(within: Q, customer: int) -> QuerySet[Customer]:
    return Customer.objects.live().filter(within, pk=customer).select_related("tier", "team")


@prepared
def _types(present: int) -> QuerySet[TouchType]:
    return types(present)


def covered(user: User, customer: Customer | None) -> QuerySet[User]:
    """In whose place a touch may have been made: those whom the person stands in for on a customer of their own as well.

    Who stands in and does not work on the customer themselves works in the covered person's place anyway.
    """
    if customer is None or not stands_in(user):
        return User.objects.none()
    working = Assignment.objects.on(clock.company_today()).filter(customer=customer).order_by()
    chosen = CoveredCustomer.objects.filter(cover=OuterRef("pk"), customer=customer)
    covers = Cover.objects.on(clock.company_today()).filter(
        Q(covers_all=True) | Q(Exists(chosen)), membership__user=user
    )
    return (
        User.objects.filter(
            Exists(working.filter(membership__user=user)),
            pk__in=covers.order_by().values("user"),
        )
        .filter(pk__in=working.values("membership__user"))
        .order_by("name", "pk")
    )


def types(present: int | None = None) -> QuerySet[TouchType]:
    """Touch types in use, and the one there is."""
    return TouchType.objects.filter(Q(retired_at__isnull=True) | Q(pk=present))


def contacts(user: User, customer: Customer | None, touch: Touch | None = None) -> QuerySet[Contact]:
    """Who can have been met: the customer's contacts who have not left, and whom the touch names already."""
    if customer is None:
        return Contact.objects.none()
    seen = _contacts(*_contacts_asked(user, customer))
    if touch is None:
        return seen
    named = Q(pk__in=seen.order_by().values("pk")) | Q(pk__in=touch.contacts.values("pk"))
    return Contact.objects.filter(named).select_related("role")


def _contacts_asked(user: User, customer: Customer) -> tuple[Q, int, dt.date]:
    return hangs_within(user, Area.CUSTOMERS, Act.SEE), customer.pk, clock.company_today()


def _contacts(seen: Q, customer: int, today: dt.date) -> QuerySet[Contact]:
    there = Q(left_on__isnull=True) | Q(left_on__gt=today)
    return Contact.objects.filter(seen).live().filter(there, customer=customer).select_related("role")


def orders(user: User, customer: Customer | None, present: int | None = None) -> QuerySet[Order]:
    """Orders of the customer it may have been for: pending first, then those closed lately; and the one there is."""
    if customer is None:
        return Order.objects.none()
    return _orders(*_orders_asked(user, customer), present)


def _orders_asked(user: User, customer: Customer) -> tuple[Q, int, dt.datetime]:
    return hangs_within(user, Area.ORDERS, Act.SEE), customer.pk, clock.now() - CLOSED_LATELY


def _orders(within: Q, customer: int, lately: dt.datetime, present: int | None = None) -> QuerySet[Order]:
    offered = Q(status=OrderStatus.PENDING) | Q(closed_at__gte=lately)
    seen = Order.objects.filter(within).live().filter(offered, customer=customer)
    pending_first = Case(When(status=OrderStatus.PENDING, then=Value(0)), default=Value(1))
    # With "or" the database looks at every order there is.
    rows = seen if present is None else Order.objects.filter(Q(pk__in=seen.values("pk")) | Q(pk=present))
    return rows.order_by(pending_first, "-closed_at", "-opened_at", "pk")


_contacts_kept, _orders_kept = prepared(_contacts), prepared(_orders)


def of_customer(user: User, customer: Customer | None, touch: Touch | None) -> tuple[list[Contact], list[Order]]:
    """These contacts and orders, in one statement: `touch` is the one they are offered for, None where it is a new one."""
    if customer is None:
        return [], []
    if touch is not None:
        contacts_, orders_ = together(contacts(user, customer, touch), orders(user, customer, touch.order_id))
        return contacts_, orders_
    contacts_, orders_ = together(
        _contacts_kept(*_contacts_asked(user, customer)), _orders_kept(*_orders_asked(user, customer))
    )
    return contacts_, orders_


def colleagues(user: User, customer: Customer | None, named: Iterable[int] = ()) -> QuerySet[User]:
    """Who may have taken part: oneself, the own teams, the customer's team, who works on it; and who is
    `named` already.

    Oneself comes first, then who works on the customer. Of a customer that one sees no longer, nobody else is told.
    """
    today = clock.company_today()
    teams = {membership.team_id for membership in current_memberships(user)}
    assigned: list[int] = []
    if customer is not None and Customer.objects.visible_to(user).filter(pk=customer.pk).exists():
        teams.add(customer.team_id)
        rows = Assignment.objects.on(today).filter(customer=customer)
        assigned = list(rows.values_list("membership__user_id", flat=True))
    members = Membership.objects.on(today).filter(team__in=teams)
    seen = people_within(user, Area.NAMES, Act.SEE).filter(is_active=True)
    offered = Q(pk__in=members.values("user")) | Q(pk__in=assigned)
    rank = Case(When(pk=user.pk, then=Value(0)), When(pk__in=assigned, then=Value(1)), default=Value(2))
    condition = Q(pk__in=seen.filter(offered).values("pk")) | Q(pk__in=[user.pk, *named])
    return User.objects.filter(condition).order_by(rank, "name", "pk")


def colleagues_on(user: User, customer: Customer | None, named: Iterable[int] = ()) -> list[User]:
    """The same, read in one statement, of a customer that the person is known to see."""
    teams = {membership.team_id for membership in current_memberships(user)}
    if customer is not None:
        teams.add(customer.team_id)
    seen = scope(user, Area.NAMES, Act.SEE)
    [rows] = together(
        _colleagues(
            None if seen.everything else seen,
            user.pk,
            frozenset(teams),
            customer.pk if customer is not None else 0,
            frozenset(named),
            clock.company_today(),
        )
    )
    return rows


@prepared
def _colleagues(
    seen: Scope | None, person: int, teams: frozenset[int], customer: int, named: frozenset[int], today: dt.date
) -> QuerySet[User]:
    """`seen`: how far the person may read names, None: all."""
    working = Assignment.objects.on(today).filter(customer=customer).order_by().values("membership__user")
    members = Membership.objects.on(today).filter(team__in=teams).order_by().values("user")
    people = User.objects.all() if seen is None else people_reached(seen, today)
    offered = people.filter(Q(pk__in=members) | Q(pk__in=working), is_active=True)
    rank = Case(When(pk=person, then=Value(0)), When(pk__in=working, then=Value(1)), default=Value(2))
    condition = Q(pk__in=offered.order_by().values("pk")) | Q(pk=person) | Q(pk__in=named)
    return User.objects.filter(condition).order_by(rank, "name", "pk")


def whose_turn(user: User, customer: Customer, covered: int | None) -> User:
    """For whom something is put off: the `covered` person whose it is, while one stands in for them there; else oneself when one
    works on the customer, else its owner.
    """
    if covered is not None and stands_in(user) and covered in covered_roles(user.pk, customer, clock.company_today()):
        return User.objects.get(pk=covered)
    rows = Assignment.objects.on(clock.company_today()).filter(customer=customer).select_related("membership__user")
    people = [(row.kind == "support", row.pk, row.membership.user) for row in rows]
    if not people or any(person == user for _, _, person in people):
        return user
    return min(people, key=lambda each: each[:2])[2]


def teams_to_work_for(user: User, present: int | None = None) -> QuerySet[Team]:
    """Teams that internal work can be noted for: one's own, and those within reach; and the one there is."""
    own = [membership.team_id for membership in current_memberships(user)]
    within = teams_within(user, Area.TOUCHES, Act.CHANGE)
    offered = Team.objects.live().filter(Q(pk__in=own) | Q(pk__in=within.values("pk")))
    return Team.objects.filter(Q(pk__in=offered.values("pk")) | Q(pk=present))


def workers(user: User, present: int | None = None) -> QuerySet[User]:
    """For whom the person may note internal work: themselves, and who is within reach."""
    within = people_within(user, Area.TOUCHES, Act.CHANGE).filter(is_active=True)
    rank = Case(When(pk=user.pk, then=Value(0)), default=Value(1))
    return User.objects.filter(Q(pk__in=within.values("pk")) | Q(pk__in=[user.pk, present or 0])).order_by(
        rank, "name", "pk"
    )
