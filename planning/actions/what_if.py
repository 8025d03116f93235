"""Keeping another rhythm as drafts of rules: one for each rule that would change, go or come."""

import datetime as dt
from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from planning.actions.drafts import discard_draft, draft_act, draft_change
from planning.draft_kinds import DRAFT_KINDS, DraftKind, posted
from planning.forms.rules import ContactRuleForm
from planning.forms.what_if import MINUTES, NewRhythmForm, TypedRule, WhatIf
from planning.models import DraftAct, DraftState, RuleDraft
from territory.conflicts import Conflict


@transaction.atomic
def draft_rhythm(*, typed: WhatIf, actor: User, now: dt.datetime) -> list[RuleDraft]:
    """All or none, in the place of drafts that the person keeps of the same already. Raises Conflict where a rule changed
    since it was shown.
    """
    kind = DRAFT_KINDS["contact-rules"]
    for draft in _kept_already(kind, typed, actor):
        discard_draft(draft=draft, actor=actor, now=now)
    drafts = [_of_rule(kind, form, actor, now) for form in typed.changed]
    return drafts + [_of_new(kind, form, actor, now) for form in typed.added]


def _kept_already(kind: DraftKind, typed: WhatIf, actor: User) -> list[RuleDraft]:
    """The person's open drafts of the same rules, and of the same touches that no rule asks for: sent twice counts once."""
    rules = {form.rule.pk for form in typed.changed}
    places = [_place(_values(form)) for form in typed.added]
    drafts = RuleDraft.objects.filter(kind=kind.key, state=DraftState.OPEN, author=actor)
    return [
        draft
        for draft in drafts
        if (draft.row_key in rules if draft.row_key else _place({n: v[0] for n, v in draft.values.items()}) in places)
    ]


def _place(values: Mapping[str, str]) -> list[str]:
    return [str(values.get(name, "")) for name in ("tier", "stage", "role", "touch_type")]


def _values(form: NewRhythmForm) -> dict[str, str]:
    return {name: form.data.get(form.add_prefix(name), "") for name in form.fields}


def _of_rule(kind: DraftKind, typed: TypedRule, actor: User, now: dt.datetime) -> RuleDraft:
    rule, version = typed.rule, typed.version.value
    if version != rule.version:
        raise Conflict(rule)
    if not typed.count_then:
        return draft_act(kind=kind, act=DraftAct.REMOVE, row=rule, actor=actor, now=now)
    minutes = MINUTES.prepare_value(typed.seconds_then)
    shown = {
        "tier": rule.tier_id,
        "stage": rule.stage,
        "role": rule.role_id,
        "touch_type": rule.touch_type_id,
        "period": rule.period,
    }
    values = shown | {"count": typed.count_then, "duration_seconds": minutes, "version": version}
    return _drafted(kind, ContactRuleForm(_as_posted(values), instance=rule), actor, now, version=version)


def _of_new(kind: DraftKind, form: NewRhythmForm, actor: User, now: dt.datetime) -> RuleDraft:
    return _drafted(kind, ContactRuleForm(_as_posted(_values(form))), actor, now, version=None)


def _drafted(
    kind: DraftKind, form: ContactRuleForm, actor: User, now: dt.datetime, *, version: int | None
) -> RuleDraft:
    if not form.is_valid():
        raise ValidationError([error for errors in form.errors.values() for error in errors])
    return draft_change(kind=kind, form=form, version=version, actor=actor, now=now)


def _as_posted(values: Mapping[str, object]):
    return posted({name: [str(value)] for name, value in values.items()})
