"""What the people of the demo did in two years, and what they plan next."""

import datetime as dt
import random
import uuid

from customers.models import InternalWork, PlannedTouch, Touch, TouchPerson, TouchType
from planning.actions.starting_rules import CONTACT_RULES
from planning.demo.book import Account
from planning.demo.company import HISTORY_DAYS, ZONE, Person
from planning.demo.names import NOTES
from planning.engine import travel
from planning.engine.rhythm import interval_days
from territory import clock

OUTCOMES = {"advanced": 0.25, "neutral": 0.55, "set_back": 0.08, "no_answer": 0.12}
LATELY_DAYS = 120


def log_activity(rng: random.Random, book: list[Account], people: dict[str, Person], now: dt.datetime) -> None:
    """Touches about as often as the rules ask, each person as diligent as they are; and internal work."""
    types = {row.name: row for row in TouchType.objects.all()}
    today = now.astimezone(ZONE).date()
    touches: list[Touch] = []
    parts: list[TouchPerson] = []
    for account in book:
        for stage, first, last in _spans(account, today):
            for tier, rule_stage, role, touch_type, count, period, minutes in CONTACT_RULES:
                if tier == account.tier and rule_stage == stage:
                    # Where nobody has the role on a customer, its owner does what the rule asks.
                    person = account.people.get(role, account.owner)
                    interval = float(interval_days(count, period))
                    for day in _days(rng, account, person, interval, first, last, today):
                        _touch(rng, account, person, types[touch_type], minutes, day, touches, parts)
    touches = [touch for touch in touches if touch.at < now]
    Touch.objects.bulk_create(touches, batch_size=2000)
    TouchPerson.objects.bulk_create([part for part in parts if part.touch.pk], batch_size=4000)
    _meet(rng, touches)
    _work(rng, book, people, now)


def _spans(account: Account, today: dt.date):
    """The stages a customer went through in the last two years, and how it was won: (stage, first day, last day)."""
    begin = max(account.since, today - dt.timedelta(days=HISTORY_DAYS))
    if account.first_order is None:
        yield "prospect", begin, account.ended or today
        return
    yield "prospect", account.since, account.first_order
    if account.ended is None:
        yield "customer", max(begin, account.first_order), today
        return
    lapse = account.ended + dt.timedelta(days=365)
    yield "customer", max(begin, account.first_order), min(lapse, today)
    if lapse < today:
        yield "lapsed", lapse, today


def _days(rng, account: Account, person: Person, interval: float, first: dt.date, last: dt.date, today: dt.date):
    """Working days about `interval` apart on which the person is there."""
    at = first.toordinal() + rng.uniform(0, min(interval, 30))
    while at <= last.toordinal():
        day = dt.date.fromordinal(int(at))
        effort = account.effort if (today - day).days <= LATELY_DAYS else 1.0
        at += interval * rng.uniform(0.65, 1.35) / (person.diligence * effort)
        while day.weekday() > 4 or person.is_away(day):
            day += dt.timedelta(days=1)
        if day <= last:
            yield day


def _touch(rng, account, person, touch_type, minutes, day, touches, parts) -> None:
    outcome = (
        "neutral" if touch_type.channel == "marketing" else rng.choices(list(OUTCOMES), list(OUTCOMES.values()))[0]
    )
    if outcome == "no_answer" and touch_type.channel != "voice":
        outcome = "neutral"
    spent = 3 if outcome == "no_answer" else max(1, round(minutes * rng.uniform(0.8, 1.4)))
    drive = _drive(person, account) if touch_type.travels else 0
    at = clock.start_of_day(day, ZONE) + dt.timedelta(
        hours=rng.randint(8, 16), minutes=rng.choice([0, 10, 15, 30, 40, 45])
    )
    if person.is_away(day):
        return
    touch = Touch(
        uuid=uuid.UUID(int=rng.getrandbits(128), version=4),
        customer=account.customer,
        type=touch_type,
        at=at,
        duration_seconds=spent * 60,
        travel_seconds=drive * 60,
        outcome=outcome,
        note=rng.choice(NOTES[outcome]) if touch_type.channel != "marketing" else "",
        logged_by=person.user,
        logged_at=at + dt.timedelta(minutes=spent),
    )
    touch.people_met = rng.sample(account.contacts[:3], 1) if outcome != "no_answer" else []
    touches.append(touch)
    parts.append(
        TouchPerson(
            touch=touch,
            user=person.user,
            role=person.membership.role,
            duration_seconds=spent * 60,
            travel_seconds=drive * 60,
        )
    )


