"""What people do about special situations: take note of one, and set hours aside for it."""

import datetime as dt
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from customers.actions.writing import write
from planning.models import Situation, SituationHours
from territory.conflicts import claim


@transaction.atomic
def acknowledge(
    *,
    situation: Situation,
    version: int,
    note: str,
    actor: User,
    now: dt.datetime,
    look_again_on: dt.date | None = None,
) -> Situation:
    """Write down that somebody saw it and what they make of it, until a day; raises Conflict when somebody else was first."""
    if situation.resolved_at:
        raise ValidationError(_("It has resolved by itself meanwhile."))
    if not note.strip():
        raise ValidationError({"note": _("Say in a few words what happens next.")})
    claim(situation, version)
    # The job may have found other figures since the page was shown: the history must not tell the old ones.
    situation.refresh_from_db()
    situation.acknowledged_at, situation.acknowledged_by, situation.note = now, actor, note.strip()
    situation.look_again_on = look_again_on
    write(situation, actor=actor, now=now, fields=["acknowledged_at", "acknowledged_by", "note", "look_again_on"])
    return situation


@transaction.atomic
def hand_turn_over(*, situation: Situation, version: int, owner: User, actor: User, now: dt.datetime) -> Situation:
    """From now on it is somebody else's turn; raises Conflict when the situation was changed since it was shown."""
    if situation.resolved_at:
        raise ValidationError(_("It has resolved by itself meanwhile."))
    claim(situation, version)
    situation.refresh_from_db()
    situation.owner = owner
    write(situation, actor=actor, now=now, fields=["owner"])
    return situation


@transaction.atomic
def set_hours_aside(*, situation: Situation, user: User, hours_per_week: Decimal) -> None:
    """Keep hours a week of a person free for the situation while it is open; 0 hours end it."""
    if situation.resolved_at:
        raise ValidationError(_("It has resolved by itself meanwhile."))
    if hours_per_week == 0:
        SituationHours.objects.filter(situation=situation, user=user).delete()
        return
    SituationHours.objects.update_or_create(situation=situation, user=user, defaults={"hours_per_week": hours_per_week})
