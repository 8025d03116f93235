"""A pending order moves along the pipeline: to another step, or to another expected close; and back."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from customers.actions.orders import change_order
from customers.models import Order, OrderStatus, OrderStep
from territory.conflicts import Conflict

# What moving may set: one of them at a time, or both when a move is taken back.
MOVABLE = ("step", "expected_on")


def day_in_month(month: dt.date, present: dt.date | None, today: dt.date) -> dt.date:
    """The expected close of an order moved to a month: the same day of that month; its last where that day is over,
    does not exist or was not known.
    """
    last = month.replace(day=calendar.monthrange(month.year, month.month)[1])
    if present is None:
        return last
    day = month.replace(day=min(present.day, last.day))
    return day if day >= today else last


@transaction.atomic
def move_order(*, actor: User, now: dt.datetime, order: Order, version: int, values: Mapping[str, Any]) -> Order:
    """Set the step or the expected close of a pending order, as it was shown: one entry of its history.

    Errors: `to` where the order has ended, was archived, or the step is no longer in use; Conflict.
    """
    unknown = set(values) - set(MOVABLE)
    if unknown:
        raise TypeError(f"Moving an order does not set {', '.join(sorted(unknown))}.")
    step = values.get("step")
    if step is not None and step.retired_at is not None and step.pk != order.step_id:
        raise ValidationError({"to": _("This step is no longer in use.")})
    _check_movable(order)
    return change_order(actor=actor, now=now, order=order, version=version, values=values)


@transaction.atomic
def take_back_move(*, actor: User, now: dt.datetime, order: Order, version: int) -> Order:
    """Put step and expected close back as they were before the change that made `version`. Errors: as of `move_order`."""
    _check_movable(order)
    before = order.history.filter(version=version - 1).order_by("-history_date", "-history_id").first()
    if before is None:
        raise Conflict(order)
    values = {"step": OrderStep.objects.filter(pk=before.step_id).first(), "expected_on": before.expected_on}
    return change_order(actor=actor, now=now, order=order, version=version, values=values)


def _check_movable(order: Order) -> None:
    if order.archived_at is not None:
        raise ValidationError({"to": _("This order was archived.")})
    if order.status != OrderStatus.PENDING:
        label = OrderStatus(order.status).label
        raise ValidationError({"to": _("The order is %(status)s already: open it again first.") % {"status": label}})
