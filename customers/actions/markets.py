"""What markets could bring with product lines: note, correct, archive, bring back. Access: rules, for the whole company."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from customers.actions.writing import archive, change, require_text, take, write
from customers.models import MarketPotential
from territory import clock

EDITABLE = ("market", "product_line", "yearly_potential", "growth_percent", "source", "noted_on")


@transaction.atomic
def save_market_potential(
    *, actor: User, now: dt.datetime, row: MarketPotential, version: int | None, values: Mapping[str, Any]
) -> None:
    """Store a new row, or a corrected one that was shown at `version`. The one noted last holds.

    Errors: `noted_on` in the future or noted for that day already; `source` empty; fields' own. Raises Conflict.
    """
    values = dict(values)
    if "source" in values:
        values["source"] = require_text("source", values["source"], _("Say where this figure comes from."))
    noted_on = values.get("noted_on", row.noted_on)
    if noted_on and noted_on > clock.day_of(now, clock.company_zone()):
        raise ValidationError({"noted_on": _("This day is still to come.")})
    if row.pk is None:
        row.noted_by = actor
        take(row, values, EDITABLE)
        row.full_clean()
        write(row, actor=actor, now=now)
    else:
        change(row, values, EDITABLE, version=version or 0, actor=actor, now=now)


@transaction.atomic
def archive_market_potential(*, actor: User, now: dt.datetime, row: MarketPotential) -> None:
    """Put away what was a mistake: the row noted before it holds again."""
    archive(row, actor=actor, now=now)


@transaction.atomic
def restore_market_potential(*, actor: User, now: dt.datetime, row: MarketPotential) -> None:
    """Bring a row back. Errors: another one is noted for its day by now."""
    if row.archived_at is None:
        return
    row.archived_at = None
    row.full_clean()
    write(row, actor=actor, now=now, fields=["archived_at"])
