"""A person's reach turned into rows of this room, in SQL. Every `visible_to` and `editable_by` rests on these conditions."""

import datetime as dt
from collections.abc import Iterable
from functools import lru_cache

from django.apps import apps
from django.core.exceptions import EmptyResultSet
from django.db.models import BooleanField, Case, Exists, OuterRef, Q, QuerySet, Value, When
from django.db.models.expressions import RawSQL

from accounts.models import Cover
from accounts.permissions import Act, Area, Scope, people_within, scope, stands_in, teams_reached
from territory import clock
from territory.rows import on_day

# How long a person may change what they wrote themselves, where their role allows no more.
AUTHORED_FOR = dt.timedelta(days=7)

NOTHING = Q(pk__in=[])

# An empty Q would vanish when it is joined to another by "or", and cannot stand in a When().
EVERYTHING = Q(pk__isnull=False)


def _among(field: str, *sources: QuerySet) -> Q:
    """`field` is among these rows of one column, turned into SQL here and now: a page that asks ten times builds it once.

    One list of all of them, not one condition "or" another: a database reads each by its index and goes on from the few that
    it finds, where it would have to try every condition on every row there is. UNION, not UNION ALL: of keys that are there
    once PostgreSQL makes a table to look in; those of UNION ALL it may gather anew for each row, for seconds.
    """
    parts: list[str] = []
    values: list = []
    for rows in sources:
        try:
            sql, params = rows.order_by().query.sql_with_params()
        except EmptyResultSet:
            continue
        parts.append(sql)
        values += params
    if not parts:
        return NOTHING
    return Q(**{f"{field}__in": RawSQL(" UNION ".join(parts), values)})  # noqa: S611  SQL of our own queries


def customers_within(user, area: str, act: str) -> Q:
    """Condition on Customer: those within the person's reach in `area`, whatever was written by whom."""
    return _reached(scope(user, area, act), stands_in(user), clock.company_today())


# Conditions follow from reach and day alone, and no rows are in them: they are the same for all requests of that day.
@lru_cache(maxsize=500)
def _reached(reached: Scope, covering: bool, on: dt.date) -> Q:
    """Condition on Customer: those within reach on a day, and those covered if it is known that some may be."""
    if reached.everything:
        return EVERYTHING
    return _among("pk", *_works_on(tuple(reached.memberships), covering, on), *_of_teams(reached, on))


def in_directory(user) -> Q:
    """Condition on Customer: within reach of the directory, and not the reader's to see anyway.

    A plain condition PostgreSQL would join: taking a few letters to find one customer, where they find a thousand, it
    would gather the thousands of the directory a thousand times. Asked as a case it keeps them in a table to look in.
    """
    seen, known = customers_within(user, Area.CUSTOMERS, Act.SEE), customers_within(user, Area.DIRECTORY, Act.SEE)
    return NOTHING if seen == EVERYTHING else Q(yes(known)) & ~seen


def worked_on(memberships: list[int], *, covering: bool) -> Q:
    """Condition on Customer: those with a current assignment of one of these memberships, or that one of them covers.

    `covering` false: it is known that none of them covers anybody today.
    """
    return _worked_on(tuple(memberships), covering, clock.company_today())


@lru_cache(maxsize=500)
def _worked_on(memberships: tuple[int, ...], covering: bool, on: dt.date) -> Q:
    return _among("pk", *_works_on(memberships, covering, on))


def _works_on(memberships: tuple[int, ...], covering: bool, on: dt.date) -> list[QuerySet]:
    """Keys of customers with an assignment of one of these memberships on a day, and of those that one of them covers."""
    if not memberships:
        return []
    own = _assignments(on).filter(membership_id__in=memberships).values("customer")
    return [own, *_covered_by(memberships, on)] if covering else [own]


def _covered_by(memberships: tuple[int, ...], on: dt.date) -> list[QuerySet]:
    """Keys of customers that one of these memberships covers on a day."""
    covers = Cover.objects.on(on).filter(membership_id__in=memberships)
    members = on_day(on, "membership__")
    of_all = _assignments(on).filter(
        members, membership__user__in=covers.filter(covers_all=True).order_by().values("user")
    )
    chosen = _chosen(covers)
    of_chosen = _assignments(on).filter(
        members,
        Exists(chosen.filter(customer=OuterRef("customer"), cover__user=OuterRef("membership__user"))),
        customer__in=chosen.values("customer"),
    )
    return [of_all.values("customer"), of_chosen.values("customer")]


def stood_in_for(user, person: str, customer: str = "customer") -> Q:
    """Condition on rows of a `person` on a `customer`: the user stands in for that person there today."""
    if not stands_in(user):
        return NOTHING
    return covered_rows(Cover.objects.on(clock.company_today()).filter(membership__user=user), person, customer)


