"""Reads where customers stood at the ends of past months, and keeps it for the pages that count them (domain 3.6)."""

import datetime as dt
from collections.abc import Callable, Collection
from functools import partial

from django.db import models, transaction
from django.db.models import F, Q, Subquery
from django.db.models.functions import Coalesce

from customers.models import Customer
from planning.engine.months import Run, month_before, month_of
from planning.loaders.standing_months import Stood, load_standing_months
from planning.models import FactsMark, RulesVersion, StandingMark, StandingMonths
from territory import clock
from territory.again import again, give_way
from territory.rows import among

# Well under a second.
CHUNK = 1_000

NEVER = dt.date.min
FIELDS = ("last_month", "stage", "tier_id", "team_id", "owner_id")


def last_month_on(on: dt.date) -> dt.date:
    """The last month that has ended on a day."""
    return month_before(month_of(on))


def stale_standing(month: dt.date) -> models.QuerySet[Customer]:
    """Customers whose months are missing, of an earlier month, of older rules or of other facts than the latest."""
    number = Coalesce(F("facts_mark__number"), 0, output_field=models.BigIntegerField())
    rules = Coalesce(Subquery(RulesVersion.objects.order_by("-number").values("number")[:1]), 0)
    fresh = Q(standing_mark__month=month, standing_mark__rules_number=rules, standing_mark__facts_number=number)
    return Customer.objects.filter(Q(standing_mark__isnull=True) | ~fresh)


def renew_standing(
    *, now: dt.datetime, until: dt.datetime | None = None, progress: Callable[[int, int | None], None] | None = None
) -> int:
    """Read the months of stale customers anew, chunk after chunk, taking up none after the instant `until`; how many.

    Each chunk is a transaction of its own, so that it can be stopped at any time and run again.
    """
    month = last_month_on(clock.day_of(now, clock.company_zone()))
    stale = stale_standing(month).order_by("pk").values_list("pk", flat=True)
    done, cursor = 0, 0
    while chunk := list(stale.filter(pk__gt=cursor)[:CHUNK]):
        if until is not None and clock.now() > until:
            break
        cursor = chunk[-1]
        again(partial(_renew, chunk, month, now))
        done += len(chunk)
        if progress:
            progress(done, None)
        give_way()
    return done


@transaction.atomic
def _renew(ids: list[int], month: dt.date, now: dt.datetime) -> None:
    _claim(ids, now)
    # Numbers are read before the facts: what changes in between leaves the months stale, never wrongly fresh.
    rules = RulesVersion.current()
    facts = dict(FactsMark.objects.filter(among("customer_id", ids)).values_list("customer_id", "number"))
    _store(load_standing_months(ids, month))
    marks = [
        StandingMark(customer_id=pk, facts_number=facts.get(pk, 0), rules_number=rules, month=month, computed_at=now)
        for pk in ids
    ]
    StandingMark.objects.bulk_create(
        marks,
        update_conflicts=True,
        unique_fields=["customer"],
        update_fields=["facts_number", "rules_number", "month", "computed_at"],
    )


def _claim(ids: list[int], now: dt.datetime) -> None:
    """Hold the marks, made where there are none: of two at once the second waits here and begins with what the first wrote."""
    StandingMark.objects.bulk_create(
        [StandingMark(customer_id=pk, month=NEVER, computed_at=now) for pk in ids], ignore_conflicts=True
    )
    held = StandingMark.objects.filter(among("customer_id", ids)).order_by("customer_id")
    list(held.select_for_update(no_key=True).values_list("customer_id"))


def _store(wanted: dict[int, list[Run[Stood]]]) -> None:
    """Make the rows of these customers the wanted ones; writes only what differs."""
    stored = StandingMonths.objects.filter(among("customer_id", wanted)).values_list(
        "customer_id", "first_month", "pk", *FIELDS
    )
    present: dict[tuple[int, dt.date], tuple] = {(customer, first): rest for customer, first, *rest in stored}
    changed = []
    for customer, spans in wanted.items():
        for span in spans:
            values = (span.last, *span.held)
            row = present.pop((customer, span.first), None)
            if row is None or tuple(row[1:]) != values:
                changed.append(
                    StandingMonths(
                        customer_id=customer, first_month=span.first, **dict(zip(FIELDS, values, strict=True))
                    )
                )
    _remove([row[0] for row in present.values()])
    StandingMonths.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["customer", "first_month"],
        update_fields=[field.removesuffix("_id") for field in FIELDS],
        batch_size=500,
    )


def _remove(keys: Collection[int]) -> None:
    if keys:
        StandingMonths.objects.filter(among("pk", keys)).delete()
