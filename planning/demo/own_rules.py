"""The few customers of the demo whose rhythm is not that of their tier, and why."""

import datetime as dt

from customers.actions.writing import write
from customers.models import TouchType
from planning.demo.book import Account
from planning.demo.company import Person
from planning.models import CustomerRule

# Tier, stage of the story, touch type, touches, period, minutes, first and last day from today, reason.
OWN_RULES = [
    (
        "A",
        "customer",
        "Voice call",
        1,
        "week",
        20,
        -24,
        66,
        "New line is being built: we call their project lead weekly.",
    ),
    ("B", "customer", "Voice call", 0, "month", 15, -17, 75, "Their buyer asked for no calls before the new season."),
    ("C", "customer", "Field sales call", 1, "year", 60, -90, None, "Frame contract signed: one visit a year will do."),
    ("B", "prospect", "Demo", 1, "quarter", 90, 12, None, "Wants to see each new recipe on the machine."),
]


def agree_own_rules(book: list[Account], people: dict[str, Person], now: dt.datetime, today: dt.date) -> None:
    """One customer for each: the first of that tier and story, of the salesperson who signs in where she has one."""
    types = {row.name: row for row in TouchType.objects.all()}
    taken = set()
    for tier, story, touch_type, count, period, minutes, first, last, reason in OWN_RULES:
        fitting = [a for a in book if (a.tier, a.story) == (tier, story) and a.customer.pk not in taken]
        account = next((a for a in fitting if a.owner is people["Maren Holt"]), fitting[0])
        taken.add(account.customer.pk)
        rule = CustomerRule(
            customer=account.customer,
            role=account.owner.membership.role,
            touch_type=types[touch_type],
            count=count,
            period=period,
            duration_seconds=minutes * 60,
            starts_on=today + dt.timedelta(days=first),
            ends_on=None if last is None else today + dt.timedelta(days=last),
            reason=reason,
        )
        write(rule, actor=account.owner.user, now=now)