def covered_rows(covers, person: str, customer: str = "customer") -> Q:
    """Condition on rows of a `person` on a `customer`: one of these covers is about them."""
    of_all = Q(**{f"{person}__in": covers.filter(covers_all=True).order_by().values("user")})
    pairs = _chosen(covers).filter(cover__user=OuterRef(person), customer=OuterRef(customer))
    return of_all | Q(Exists(pairs))


def _chosen(covers):
    """The customers that covers of chosen ones name."""
    rows = apps.get_model("customers.CoveredCustomer").objects.order_by()
    return rows.filter(cover__in=covers.filter(covers_all=False).order_by().values("pk"))


def _assignments(on: dt.date):
    """Assignments in force on a day."""
    return apps.get_model("customers.Assignment").objects.filter(on_day(on)).order_by()


def _of_teams(reached: Scope, on: dt.date) -> list[QuerySet]:
    """Keys of customers of the teams within reach, or with a current assignment of a member or an open order of such a team."""
    if not reached.has_teams:
        return []
    assignments = _assignments(on).filter(reached.teams_through("membership__team__"))
    orders = apps.get_model("customers.Order").objects.filter(
        reached.teams_through("team__"), status="pending", archived_at__isnull=True
    )
    return [
        _customers(reached.teams_through("team__")).values("pk"),
        assignments.values("customer"),
        orders.values("customer"),
    ]


def _customers(condition: Q):
    return apps.get_model("customers.Customer").objects.filter(condition)


@lru_cache(maxsize=500)
def on_customer(condition: Q, field: str = "customer") -> Q:
    """A condition on Customer as one on rows whose `field` is a customer."""
    if condition == EVERYTHING:
        return EVERYTHING
    match condition.children:
        case [("pk__in", RawSQL() as keys)] if not condition.negated:
            return Q(**{f"{field}__in": keys})
    return _among(field, _customers(condition).values("pk"))


def hangs_within(user, area: str, act: str) -> Q:
    """Condition on rows with a `customer`: the customer is visible, and the area's own reach covers it."""
    condition = on_customer(customers_within(user, Area.CUSTOMERS, Act.SEE))
    besides = seen_within(user, area, act)
    return condition if besides is EVERYTHING else both(condition, besides)


@lru_cache(maxsize=500)
def both(one: Q, other: Q) -> Q:
    """The same condition each time, so that a question prepared with it is found without reading it through anew."""
    return one if one == other else one & other


def seen_within(user, area: str, act: str) -> Q:
    """Condition on rows with a `customer` that is known to be visible: the area's own reach covers it, too."""
    reached = scope(user, area, act)
    if reached.everything or reached == scope(user, Area.CUSTOMERS, Act.SEE):
        return EVERYTHING
    return on_customer(customers_within(user, area, act))


# What a customer that was read with `sight` says of its reader: what hangs on it is within their reach in these areas.
SEEN: dict[str, str] = {
    Area.AMOUNTS: "amounts_seen",
    Area.BUDGETS: "budgets_seen",
    Area.EXPENSES: "expenses_seen",
    Area.ORDERS: "orders_seen",
    Area.TOUCHES: "touches_seen",
}


def yes(condition: Q) -> Case:
    """A condition as a value: true or false."""
    return Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())


def sight(user) -> dict[str, Case | Value]:
    """Annotations of visible customers: in which areas each is within the reader's reach. Asked once for all that hangs on it."""
    return {name: is_within(user, area, Act.SEE) for area, name in SEEN.items()}


def is_within(user, area: str, act: str) -> Case | Value:
    """Of visible customers: whether each is within the person's reach in `area`; known where it is that of seeing them."""
    within = scope(user, area, act)
    if within.everything or within.grants == scope(user, Area.CUSTOMERS, Act.SEE).grants:
        return Value(True, BooleanField())
    return yes(customers_within(user, area, act))


def seen_of(customer) -> tuple[str, ...]:
    """The areas that the reader sees of what hangs on a customer read with `sight`: the database has said it of the customer."""
    return tuple(area for area, name in SEEN.items() if getattr(customer, name))


def hangs_on(customer, area: str, seen: tuple[str, ...]) -> Q:
    """`hangs_within` for rows of one customer (its key), of which the reader sees these areas."""
    return Q(customer=customer) if area in seen else NOTHING


def written_within(user, area: str, always: Q | None = None) -> Q:
    """Condition on rows with `customer`, `logged_by`, `logged_at` that the person may change.

    Where a role reaches only what one wrote oneself: for 7 days, and beyond that what `always` names.
    """
    reached = scope(user, area, Act.CHANGE)
    condition = on_customer(customers_within(user, area, Act.CHANGE))
    if condition == EVERYTHING or not reached.authored_memberships:
        return condition
    lately = Q(logged_at__gte=clock.now() - AUTHORED_FOR)
    return condition | (Q(logged_by=user) & (lately | always if always is not None else lately))


