"""What each person wants mailed, and when."""

import datetime as dt
from collections.abc import Collection
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from territory.conflicts import Conflict, claim
from territory.mail import kinds
from territory.mail.kinds import Kind, When
from territory.mail.models import MailChoices


def choices_of(users: Collection[int], kind: Kind) -> dict[int, When]:
    """user -> when they are mailed about this kind; one query at most."""
    if kind.choices is None:
        return dict.fromkeys(users, When.AT_ONCE)
    chosen = dict(MailChoices.objects.filter(user__in=users).values_list("user_id", "chosen"))
    return {user: _valid(kind, chosen.get(user, {}).get(kind.key)) for user in users}


def choice_of(user_id: int, kind: Kind) -> When:
    """When one person is mailed about this kind."""
    return choices_of([user_id], kind)[user_id]


def _valid(kind: Kind, value: str | None) -> When:
    return When(value) if value in (kind.choices or ()) else kind.at_first


def row_of(user: Any) -> MailChoices:
    """The person's row, stored or not yet."""
    return MailChoices.objects.filter(user=user).first() or MailChoices(user=user)


def chosen_in(row: MailChoices, kind: Kind) -> When:
    """What a row says about a kind."""
    return _valid(kind, row.chosen.get(kind.key))


@transaction.atomic
def choose(*, actor: Any, now: dt.datetime, version: int, chosen: dict[str, str]) -> MailChoices:
    """Store what the person wants mailed: {kind: when}. Conflict when it was changed since `version`."""
    for key, when in chosen.items():
        if when not in (kinds.get(key).choices or ()):
            raise ValidationError({key: _("Choose one of those offered.")})
    row = MailChoices.objects.select_for_update().filter(user=actor).first() or MailChoices(user=actor)
    if not row._state.adding:
        claim(row, version)
    row.chosen, row.changed_at = row.chosen | chosen, now
    row._history_user, row._history_date = actor, now  # type: ignore[attr-defined]
    if row._state.adding:
        _add(row)
    else:
        row.save(update_fields=["chosen", "changed_at", "version"])
    return row


def _add(row: MailChoices) -> None:
    """Store the first that a person chooses; Conflict where they did so elsewhere at the same moment."""
    row.version += 1  # another page that shows that nothing is chosen yet is older now
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict(MailChoices.objects.get(user=row.user)) from error
