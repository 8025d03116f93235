"""Customers and what hangs on them, for tests. Stages and tiers are as given here: rebuild them where a test is about them."""

import datetime as dt
import itertools
from decimal import Decimal

from accounts.models import Membership, Team, User
from customers.models import (
    Assignment,
    Circumstance,
    CircumstanceKind,
    Contact,
    ContactRole,
    Customer,
    Expense,
    InternalWork,
    Market,
    MarketPotential,
    Order,
    PlannedTouch,
    ProductLine,
    SaleType,
    Tier,
    Touch,
    TouchPerson,
    TouchType,
)
from territory import clock

from .people import _any_team, company, person

_numbers = itertools.count(1)


def tier(name: str = "A", lower_bound: int = 40000, position: int = 1) -> Tier:
    return Tier.objects.get_or_create(name=name, defaults={"lower_bound": lower_bound, "position": position})[0]


def tiers() -> dict[str, Tier]:
    """A from 40,000, B from 15,000, C from 5,000, D from 0."""
    bounds = {"A": 40000, "B": 15000, "C": 5000, "D": 0}
    return {name: tier(name, bound, position) for position, (name, bound) in enumerate(bounds.items(), start=1)}


def touch_type(name: str = "Voice call", channel: str = "voice", **fields) -> TouchType:
    return TouchType.objects.get_or_create(name=name, defaults={"channel": channel, "default_seconds": 900, **fields})[
        0
    ]


def touch_types() -> dict[str, TouchType]:
    """Voice call of 15, field sales call of 60 minutes with travel, online meeting of 30, marketing outreach of 2."""
    return {
        "voice": touch_type("Voice call", "voice", default_seconds=900, icon="telephone", position=1),
        "field": touch_type(
            "Field sales call", "field", default_seconds=3600, travels=True, icon="geo-alt", position=2
        ),
        "online": touch_type("Online meeting", "online", default_seconds=1800, icon="camera-video", position=3),
        "marketing": touch_type("Marketing outreach", "marketing", default_seconds=120, icon="envelope", position=4),
    }


def sale_types() -> dict[str, SaleType]:
    rows = [("New business", "new_business"), ("Repeat", "repeat"), ("Extension", "other")]
    return {
        kind: SaleType.objects.get_or_create(name=name, defaults={"kind": kind, "position": n})[0]
        for n, (name, kind) in enumerate(rows)
    }


def contact_role(name: str = "Buyer", **fields) -> ContactRole:
    return ContactRole.objects.get_or_create(name=name, defaults=fields)[0]


def market(name: str | None = None, **fields) -> Market:
    return Market.objects.create(name=name or f"Market {next(_numbers)}", **fields)


def product_line(name: str | None = None, **fields) -> ProductLine:
    return ProductLine.objects.create(name=name or f"Line {next(_numbers)}", **fields)


def customer(name: str | None = None, team: Team | None = None, owner: Membership | None = None, **fields) -> Customer:
    """A customer of the team (else the owner's, else any), with an owner where one is given."""
    company_or_default()
    team = team or (owner.team if owner else _any_team())
    values = {"since": dt.date(2026, 1, 1), "stage": "prospect", **fields}
    row = Customer.objects.create(name=name or f"Customer {next(_numbers)}", team=team, **values)
    if owner:
        assign(row, owner)
    return row


def company_or_default():
    """The company there is, else the one of tests: today and time zones rest on it."""
    from territory.company.models import Company

    return Company.objects.first() or company()


def assign(customer: Customer, membership: Membership, kind: str = "lead", **fields) -> Assignment:
    return Assignment.objects.create(customer=customer, membership=membership, kind=kind, **fields)


def contact(customer: Customer, name: str | None = None, **fields) -> Contact:
    return Contact.objects.create(customer=customer, name=name or f"Contact {next(_numbers)}", **fields)


