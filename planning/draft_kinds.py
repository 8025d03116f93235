"""What can be changed with a look at its effect first: each kind with its form, its rows and the words for one of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import models
from django.forms import ModelForm
from django.http import QueryDict
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from msgspec import Struct

from planning.forms.rules import CompanyForm, HolidayForm, SituationThresholdsForm, ThresholdsForm
from planning.loaders.rulebook import RuleBook
from planning.models import WITHOUT_EFFECT, ContactLoad, ContactRule, DraftAct, OrderRule, PlanningSettings, RuleDraft
from planning.rule_kinds import RULE_KINDS
from territory.company.models import Company, Holiday

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise


class DraftKind(Struct, frozen=True):
    """A kind of row; `form_url` is where one is typed: of a new row without, of a stored one with its key."""

    key: str
    title: StrPromise | str
    model: type[models.Model]
    form: type[ModelForm]
    list_url: Callable[[], str]
    form_url: Callable[[int | None], str]
    related: tuple[str, ...] = ()

    def row(self, pk: int | None) -> models.Model | None:
        """The stored row as it is now; None where it is gone."""
        if pk is None:
            return None
        return self.model._default_manager.select_related(*self.related).filter(pk=pk).first()

    def bound(self, draft: RuleDraft, row: models.Model | None = None) -> ModelForm:
        """The form of a draft with what was typed, about the row as it is now."""
        row = row or self.row(draft.row_key)
        if draft.row_key is not None and row is None:
            raise ValidationError(_("What this is about has been removed meanwhile."))
        return self.form(posted(draft.values), instance=row)


def _of_rules(key: str) -> DraftKind:
    kind = RULE_KINDS[key]
    return DraftKind(
        key,
        kind.title,
        kind.model,
        kind.form,
        lambda: reverse("rule_list", args=[key]),
        lambda pk: reverse("rule_edit", args=[key, pk]) if pk else reverse("rule_create", args=[key]),
        kind.related,
    )


DRAFT_KINDS: dict[str, DraftKind] = {
    **{key: _of_rules(key) for key, kind in RULE_KINDS.items() if kind.model not in WITHOUT_EFFECT},
    "thresholds": DraftKind(
        "thresholds",
        _lazy("Thresholds"),
        PlanningSettings,
        ThresholdsForm,
        lambda: reverse("rules_home"),
        lambda _pk: reverse("thresholds"),
    ),
    "situations": DraftKind(
        "situations",
        _lazy("Thresholds of special situations"),
        PlanningSettings,
        SituationThresholdsForm,
        lambda: reverse("rules_home"),
        lambda _pk: reverse("threshold_situations"),
    ),
    "company": DraftKind(
        "company",
        _lazy("Company and working days"),
        Company,
        CompanyForm,
        lambda: reverse("calendar"),
        lambda _pk: reverse("calendar"),
    ),
    "holidays": DraftKind(
        "holidays",
        _lazy("Holidays"),
        Holiday,
        HolidayForm,
        lambda: reverse("calendar"),
        lambda _pk: reverse("calendar"),
    ),
}


def posted(values: Mapping[str, list[str]]) -> QueryDict:
    """What was typed, as a form takes it."""
    data = QueryDict(mutable=True)
    for name, several in values.items():
        data.setlist(name, several)
    return data


def words_of(row: models.Model) -> str:
    """Which row it is, in a few words; nothing where there is only one of its kind."""
    if isinstance(row, ContactRule):
        words = {"tier": row.tier, "stage": row.get_stage_display(), "role": row.role, "type": row.touch_type}
        return _("tier %(tier)s, %(stage)s, %(role)s, %(type)s") % words
    if isinstance(row, OrderRule):
        return _("%(role)s, tier %(tier)s") % {"role": row.role, "tier": row.tier} if row.tier else str(row.role)
    if isinstance(row, ContactLoad):
        return _("%(contact)s for %(role)s") % {"contact": row.contact_role, "role": row.role}
    if isinstance(row, Holiday):
        return _("%(name)s, %(day)s") % {"name": row.name, "day": date_format(row.on, "j F Y")}
    if isinstance(row, PlanningSettings | Company):
        return ""
    return str(getattr(row, "role", row))


def changed_book(book: RuleBook, draft: RuleDraft, now: dt.datetime) -> RuleBook:
    """The rules as they would be once the draft is saved; raises ValidationError where it cannot be."""
    kind = DRAFT_KINDS[draft.kind]
    if draft.act == DraftAct.SAVE:
        form = kind.bound(draft)
        if not form.is_valid():
            raise ValidationError([error for errors in form.errors.values() for error in errors])
        return book.with_row(form.instance)
    row = kind.row(draft.row_key)
    if row is None:
        raise ValidationError(_("What this is about has been removed meanwhile."))
    if not hasattr(row, "retired_at"):
        return book.without(row)
    row.retired_at = now if draft.act == DraftAct.REMOVE else None
    return book.with_row(row)
