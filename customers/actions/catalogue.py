"""Markets and product lines: store, archive, bring back. Access: rules, for the whole company."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from customers.actions.writing import archive, bring_back, change, take, write
from customers.models import Market, ProductLine

EDITABLE = {
    Market: ("external_id", "name", "parent"),
    ProductLine: ("external_id", "name", "list_price", "launched_on"),
}


@transaction.atomic
def save_catalogue_row(
    *, actor: User, now: dt.datetime, row: Market | ProductLine, version: int | None, values: Mapping[str, Any]
) -> None:
    """Store a new row, or one that was shown at `version`. Errors: by field; Conflict where another changed it."""
    allowed = EDITABLE[type(row)]
    if isinstance(row, Market):
        _refuse_circle(row, values.get("parent"))
    if row.pk is None:
        take(row, values, allowed)
        row.full_clean()
        write(row, actor=actor, now=now)
    else:
        change(row, values, allowed, version=version or 0, actor=actor, now=now)


@transaction.atomic
def archive_catalogue_row(*, actor: User, now: dt.datetime, row: Market | ProductLine) -> None:
    """Offer the row no more; what names it keeps it."""
    archive(row, actor=actor, now=now)


@transaction.atomic
def restore_catalogue_row(*, actor: User, now: dt.datetime, row: Market | ProductLine) -> None:
    """Offer the row again."""
    bring_back(row, actor=actor, now=now)


def _refuse_circle(market: Market, parent: Market | None) -> None:
    """A market is never part of itself or of one below it."""
    above = parent
    while above is not None:
        if above.pk == market.pk and market.pk is not None:
            raise ValidationError({"parent": _("A market cannot be part of itself or of one below it.")})
        above = above.parent
