"""Involvement: time by function, people, managers' and senior managers' shares, beside what was held and what happened.

By customer (the default): everything done with it in the window (90 days where none is asked for); `held` is what its owner is
on the last day, `happened` what does not fit its assignments. By person: the customers that a person owns on the last day,
`held` is the person's job profiles. By order: all that the order took up to the day (domain 3.4), by the functions of those
who took part; `happened` is how it stood, with `days` from opening to closing. Minutes are without travel.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from accounts.models import JobProfile, Membership, Role, RoleFunction
from accounts.permissions import Act, Area
from customers.models import Customer, Order
from customers.scope import hangs_within
from planning.loaders import load_ground
from planning.loaders.ground import so_far
from planning.loaders.involvement import Window, load_involvement
from planning.loaders.sale_cost import load_sales
from planning.reports.definition import Answer, Asked, Column, Kind, Report, shown_id
from planning.reports.figures import customer_names, people_names, seen_people

# Days of the window where none is asked for.
WINDOW = 90

FUNCTIONS = tuple(RoleFunction.values)


def _columns(by: str) -> tuple[Column, ...]:
    """What a row is about, time by function, shares, and what happened."""
    return (
        Column(by),
        *(Column(f"{name}_minutes", Kind.MINUTES) for name in FUNCTIONS),
        Column("others_minutes", Kind.MINUTES),
        Column("minutes", Kind.MINUTES),
        Column("people", Kind.COUNT),
        Column("managers_share", Kind.SHARE),
        Column("senior_managers_share", Kind.SHARE),
        Column("held"),
        Column("happened"),
        Column("days", Kind.COUNT),
    )


def answer(asked: Asked) -> Answer:
    """Rows in the order of their names."""
    by = asked.by or "customer"
    rows = sorted(BY[by](asked), key=lambda row: row[by])
    return Answer(rows, asked.now)


def _row(
    by: str,
    name: str,
    seconds: Mapping[str | None, int],
    people: int,
    *,
    held: str | None,
    happened: str | None,
    days: int | None = None,
) -> dict[str, Any]:
    whole = sum(seconds.values())

    def share(function: str) -> float | None:
        return seconds.get(function, 0) / whole if whole else None

    return {
        by: name,
        **{f"{function}_minutes": seconds.get(function, 0) / 60 for function in FUNCTIONS},
        "others_minutes": seconds.get(None, 0) / 60,
        "minutes": whole / 60,
        "people": people,
        "managers_share": share(RoleFunction.MANAGEMENT),
        "senior_managers_share": share(RoleFunction.SENIOR_MANAGEMENT),
        "held": held or None,
        "happened": happened or None,
        "days": days,
    }


def _window(asked: Asked) -> Window:
    last = min(asked.until, asked.on)
    return Window.of(asked.starts_on or last - dt.timedelta(days=WINDOW - 1), last, asked.now)


def _customers(asked: Asked) -> list[int] | None:
    """Customers of whose touches the reader may see and export; None: all."""
    if asked.reader is None:
        return None
    rows = Customer.objects.visible_to(asked.reader).within(asked.reader, Area.TOUCHES, Act.SEE)
    return list(rows.within(asked.reader, Area.EXPORT, Act.SEE).values_list("pk", flat=True))


def by_customer(asked: Asked) -> Iterator[dict[str, Any]]:
    """Customers with something done in the window, or whose assignments do not fit."""
    names = customer_names()
    for found in load_involvement(_window(asked), _customers(asked)):
        done = found.done
        if done.by_person or done.findings:
            happened = ", ".join(sorted({finding.happened.value for finding in done.findings}))
            held = found.owner.kind if found.owner else None
            yield _row("customer", names[found.customer], done.by_function, done.people, held=held, happened=happened)


def by_person(asked: Asked) -> Iterator[dict[str, Any]]:
    """People who own customers; `people` are all who took part on one of them."""
    window, names = _window(asked), people_names()
    seen = set(seen_people(asked, Area.TOUCHES).values_list("pk", flat=True))
    seconds: dict[int, dict[str | None, int]] = defaultdict(lambda: defaultdict(int))
    people: dict[int, set[int]] = defaultdict(set)
    happened: dict[int, set[str]] = defaultdict(set)
    for found in load_involvement(window, _customers(asked)):
        for finding in found.done.findings:
            happened[finding.seat.user].add(finding.happened.value)
        if found.owner:
            owner = found.owner.user
            people[owner].update(person for person in found.done.by_person if person is not None)
            for function, spent in found.done.by_function.items():
                seconds[owner][function] += spent
    profiles = _profiles(window.last)
    for person in seen & (set(people) | set(happened)):
        held, wrong = ", ".join(profiles[person]), ", ".join(sorted(happened[person]))
        yield _row("person", names[person], seconds[person], len(people[person]), held=held, happened=wrong)


def _profiles(on: dt.date) -> dict[int, list[str]]:
    """What people's memberships of the day authorise, from most to least."""
    found: dict[int, set[str]] = defaultdict(set)
    for user, profile in Membership.objects.on(on).order_by().values_list("user_id", "profile"):
        found[user].add(profile)
    return defaultdict(
        list, {user: [each for each in JobProfile.values if each in held] for user, held in found.items()}
    )


def by_order(asked: Asked) -> Iterator[dict[str, Any]]:
    """Orders that were pending or ended by the day (within the window, where one is asked for) and took any time."""
    ground = load_ground(min(asked.until, asked.on))
    sales = load_sales(so_far(ground, asked.now), from_log=asked.as_of is not None)
    functions = dict(Role.objects.values_list("pk", "function"))
    for pk, name in _orders(asked).items():
        sale = sales.orders.get(pk)
        if sale is None or (asked.starts_on and (sale.closed_on is None or sale.closed_on < asked.starts_on)):
            continue
        seconds: dict[str | None, int] = defaultdict(int)
        for worker, share in sale.effort.workers.items():
            seconds[functions.get(worker.role) if worker.role is not None else None] += share.seconds
        seconds[None] += sale.effort.seconds - sum(seconds.values())
        if not any(seconds.values()):
            continue
        yield _row("order", name, seconds, sale.effort.people, held=None, happened=sale.status, days=sale.days)


def _orders(asked: Asked) -> dict[int, str]:
    """Orders that the reader may see and export, with whose touches, by what names them."""
    rows = Order.objects.live()
    if asked.reader is not None:
        rows = rows.visible_to(asked.reader)
        for area in (Area.TOUCHES, Area.EXPORT):
            rows = rows.filter(hangs_within(asked.reader, area, Act.SEE))
    found = rows.order_by().values_list("pk", "external_id", "title")
    return {pk: shown_id(external_id, title or str(pk)) for pk, external_id, title in found}


BY: dict[str, Callable[[Asked], Iterable[dict[str, Any]]]] = {
    "customer": by_customer,
    "order": by_order,
    "person": by_person,
}

REPORT = Report(
    "involvement",
    _columns("customer"),
    answer,
    by=tuple(BY),
    takes_window=True,
    shape=lambda asked: _columns(asked.by or "customer"),
)