def work_within(user, act: str) -> Q:
    """Condition on internal work: on customers by reach over them, for a team alone by reach over people.

    Reach over what one wrote oneself is none over people, not even oneself: that is `written_within`.
    """
    reached = scope(user, Area.TOUCHES, act)
    people = people_within(user, Area.TOUCHES, act)
    if not reached.everything and not reached.memberships:
        people = people.none()
    return (Q(customer__isnull=False) & hangs_within(user, Area.TOUCHES, act)) | Q(
        customer__isnull=True, user__in=people.values("pk")
    )


def expenses_within(user, act: str, area: str = Area.EXPENSES) -> Q:
    """Condition on expenses: on customers by reach over them, on orders that are seen likewise, for a team by reach over teams."""
    cells = ((Area.CUSTOMERS, Act.SEE), (Area.EXPENSES, Act.SEE), (area, act), (Area.ORDERS, Act.SEE))
    return _expenses(*(scope(user, *cell) for cell in cells), stands_in(user), clock.company_today())


# As for customers: the same for all requests of a day. The frame of every page asks, and what is built anew is put into words anew.
@lru_cache(maxsize=500)
def _expenses(customers: Scope, seen: Scope, reached: Scope, orders: Scope, covering: bool, on: dt.date) -> Q:
    if not reached:
        return NOTHING
    hang = dict.fromkeys((customers, seen, reached))
    on_orders = dict.fromkeys((*hang, orders))
    if all(each.everything for each in on_orders):
        return EVERYTHING
    teams = Q(team__isnull=False)
    for each in dict.fromkeys((reached, seen)):
        if not each.everything:
            teams &= Q(team__in=teams_reached(each).order_by().values("pk"))
    on_customers = _reached_by_all("customer", [_reached(each, covering, on) for each in hang])
    return (
        on_customers | _reached_by_all("order__customer", [_reached(each, covering, on) for each in on_orders]) | teams
    )


def expenses_exported(user) -> Q:
    """Condition on expenses that are seen: those that may leave in a file, one's own with any reach over exports."""
    reached = expenses_within(user, Act.SEE, Area.EXPORT)
    return reached | Q(author=user) if scope(user, Area.EXPORT, Act.SEE) else NOTHING


def noting_expenses(user) -> Scope:
    """How far a person sees expenses in the roles in which they may note some: there they may note their own."""
    noting = {grant.membership_id for grant in scope(user, Area.EXPENSES, Act.CHANGE).grants}
    seen = scope(user, Area.EXPENSES, Act.SEE)
    return Scope(seen.user_id, tuple(grant for grant in seen.grants if grant.membership_id in noting))


def expenses_noted_on(user) -> Q:
    """Condition on visible customers: the person may note expenses there."""
    return _reached(noting_expenses(user), stands_in(user), clock.company_today())


def may_note_expenses(user, field: str = "pk") -> Case | Value:
    """Of visible customers, or of rows whose `field` is one: whether the person may note expenses there; known where their
    reach over expenses is that over customers."""
    reached = noting_expenses(user)
    if not reached or reached.everything or reached.grants == scope(user, Area.CUSTOMERS, Act.SEE).grants:
        return Value(bool(reached), BooleanField())
    within = expenses_noted_on(user)
    return yes(within if field == "pk" else on_customer(within, field))


def _reached_by_all(field: str, reaches: Iterable[Q]) -> Q:
    """Rows whose `field` is a customer within each of these."""
    condition = Q(**{f"{field}__isnull": False})
    for within in reaches:
        if within != EVERYTHING:
            condition &= on_customer(within, field)
    return condition


def expenses_on(customer, reader, seen: tuple[str, ...]) -> Q:
    """`expenses_within` and one's own, for what one customer and its orders cost; the reader sees these areas of it."""
    on_it = Q(customer=customer) | Q(order__customer=customer)
    if Area.EXPENSES not in seen:
        return on_it & Q(author=reader)
    return on_it if Area.ORDERS in seen else Q(customer=customer) | (on_it & Q(author=reader))


def amounts_within(user, customer: str = "customer__") -> Q:
    """Condition on rows that reach a customer: those whose amounts the person may see."""
    field = f"{customer}pk"
    seen = on_customer(customers_within(user, Area.CUSTOMERS, Act.SEE), field)
    amounts = on_customer(customers_within(user, Area.AMOUNTS, Act.SEE), field)
    return EVERYTHING if seen == amounts == EVERYTHING else seen if seen == amounts else seen & amounts
