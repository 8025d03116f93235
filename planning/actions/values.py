"""Deciding on what evidence suggests: adopting it, or keeping the official value with a reason."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from planning.actions.rules import set_touch_value
from planning.engine.drift import INSIDE, side
from planning.models import RejectedSuggestion, TouchValue
from planning.queries.touch_values import Line, figure_of, official_on
from territory import clock


class Meanwhile(Exception):
    """Something else holds than what was shown: another official value (None: not set any more), a rejection, or other
    evidence (`is_anew`)."""

    def __init__(
        self, official: TouchValue | None, rejected: RejectedSuggestion | None = None, *, is_anew: bool = False
    ) -> None:
        super().__init__(str(official))
        self.official, self.rejected, self.is_anew = official, rejected, is_anew


@transaction.atomic
def adopt_suggestion(
    *, line: Line, seen: tuple[int, int | None], reason: str, actor: User, now: dt.datetime
) -> TouchValue:
    """Let what evidence suggests be the official value from today on.

    `seen`: the keys of the evidence and of the official value that were shown. Raises Meanwhile where others hold by now,
    ValidationError where it is not possible or holds already.
    """
    today = clock.day_of(now, clock.company_zone())
    official = _unchanged(line, seen, today)
    if official is not None and official.amount == line.suggestion:
        raise ValidationError(_("The official value is what the evidence shows: there is nothing to adopt."))
    return set_touch_value(
        touch_type=line.touch_type,
        tier=line.tier,
        stage=line.stage,
        amount=line.suggestion,
        starts_on=today,
        reason=reason,
        actor=actor,
        now=now,
    )


@transaction.atomic
def reject_suggestion(
    *, line: Line, seen: tuple[int, int | None], reason: str, actor: User, now: dt.datetime
) -> RejectedSuggestion:
    """Keep the official value although it lies outside the interval; raises as adopting does.

    It is not suggested again until evidence has moved (planning.engine.drift).
    """
    official = _unchanged(line, seen, clock.day_of(now, clock.company_zone()))
    figure = figure_of(line.evidence)
    if official is None or line.evidence is None or figure is None or side(float(official.amount), figure) == INSIDE:
        raise ValidationError(_("The official value does not lie outside the interval: there is nothing to reject."))
    on = line.evidence.run.on
    row = RejectedSuggestion(
        official=official,
        on=on,
        value=figure.value,
        low=figure.low,
        high=figure.high,
        reason=reason,
        rejected_by=actor,
        rejected_at=now,
    )
    row._history_user = actor  # type: ignore[attr-defined]
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        known = RejectedSuggestion.objects.select_related("rejected_by").get(official=official, on=on)
        raise Meanwhile(official, known) from error
    return row


def _unchanged(line: Line, seen: tuple[int, int | None], today: dt.date) -> TouchValue | None:
    """The official value of today, if it and the evidence are those that were shown."""
    evidence, official = seen
    holds = official_on(line.touch_type.pk, line.tier.pk, line.stage, today)
    if (holds.pk if holds else None) != official:
        raise Meanwhile(holds)
    if line.evidence is None or line.evidence.pk != evidence:
        raise Meanwhile(holds, is_anew=True)
    return holds
