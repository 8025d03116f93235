"""A customer with all that its page can show: every kind of entry in its timeline, every panel."""

import datetime as dt
import itertools
import uuid

from accounts.models import Membership
from customers.models import (
    Contact,
    Customer,
    Potential,
    SellingCourse,
    StageDecision,
    StagePeriod,
    TierFix,
    TierPeriod,
    Touch,
)
from planning.models import Budget, SaleMeasure
from territory import clock
from tests import factories

STAGES = ("prospect", "lost", "prospect", "customer", "lapsed")


def busy_customer(owner: Membership, times: int = 1, touches: int = 0) -> Customer:
    """Of this owner: each kind of entry so many times, as far as it may repeat, and before them so many touches more."""
    customer = factories.customer("Busy customer", owner=owner, tier=factories.tiers()["A"], note="Rings on Mondays.")
    role = factories.contact_role("Buyer")
    factories.contact_role("Senior officer", expected_in_top_tiers=True)
    factories.contact(customer, "Gone Long", role=role, left_on=dt.date(2026, 1, 1))
    contacts = [factories.contact(customer, f"Anna {number}", role=role, phone="+44 1") for number in range(times)]
    # Newest first, a minute apart: one of each kind, then the next of each.
    moments = (clock.now() - dt.timedelta(minutes=minute) for minute in itertools.count(1))
    for number in range(times):
        _happen(customer, owner, contacts[number], moments, number)
    _tiers(customer, times)
    _panels(customer, owner, contacts[0])
    start = next(moments)
    rows = [
        Touch(customer=customer, type=factories.touch_type(), at=at, logged_at=at, logged_by=owner.user, note="Spoke.")
        for at in (start - dt.timedelta(minutes=minute) for minute in range(touches))
    ]
    Touch.objects.bulk_create(rows)
    return customer


def _happen(customer: Customer, owner: Membership, contact: Contact, moments, number: int) -> None:
    """One of each kind."""
    person, market = owner.user, factories.market()
    touch = factories.touch(customer, person, at=next(moments), travel=20, note="Saw the line.", outreach=uuid.uuid4())
    touch.contacts.add(contact)
    # Older than all: with it the newest 20 would not hold one of each kind.
    factories.touch(customer, person, at=clock.now() - dt.timedelta(days=2), minutes=600)
    pending = factories.order(customer, 290_000, salesperson=person, opened_at=next(moments))
    factories.order(customer, 500, "won", next(moments), person, product_line=factories.product_line())
    factories.order(customer, 400, "lost", next(moments), person, lost_reason="Too late")
    # A day is its first instant: tomorrow's is newer than any moment here.
    factories.expense(person, order=pending, note="Samples of the line.", spent_on=_day(-1 - number))
    situation = factories.situation(pending, opened_at=next(moments), note="Look at it.")
    if number:
        situation.resolved_at = situation.opened_at
        situation.save(update_fields=["resolved_at"])
    _stage(customer, owner, next(moments), number)
    changed = [
        (customer, {"town": f"Leeds {number}", "market": market}),
        (contact, {"title": "Director"}),
        (factories.assign(customer, factories.membership(team=owner.team), "support"), {"share": "0.5"}),
        (pending, {"amount": 300_000, "product_line": factories.product_line()}),
        (Potential.objects.create(customer=customer, amount=1, noted_on=_day(number), noted_by=person), {"amount": 9}),
    ]
    factories.circumstance(customer, f"Kind {number}", ends_on=_day(number), noted_by=person)
    fix = {"starts_on": _day(number), "ends_on": _day(number), "tier": customer.tier, "fixed_by": person}
    changed.append((TierFix.objects.create(customer=customer, reason="Agreed", **fix), {"reason": "Agreed again"}))
    for row, values in changed:
        for name, value in values.items():
            setattr(row, name, value)
        row._history_date, row._history_user = next(moments), person
        row.save(update_fields=list(values))


def _day(number: int) -> dt.date:
    return clock.company_today() - dt.timedelta(days=number)


def _stage(customer: Customer, owner: Membership, at: dt.datetime, number: int) -> None:
    stage = STAGES[number % len(STAGES)]
    StagePeriod.objects.create(customer=customer, stage=stage, began_at=at)
    if stage in ("prospect", "lost"):
        StageDecision.objects.create(customer=customer, stage=stage, at=at, reason="Said so", decided_by=owner.user)


def _tiers(customer: Customer, times: int) -> None:
    """A tier before the first change, the last one since today."""
    for number in range(times + 1):
        tier = factories.tiers()["AB"[number % 2]]
        TierPeriod.objects.create(customer=customer, tier=tier, starts_on=_day(times - number))


def _panels(customer: Customer, owner: Membership, contact: Contact) -> None:
    """What is planned and due, where it is on its tier's curve, open orders beside normal ones, budgets with all reasons."""
    for measure in SaleMeasure:
        factories.moved_measure(measure, effects={("customer", customer.pk): 0.2, ("salesperson", owner.user_id): 0.2})
    SellingCourse.objects.create(customer=customer, started_at=clock.now() - dt.timedelta(days=30))
    for tier in (customer.tier, None):
        factories.touches_curve(tier, {n: n / 200 for n in range(100)})
    rule = factories.contact_rule(role=owner.role)
    field = factories.contact_rule(role=owner.role, touch_type=factories.touch_types()["field"])
    factories.due_touch(customer, owner.user, _day(4), rule)
    factories.due_touch(customer, owner.user, _day(2), field)
    own = factories.own_rule(customer, _day(9), role=factories.role("Technical support"))
    factories.own_rule(customer, _day(99), _day(60), role=owner.role, count=0)
    factories.planned_touch(customer, owner.user, _day(1), reason="Ask again")
    factories.figures(customer, unknown_person_minutes=3, implausible_touches=1)
    line = {"rule": None, "about": None, "per_month": 2, "each": 15, "travel_each": None, "travel_unknown": False}
    lines = [
        line | {"kind": "contact rule", "rule": rule.pk, "about": rule.touch_type_id},
        line | {"kind": "contact rule", "rule": field.pk, "about": field.touch_type_id, "travel_each": 30},
        line | {"kind": "own rule", "rule": own.pk, "about": own.touch_type_id},
        line | {"kind": "own rule", "rule": own.pk, "about": own.touch_type_id, "per_month": 0},
        line | {"kind": "orders"},
        line | {"kind": "contacts", "about": contact.role_id},
        line | {"kind": "team selling"},
    ]
    for role in (owner.role, factories.role("Technical support")):
        Budget.objects.create(
            customer=customer,
            role=role,
            touch_minutes=100,
            actual_minutes=50,
            status="under",
            breakdown=[each | {"minutes": 30, "travel_minutes": 5} for each in lines],
        )
