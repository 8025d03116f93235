"""Keeping another rhythm as drafts of rules: one for each rule that would change, go or come."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.models import User
from planning.actions.drafts import draft_act, draft_change
from planning.draft_kinds import DRAFT_KINDS, DraftKind, posted
from planning.forms.rules import ContactRuleForm
from planning.forms.what_if import NewRhythmForm, RhythmForm, WhatIf
from planning.models import DraftAct, RuleDraft
from territory.conflicts import Conflict


@transaction.atomic
def draft_rhythm(*, typed: WhatIf, actor: User, now: dt.datetime) -> list[RuleDraft]:
    """All or none. Raises Conflict where a rule changed since it was shown."""
    kind = DRAFT_KINDS["contact-rules"]
    drafts = [_of_rule(kind, form, actor, now) for form in typed.changed]
    return drafts + [_of_new(kind, form, actor, now) for form in typed.added]


def _of_rule(kind: DraftKind, form: RhythmForm, actor: User, now: dt.datetime) -> RuleDraft:
    rule, version = form.rule, form.cleaned_data["version"]
    if version != rule.version:
        raise Conflict(rule)
    if not form.count_then:
        return draft_act(kind=kind, act=DraftAct.REMOVE, row=rule, actor=actor, now=now)
    minutes = form.fields["minutes"].prepare_value(form.seconds_then)
    shown = {
        "tier": rule.tier_id,
        "stage": rule.stage,
        "role": rule.role_id,
        "touch_type": rule.touch_type_id,
        "period": rule.period,
    }
    values = shown | {"count": form.count_then, "duration_seconds": minutes, "version": version}
    return _drafted(kind, ContactRuleForm(_as_posted(values), instance=rule), actor, now, version=version)


def _of_new(kind: DraftKind, form: NewRhythmForm, actor: User, now: dt.datetime) -> RuleDraft:
    values = {name: form.data.get(form.add_prefix(name), "") for name in form.fields}
    return _drafted(kind, ContactRuleForm(_as_posted(values)), actor, now, version=None)


def _drafted(
    kind: DraftKind, form: ContactRuleForm, actor: User, now: dt.datetime, *, version: int | None
) -> RuleDraft:
    if not form.is_valid():
        raise ValidationError([error for errors in form.errors.values() for error in errors])
    return draft_change(kind=kind, form=form, version=version, actor=actor, now=now)


def _as_posted(values: dict[str, object]):
    return posted({name: [str(value)] for name, value in values.items()})
