"""Evidence of past months, and official values that were adopted from it half a year ago: since then some have drifted."""

import datetime as dt
from decimal import Decimal

from accounts.models import User
from planning.actions.evidence import compute_evidence
from planning.models import EvidenceRun, RejectedSuggestion, TouchEvidence, TouchValue, ValueStage
from planning.queries.touch_values import figure_of, lines_outside, suggested
from territory import clock

# Days ago of which evidence is kept; the values were adopted on the third from the last.
DAYS_AGO = (240, 210, 180, 120, 60)
ADOPTED = 180

# Set by judgement instead, as a part of what the log showed: stage, touch type, tier. They are the most off by now, and of
# kinds that stand near the top of the lists of those who sign in to the demo.
JUDGED = {
    (ValueStage.PROSPECT, "Marketing outreach", "A"): Decimal("0.4"),
    (ValueStage.CUSTOMER, "Voice call", "A"): Decimal("0.4"),
}
# Never made with prospects who have ended: as a multiple of another type's figure.
AS_ANOTHER = {"Online meeting": ("Voice call", Decimal("1.4")), "Demo": ("Field sales call", Decimal("1.2"))}


def adopt_past_values(admin: User, now: dt.datetime) -> None:
    """Months of evidence, and from one of them the official values that hold now."""
    for days in DAYS_AGO:
        compute_evidence(now=now - dt.timedelta(days=days))
    at = now - dt.timedelta(days=ADOPTED)
    run = EvidenceRun.objects.filter(computed_at__lte=at).first()
    rows = list(run.rows.select_related("touch_type", "tier")) if run else []
    pooled = {(row.stage, row.touch_type.name): row.value for row in rows if row.is_pooled and row.value is not None}
    for row in rows:
        found = _value(row, pooled)
        if found is not None and run is not None:
            _adopt(row, *found, run.on, admin, at)


def _value(row: TouchEvidence, pooled: dict[tuple[str, str], float]) -> tuple[Decimal, str] | None:
    """What was set, and why."""
    if row.value is None:
        other, part = AS_ANOTHER.get(row.touch_type.name, ("", Decimal(0)))
        figure = pooled.get((row.stage, other))
        return (
            None if figure is None else (suggested(figure * float(part)), "Nothing in the log yet: judged by the team")
        )
    judged = JUDGED.get((ValueStage(row.stage), row.touch_type.name, row.tier.name))
    if judged is not None:
        return suggested(
            row.value * float(judged)
        ), "Less than the log shows: they would have ordered anyway, the team thinks"
    reason = "Too few wins on this tier: as on all" if row.is_pooled else "As the log of two years shows"
    return suggested(row.value), reason


def _adopt(row: TouchEvidence, amount: Decimal, reason: str, on: dt.date, admin: User, at: dt.datetime) -> None:
    value = TouchValue(
        touch_type=row.touch_type, tier=row.tier, stage=row.stage, amount=amount, starts_on=on, reason=reason,
        approved_by=admin, approved_at=at,
    )  # fmt: skip
    value._history_user, value._history_date = admin, at  # type: ignore[attr-defined]
    value.save()


def reject_one(admin: User, now: dt.datetime) -> None:
    """Of the suggestions for customers the least off is rejected: the list shows what that looks like."""
    run = EvidenceRun.objects.first()
    outside = [
        line for line in lines_outside(clock.day_of(now, clock.company_zone())) if line.stage == ValueStage.CUSTOMER
    ]
    figure = figure_of(outside[-1].evidence) if len(outside) > 1 else None
    if run is None or figure is None or outside[-1].official is None:
        return
    row = RejectedSuggestion(
        official=outside[-1].official, on=run.on, value=figure.value, low=figure.low, high=figure.high,
        reason="One large campaign is in these months: looked at again when it has left", rejected_by=admin, rejected_at=now,
    )  # fmt: skip
    row._history_user = admin  # type: ignore[attr-defined]
    row.save()
