"""Changes of rules that are looked at first: kept, computed again, saved exactly once or thrown away."""

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.forms import ModelForm
from django.utils.translation import gettext as _

from accounts.models import User
from planning.actions.rules import (
    add_holiday,
    change_company,
    refuse_last_tier,
    remove_holiday,
    remove_rule,
    restore_rule,
    save_rule,
)
from planning.draft_kinds import DRAFT_KINDS, DraftKind, words_of
from planning.models import DraftAct, DraftState, RuleDraft
from planning.nudge import effect_soon
from territory.company.models import Company, Holiday
from territory.conflicts import Conflict, shown


class DraftClosed(Exception):
    """The draft was saved or thrown away already; `draft` is as it is now."""

    def __init__(self, draft: RuleDraft) -> None:
        super().__init__(str(draft))
        self.draft = draft


@transaction.atomic
def draft_change(
    *,
    kind: DraftKind,
    form: ModelForm,
    version: int | None,
    actor: User,
    now: dt.datetime,
    instead_of: RuleDraft | None = None,
) -> RuleDraft:
    """Keep what a valid form was sent, for a new row or one that was shown at `version`, and ask for its effect.

    Raises Conflict where the row changed since then. Nothing else is written but that `instead_of`, an older draft of
    the same that was typed again, is thrown away.
    """
    row = form.instance
    if row.pk is not None and hasattr(row, "version"):
        _refuse_changed(kind, row, version)
    names = [name for name in form.fields if name != "version" and form.data.getlist(name)]
    # Ticks take any text for yes, also one that cannot be kept.
    values = {name: [text.replace("\x00", "") for text in form.data.getlist(name)] for name in names}
    if instead_of is not None:
        _close(instead_of, DraftState.DISCARDED, "", actor, now)
    return _keep(kind, DraftAct.SAVE, row, actor, now, values=values, changes=_changes(kind, form))


@transaction.atomic
def draft_act(*, kind: DraftKind, act: DraftAct, row: models.Model, actor: User, now: dt.datetime) -> RuleDraft:
    """Keep that a row is to be removed, retired or brought back, and ask for the effect."""
    if act == DraftAct.REMOVE:
        refuse_last_tier(row)
    return _keep(kind, act, row, actor, now, values={}, changes=[])


def _keep(kind: DraftKind, act: DraftAct, row: models.Model, actor: User, now: dt.datetime, **typed: Any) -> RuleDraft:
    words = words_of(row)
    draft = RuleDraft.objects.create(
        kind=kind.key,
        act=act,
        row_key=row.pk,
        row_version=getattr(row, "version", None) if row.pk is not None else None,
        title=f"{kind.title}: {words}"[:300] if words else str(kind.title),
        author=actor,
        created_at=now,
        asked_at=now,
        **typed,
    )
    effect_soon(draft.pk, draft.asked)
    return draft


def _refuse_changed(kind: DraftKind, row: models.Model, version: int | None) -> None:
    now = kind.row(row.pk)
    if now is not None and version is not None and now.version != version:
        raise Conflict(now)


def _changes(kind: DraftKind, form: ModelForm) -> list[list[str]]:
    """What was typed in words: field, before, after; of a new row all that was filled in."""
    stored = kind.row(form.instance.pk)
    before = kind.form(instance=stored) if stored is not None else None
    found = []
    told: dict[str, str] = getattr(form, "told", {})
    for name in form.fields:
        if name == "version" or (before is not None and name not in form.changed_data):
            continue
        old = "" if before is None else _shown(before, name)
        new = _shown(form, name)
        if (old, new) != ("", ""):
            found.append([told.get(name) or str(form.fields[name].label or name), old, new])
    return found


def _shown(form: ModelForm, name: str) -> str:
    value = form[name].value()
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return shown(form, name, value)


@transaction.atomic
def ask_again(*, draft: RuleDraft, now: dt.datetime) -> None:
    """Ask for the effect anew: rules or facts have changed, or the last time failed."""
    passed = RuleDraft.objects.filter(pk=draft.pk, state=DraftState.OPEN, asked=draft.asked).update(
        asked=draft.asked + 1, asked_at=now, effect=None, computed_at=None
    )
    if passed:
        effect_soon(draft.pk, draft.asked + 1)


@transaction.atomic
def discard_draft(*, draft: RuleDraft, actor: User, now: dt.datetime) -> None:
    """Throw the change away; raises DraftClosed where it was saved or thrown away already."""
    _close(draft, DraftState.DISCARDED, "", actor, now)


def save_draft(*, draft: RuleDraft, reason: str, actor: User, now: dt.datetime) -> models.Model | None:
    """Put the change in force, with its reason; returns the row, None where it is gone.

    Raises DraftClosed where it was saved or thrown away already, Conflict where the row changed since it was shown,
    ValidationError where the change is no longer possible. Then nothing is written.
    """
    try:
        with transaction.atomic():
            _close(draft, DraftState.SAVED, reason, actor, now)
            return _carry_out(draft, actor=actor, now=now, what=summary(draft), reason=reason)
    except IntegrityError as error:
        raise ValidationError(_("There is such a row already.")) from error


def _close(draft: RuleDraft, state: DraftState, reason: str, actor: User, now: dt.datetime) -> None:
    """One conditional statement: of two who save or throw away at the same moment exactly one passes."""
    passed = RuleDraft.objects.filter(pk=draft.pk, state=DraftState.OPEN).update(
        state=state, reason=reason, closed_by=actor, closed_at=now
    )
    if not passed:
        draft.refresh_from_db()
        raise DraftClosed(draft)


def _carry_out(draft: RuleDraft, **words: Any) -> models.Model | None:
    kind = DRAFT_KINDS[draft.kind]
    if draft.act == DraftAct.SAVE:
        form = kind.bound(draft)
        if not form.is_valid():
            raise ValidationError([error for errors in form.errors.values() for error in errors])
        if isinstance(form.instance, Holiday):
            return add_holiday(row=form.instance, **words)
        store = change_company if isinstance(form.instance, Company) else save_rule
        return store(row=form.instance, version=draft.row_version, **words)
    row = kind.row(draft.row_key)
    if row is None:
        raise ValidationError(_("What this is about has been removed meanwhile."))
    if isinstance(row, Holiday):
        remove_holiday(row=row, **words)
    elif draft.act == DraftAct.REMOVE:
        remove_rule(row=row, version=draft.row_version, **words)
    else:
        restore_rule(row=row, version=draft.row_version, **words)
    return row


def summary(draft: RuleDraft) -> str:
    """The change in one line."""
    if draft.act == DraftAct.REMOVE:
        return _("%(what)s: removed") % {"what": draft.title}
    if draft.act == DraftAct.RESTORE:
        return _("%(what)s: brought back") % {"what": draft.title}
    if draft.row_key is None:
        return _("%(what)s: added") % {"what": draft.title}
    parts = [f"{label} {before or '-'} → {after or '-'}" for label, before, after in draft.changes]
    return f"{draft.title}; {', '.join(parts)}"