def _drive(person: Person, account: Account) -> int:
    base = (person.user.base_latitude, person.user.base_longitude)
    place = (account.customer.latitude, account.customer.longitude)
    return round(travel.minutes_for_km(travel.great_circle_km(base, place)))


def _meet(rng, touches: list[Touch]) -> None:
    through = Touch.contacts.through
    through.objects.bulk_create(
        [through(touch_id=touch.pk, contact_id=contact.pk) for touch in touches for contact in touch.people_met],
        batch_size=5000,
    )


def _work(rng, book: list[Account], people: dict[str, Person], now: dt.datetime) -> None:
    """Coordinators handle orders, technicians prepare, teams meet on Mondays."""
    rows = []
    today = now.astimezone(ZONE).date()
    for account in book:
        handler = account.people.get("Sales coordinator", account.owner)
        for order in account.orders:
            if order.status == "won":
                day = order.closed_at.astimezone(ZONE).date()
                rows.append(_row(rng, handler, day, "order_handling", rng.randint(30, 60), account, order))
                rows.append(_row(rng, account.owner, day, "coordination", rng.randint(10, 30), account, order))
        if account.ended is None and account.tier in "ABC":
            rows += _coordination(rng, account, today)
    for person in people.values():
        for week in range(1, 14):
            monday = today - dt.timedelta(days=today.weekday() + 7 * week)
            row = _row(rng, person, monday, "meeting", 30)
            row.team = person.membership.team
            rows.append(row)
    InternalWork.objects.bulk_create(rows, batch_size=2000)


def _coordination(rng, account: Account, today: dt.date):
    """What the people on a customer do for it between touches, about every month in the last half year."""
    minutes = {"Salesperson": (8, 25), "Sales coordinator": (5, 15), "Technical support": (8, 30)}
    for role, person in account.people.items():
        for month in range(6):
            day = today - dt.timedelta(days=30 * month + rng.randint(1, 29))
            if day >= account.since and day.weekday() < 5 and not person.is_away(day):
                kind = "preparation" if role == "Technical support" else "coordination"
                yield _row(rng, person, day, kind, round(rng.randint(*minutes[role]) * account.effort), account)


def _row(
    rng, person: Person, day: dt.date, kind: str, minutes: int, account: Account | None = None, order=None
) -> InternalWork:
    return InternalWork(
        uuid=uuid.UUID(int=rng.getrandbits(128), version=4),
        user=person.user,
        role=person.membership.role,
        kind=kind,
        spent_on=day,
        duration_seconds=minutes * 60,
        customer=account.customer if account else None,
        order=order,
        logged_by=person.user,
        logged_at=clock.start_of_day(day, ZONE) + dt.timedelta(hours=17),
    )


def plan_ahead(rng: random.Random, book: list[Account], people: dict[str, Person], now: dt.datetime) -> None:
    """Next steps of the coming two weeks for everyone, three visits today for who signs in as salesperson."""
    types = {row.name: row for row in TouchType.objects.all()}
    today = now.astimezone(ZONE).date()
    rows = []
    for person in people.values():
        mine = [a for a in book if a.owner is person and a.story in ("customer", "prospect") and a.tier in "ABC"]
        for account in rng.sample(mine, min(8, len(mine))):
            day = today + dt.timedelta(days=rng.randint(1, 14))
            day += dt.timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)
            name = rng.choice(["Voice call", "Field sales call", "Online meeting"])
            rows.append(_planned(person, account, types[name], day, "agreed at the last touch", now))
    rep = people["Maren Holt"]
    near = [a for a in book if a.owner is rep and a.story == "customer" and a.tier in "AB"]
    for hour, account in zip((10, 13, 15), rng.sample(near, min(3, len(near))), strict=False):
        row = _planned(rep, account, types["Field sales call"], today, "visit agreed", now)
        row.due_at = clock.start_of_day(today, ZONE) + dt.timedelta(hours=hour)
        rows.append(row)
    PlannedTouch.objects.bulk_create(rows)


def _planned(
    person: Person, account: Account, touch_type: TouchType, day: dt.date, reason: str, now: dt.datetime
) -> PlannedTouch:
    return PlannedTouch(
        customer=account.customer,
        type=touch_type,
        assignee=person.user,
        due_on=day,
        duration_seconds=touch_type.default_seconds,
        source="next_step",
        reason=reason,
        planned_by=person.user,
        planned_at=now,
    )
