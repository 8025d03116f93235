"""Changing the rules: each change is recorded, and raises the version under which figures count as computed."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models.deletion import ProtectedError
from django.utils.translation import gettext as _

from accounts.models import User
from customers.actions.lifecycle import mark_lifecycles_due
from customers.models import Tier
from planning.models import WITHOUT_EFFECT, PlanningSettings, RulesVersion, TouchValue
from planning.nudge import recompute_soon
from territory.company.models import Company, Holiday
from territory.conflicts import claim


def raise_rules_version(*, actor: User | None, now: dt.datetime, what: str, reason: str = "") -> int:
    """Everything computed so far is stale from now on, and recomputed soon. Returns the new version's number."""
    recompute_soon(everything=True)
    version = RulesVersion.raised(changed_at=now, changed_by=actor, what=what[:200], reason=reason[:200])
    return version.number


@transaction.atomic
def save_rule(
    *, row: models.Model, version: int | None, actor: User, now: dt.datetime, what: str = "", reason: str = ""
) -> models.Model:
    """Store a new row of rules or catalogue, or a changed one that was shown at `version`; raises Conflict.

    The row comes validated from its form; what the database still refuses becomes a ValidationError. `what` and
    `reason` say it in words, for those who read the latest changes.
    """
    store_setting(row, version, actor, reason)
    what = what or _("%(kind)s changed") % {"kind": row._meta.verbose_name}
    _announce(row, actor=actor, now=now, what=what, reason=reason)
    return row


@transaction.atomic
def save_counting(*, row: PlanningSettings, version: int | None, actor: User) -> PlanningSettings:
    """Store how evidence and the value of work are counted, or how visits are planned, as shown at `version`; raises Conflict.

    No figure of a customer rests on it, so none becomes stale: what is computed afterwards goes by it.
    """
    store_setting(row, None if row._state.adding else version, actor, "")
    return row


def store_setting(row: models.Model, version: int | None, actor: User, reason: str) -> None:
    _sign(row, actor, reason)
    _place_tier(row)
    try:
        with transaction.atomic():
            if row.pk is None or version is None:
                row.save()
            else:
                claim(row, version)
                row.save()
    except IntegrityError as error:
        raise ValidationError(_("There is such a row already.")) from error


def _sign(row: models.Model, actor: User, reason: str) -> None:
    """Who and why, for the row's history."""
    row._history_user = actor
    if reason:
        row._change_reason = reason[:100]


@transaction.atomic
def remove_rule(
    *,
    row: models.Model,
    actor: User,
    now: dt.datetime,
    version: int | None = None,
    what: str = "",
    reason: str = "",
) -> None:
    """Take a rule away (history keeps it), or retire a row of the catalogue that the past still names.

    Raises Conflict where the row changed since it was shown at `version`.
    """
    _sign(row, actor, reason)
    claim(row, row.version if version is None else version)
    if hasattr(row, "retired_at"):
        refuse_last_tier(row)
        row.retired_at = now
        row.save(update_fields=["retired_at", "version"])
    else:
        try:
            row.delete()
        except ProtectedError as error:
            raise ValidationError(_("This is still in use.")) from error
    what = what or _("%(kind)s removed") % {"kind": row._meta.verbose_name}
    _announce(row, actor=actor, now=now, what=what, reason=reason)


@transaction.atomic
def restore_rule(
    *,
    row: models.Model,
    actor: User,
    now: dt.datetime,
    version: int | None = None,
    what: str = "",
    reason: str = "",
) -> None:
    """Bring a retired row of the catalogue back; raises Conflict where it changed since it was shown at `version`."""
    if row.retired_at is None:  # type: ignore[attr-defined]
        return
    _sign(row, actor, reason)
    claim(row, row.version if version is None else version)
    row.retired_at = None
    _place_tier(row)
    row.save(update_fields=["retired_at", "position", "version"])
    what = what or _("%(kind)s restored") % {"kind": row._meta.verbose_name}
    _announce(row, actor=actor, now=now, what=what, reason=reason)


def refuse_last_tier(row: models.Model) -> None:
    """Raises ValidationError for the only tier in use: customers must stand in one."""
    if isinstance(row, Tier) and not Tier.objects.live().exclude(pk=row.pk).exists():
        raise ValidationError(_("There must be one tier at least."))


def _announce(row: models.Model, *, actor: User, now: dt.datetime, what: str, reason: str = "") -> None:
    """Figures rest on older rules from now on; a change of tiers also asks for every customer's tier anew."""
    if isinstance(row, WITHOUT_EFFECT):
        return
    # The version before the customers, as everywhere: of two changes of rules neither waits for the other in turn.
    raise_rules_version(actor=actor, now=now, what=what, reason=reason)
    if isinstance(row, Tier):
        _rank_tiers(actor, reason)
        mark_lifecycles_due(now=now)


def _place_tier(row: models.Model) -> None:
    """The place of a tier follows from its bound, so that the two cannot contradict each other."""
    if isinstance(row, Tier):
        above = Tier.objects.live().exclude(pk=row.pk).filter(lower_bound__gt=row.lower_bound)
        row.position = above.count() + 1


def _rank_tiers(actor: User, reason: str) -> None:
    """The other tiers move up or down; each tells it in its history."""
    for position, tier in enumerate(Tier.objects.live().order_by("-lower_bound"), start=1):
        if tier.position != position:
            tier.position = position
            _sign(tier, actor, reason)
            tier.save(update_fields=["position"])


@transaction.atomic
def set_touch_value(
    *, touch_type, tier, stage: str, amount, starts_on: dt.date, reason: str, actor: User, now: dt.datetime
):
    """Let a new official value start; the old one stays readable. One value a day for type, tier and stage."""
    value = TouchValue(
        touch_type=touch_type,
        tier=tier,
        stage=stage,
        amount=amount,
        starts_on=starts_on,
        reason=reason,
        approved_by=actor,
        approved_at=now,
    )
    value.full_clean()
    try:
        with transaction.atomic():
            value.save()
    except IntegrityError as error:  # somebody else set one meanwhile
        raise ValidationError(_("A value starts on this day already; choose another day.")) from error
    _announce(value, actor=actor, now=now, what=_("touch value set"))
    return value


@transaction.atomic
def change_company(
    *, row: Company, version: int, actor: User, now: dt.datetime, what: str = "", reason: str = ""
) -> Company:
    """Store the company's name, zone and working days; raises Conflict when it changed since it was shown."""
    _sign(row, actor, reason)
    claim(row, version)
    row.save()
    _calendar_changed(actor=actor, now=now, what=what or _("working days changed"), reason=reason)
    return row


@transaction.atomic
def add_holiday(*, row: Holiday, actor: User, now: dt.datetime, what: str = "", reason: str = "") -> Holiday:
    """Nobody works on that day."""
    _sign(row, actor, reason)
    row.save()
    _calendar_changed(actor=actor, now=now, what=what or _("holiday added"), reason=reason)
    return row


@transaction.atomic
def remove_holiday(*, row: Holiday, actor: User, now: dt.datetime, what: str = "", reason: str = "") -> None:
    """People work on that day after all."""
    _sign(row, actor, reason)
    row.delete()
    _calendar_changed(actor=actor, now=now, what=what or _("holiday removed"), reason=reason)


def _calendar_changed(*, actor: User, now: dt.datetime, what: str, reason: str) -> None:
    """Due days follow the calendar, and lifecycles the company's midnight: both are asked for anew."""
    raise_rules_version(actor=actor, now=now, what=what, reason=reason)
    mark_lifecycles_due(now=now)