def touch(
    customer: Customer,
    person: User | None = None,
    at: dt.datetime | None = None,
    minutes: int = 15,
    travel: int = 0,
    type: TouchType | None = None,
    role=None,
    **fields,
) -> Touch:
    """A touch by one person (or unknown), logged by that person when it was made."""
    at = at or clock.now()
    values = {"logged_by": person, "logged_at": at, **fields}
    row = Touch.objects.create(
        customer=customer,
        type=type or touch_type(),
        at=at,
        duration_seconds=minutes * 60,
        travel_seconds=travel * 60,
        is_implausible=minutes > 480,
        **values,
    )
    if person:
        role = role or getattr(person.memberships.order_by("pk").first(), "role", None)
        TouchPerson.objects.create(
            touch=row, user=person, role=role, duration_seconds=minutes * 60, travel_seconds=travel * 60
        )
    return row


def planned_touch(
    customer: Customer, assignee: User | None = None, due_on: dt.date | None = None, **fields
) -> PlannedTouch:
    values = {"planned_at": clock.now(), "type": fields.pop("type", None) or touch_type(), **fields}
    return PlannedTouch.objects.create(
        customer=customer, assignee=assignee, due_on=due_on or clock.company_today(), **values
    )


def internal_work(user: User, customer: Customer | None = None, minutes: int = 30, **fields) -> InternalWork:
    values = {"spent_on": clock.company_today(), "logged_at": clock.now(), "logged_by": user, **fields}
    values.setdefault("role", getattr(user.memberships.order_by("pk").first(), "role", None))
    return InternalWork.objects.create(user=user, customer=customer, duration_seconds=minutes * 60, **values)


def expense(
    author: User,
    amount: Decimal | int | str = 25,
    status: str = "draft",
    decided_by: User | None = None,
    **fields,
) -> Expense:
    """An expense of today, by this person for a customer, an order or a team; decided by somebody else where it is decided."""
    now = clock.now()
    values = {"spent_on": clock.company_today(), "noted_at": now, "reason": "no receipt" if status == "refused" else ""}
    if status != "draft":
        values["submitted_at"] = now
    if status in ("approved", "refused"):
        values |= {"decided_at": now, "decided_by": decided_by or person("Somebody who decides")}
    return Expense.objects.create(author=author, amount=Decimal(amount), status=status, **values | fields)


def order(
    customer: Customer,
    amount: Decimal | int | str = 1000,
    status: str = "pending",
    closed_at: dt.datetime | None = None,
    salesperson: User | None = None,
    team: Team | None = None,
    **fields,
) -> Order:
    """An order of the customer's team; won and lost ones closed now unless said otherwise."""
    if status != "pending" and closed_at is None:
        closed_at = clock.now()
    return Order.objects.create(
        customer=customer,
        amount=Decimal(amount),
        status=status,
        closed_at=closed_at,
        salesperson=salesperson,
        team=team or customer.team,
        **fields,
    )


def circumstance_kind(name: str = "Budget freeze") -> CircumstanceKind:
    return CircumstanceKind.objects.get_or_create(name=name)[0]


def circumstance(
    customer: Customer, kind: str = "Budget freeze", starts_on=None, ends_on=None, **fields
) -> Circumstance:
    """Something that holds at a customer, always unless days are given."""
    return Circumstance.objects.create(
        customer=customer, kind=circumstance_kind(kind), starts_on=starts_on, ends_on=ends_on, **fields
    )


def market_potential(
    market: Market,
    product_line: ProductLine,
    yearly_potential: Decimal | int | str = 100_000,
    noted_on: dt.date = dt.date(2026, 1, 1),
    *,
    growth_percent: Decimal | int | str | None = None,
    source: str = "Trade association",
    **fields,
) -> MarketPotential:
    """What a market could bring a year with a product line, as noted on a day."""
    return MarketPotential.objects.create(
        market=market,
        product_line=product_line,
        yearly_potential=yearly_potential,
        noted_on=noted_on,
        growth_percent=growth_percent,
        source=source,
        **fields,
    )
