"""Setting activity goals: each change is in the history; a goal that ended stays, what was set by mistake is archived."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.actions.saving import assign, save
from accounts.models import Role, User
from planning.models import ActivityGoal
from territory.conflicts import claim


@transaction.atomic
def set_goal(
    *, actor: User | None, now: dt.datetime, role: Role | None = None, user: User | None = None, **fields: Any
) -> ActivityGoal:
    """A goal for everyone in a role, or for one person. `fields`: touch_type, count, period, starts_on, ends_on.

    Raises ValidationError where one of the same type and period starts on that day already.
    """
    row = ActivityGoal(role=role, user=user, **fields)
    _store(lambda: save(row, actor=actor, now=now))
    return row


@transaction.atomic
def change_goal(
    *, goal: ActivityGoal, version: int, actor: User | None, now: dt.datetime, **fields: Any
) -> ActivityGoal:
    """Change what a goal asks or when it holds; whose it is stays. Raises Conflict on another's change."""
    row = ActivityGoal.objects.select_for_update(of=("self",)).get(pk=goal.pk)
    claim(row, version)
    changed = assign(row, fields)
    if changed:
        _store(lambda: save(row, actor=actor, now=now, fields=[*changed, "version"]))
    return row


@transaction.atomic
def end_goal(*, goal: ActivityGoal, on: dt.date, actor: User | None, now: dt.datetime) -> bool:
    """Its last day is `on`, unless it ends by then anyway; one that had not begun is archived. Whether it changed."""
    row = ActivityGoal.objects.select_for_update(of=("self",)).get(pk=goal.pk)
    if row.archived_at is not None or (row.ends_on is not None and row.ends_on <= on):
        return False
    claim(row, row.version)
    if row.starts_on is not None and row.starts_on > on:
        row.archived_at = now
    else:
        row.ends_on = on
    save(row, actor=actor, now=now, fields=["archived_at", "ends_on", "version"])
    return True


@transaction.atomic
def archive_goal(*, goal: ActivityGoal, actor: User | None, now: dt.datetime) -> bool:
    """It was never meant: it holds on no day, past ones neither. Whether it changed."""
    return _archive(goal, now, actor=actor, now=now)


@transaction.atomic
def restore_goal(*, goal: ActivityGoal, actor: User | None, now: dt.datetime) -> bool:
    """Bring an archived goal back. Whether it changed; raises ValidationError where another took its place."""
    return _archive(goal, None, actor=actor, now=now)


def _archive(goal: ActivityGoal, at: dt.datetime | None, *, actor: User | None, now: dt.datetime) -> bool:
    row = ActivityGoal.objects.select_for_update(of=("self",)).get(pk=goal.pk)
    if (row.archived_at is None) == (at is None):
        return False
    claim(row, row.version)
    row.archived_at = at
    _store(lambda: save(row, actor=actor, now=now, fields=["archived_at", "version"]))
    return True


def _store(write: Callable[[], None]) -> None:
    """What somebody else did at the same time is told like any other mistake."""
    try:
        with transaction.atomic():
            write()
    except IntegrityError as error:
        raise ValidationError(_("There is a goal for this type and period from this day on already.")) from error
