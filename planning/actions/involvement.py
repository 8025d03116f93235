"""Computes who was involved with each customer in the last 90 days, and keeps it for the pages that show it (domain 3.6)."""

import datetime as dt
from typing import Any

from django.db import transaction

from customers.models import Assignment
from planning.loaders.involvement import Found, Window, load_involvement
from planning.models import (
    INVOLVEMENT_DAYS,
    SECONDS_OF,
    CustomerInvolvement,
    InvolvementFinding,
    InvolvementRun,
)
from territory import clock
from territory.jobs.runner import Progress
from territory.rows import among

# Rows a statement.
BATCH = 2_000


def compute_involvement(*, now: dt.datetime, progress: Progress | None = None) -> dict[str, Any]:
    """The last 90 days up to this moment, in the place of what was kept before."""
    on = clock.day_of(now, clock.company_zone())
    window = Window.of(on - dt.timedelta(days=INVOLVEMENT_DAYS - 1), on, now)
    rows: list[CustomerInvolvement] = []
    findings: list[InvolvementFinding] = []
    for number, found in enumerate(load_involvement(window), start=1):
        if found.done.by_person:
            rows.append(_row(found))
        findings += _findings(found)
        if progress and number % BATCH == 0:
            progress(number)
    _store(on, now, rows, findings)
    return {"customers": len(rows), "findings": len(findings)}


@transaction.atomic
def _store(on: dt.date, now: dt.datetime, rows: list[CustomerInvolvement], findings: list[InvolvementFinding]) -> None:
    """Safe beside another: the row of the run is held, the later one stands."""
    run, _is_new = InvolvementRun.objects.update_or_create(on=on, defaults={"computed_at": now})
    InvolvementRun.objects.exclude(pk=run.pk).delete()
    for model in (CustomerInvolvement, InvolvementFinding):
        model.objects.all().delete()
    # Whoever was taken off a customer meanwhile needs no pointing out.
    there = set(
        Assignment.objects.filter(among("pk", [row.assignment_id for row in findings])).values_list("pk", flat=True)
    )
    CustomerInvolvement.objects.bulk_create(rows, batch_size=BATCH)
    InvolvementFinding.objects.bulk_create([row for row in findings if row.assignment_id in there], batch_size=BATCH)


def _row(found: Found) -> CustomerInvolvement:
    done, owner = found.done, found.owner
    by_function = {SECONDS_OF[name]: seconds for name, seconds in done.by_function.items() if name is not None}
    return CustomerInvolvement(
        customer_id=found.customer,
        owner_id=owner and owner.user,
        held=owner.kind if owner else "",
        touches=done.touches,
        people=done.people,
        seconds=done.seconds,
        owner_seconds=done.by_person.get(owner.user, 0) if owner else 0,
        others_seconds=done.by_function.get(None, 0),
        **by_function,
    )


def _findings(found: Found) -> list[InvolvementFinding]:
    return [
        InvolvementFinding(
            customer_id=found.customer,
            assignment_id=row.seat.key,
            held=row.seat.kind,
            happened=row.happened.value,
            others=list(row.others),
            share=row.share,
        )
        for row in found.done.findings
    ]
