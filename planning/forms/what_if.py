"""Another rhythm, typed beside the rules there are: touches and minutes of each rule, and touches that no rule asks for yet."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from msgspec import Struct

from accounts.models import Role
from customers.models import Stage, Tier, TouchType
from planning.forms.rules import ContactRuleForm
from planning.models import ContactRule
from territory.fields import A_DAY, MinutesField

MOST_NEW = 8
MOST_TOUCHES = 1000
SHOWN_STAGES = ("prospect", "customer")
# Ways in which a number typed cannot be, all told by what can be typed.
WRONG = ("required", "invalid", "min_value", "max_value", "max_digits", "max_decimal_places", "max_whole_digits")
# What names a rule.
PLACE = ("tier", "stage", "role", "touch_type")


class Typed:
    """A number of a rule: as it is `shown`, and the `value` that it means, None where it cannot be."""

    def __init__(self, field: forms.Field, name: str, own: int, data: Mapping[str, Any] | None) -> None:
        self.name, self.errors = name, []
        self.value: int | None = own
        self.shown = field.prepare_value(own) if data is None else data.get(name)
        if data is not None:
            try:
                self.value = field.clean(self.shown)
            except ValidationError as error:
                self.value, self.errors = None, error.messages

    @property
    def id(self) -> str:
        return f"id_{self.name}"


def _number(field: type[forms.Field], wrong: Any, **limits: int) -> forms.Field:
    """A field that all rules share: it keeps nothing of what is typed."""
    return field(error_messages=dict.fromkeys(WRONG, wrong), **limits)


COUNT = _number(
    forms.IntegerField, gettext_lazy("Type a whole number, 0 to 1,000."), min_value=0, max_value=MOST_TOUCHES
)
MINUTES = _number(MinutesField, gettext_lazy("Type minutes, 1 to 1,440."), min_value=1, max_value=A_DAY)
VERSION = forms.IntegerField(required=False)


class TypedRule:
    """Of one rule: touches a period (0: none any more) and minutes each; as the rule has them where nothing was sent.

    No form: a page has dozens of these, and each would make its fields anew.
    """

    def __init__(self, rule: ContactRule, data: Mapping[str, Any] | None) -> None:
        self.rule, prefix = rule, f"r{rule.pk}"
        # A rule that came after the page was opened was not sent with it.
        self.is_bound = data is not None and f"{prefix}-count" in data
        sent = data if self.is_bound else None
        self.count = Typed(COUNT, f"{prefix}-count", rule.count, sent)
        self.minutes = Typed(MINUTES, f"{prefix}-minutes", rule.duration_seconds, sent)
        self.version = Typed(VERSION, f"{prefix}-version", rule.version, sent)

    @property
    def numbers(self) -> tuple[Typed, ...]:
        return (self.count, self.minutes, self.version)

    def is_valid(self) -> bool:
        """Whether all of it can be."""
        return not any(number.errors for number in self.numbers)

    @property
    def count_label(self) -> str:
        return _("%(type)s, %(role)s: touches a %(period)s") % self._words

    @property
    def minutes_label(self) -> str:
        return _("%(type)s, %(role)s: minutes each") % self._words

    @cached_property
    def period(self) -> str:
        """The word of it: to look it up takes as long as to write the row."""
        return self.rule.get_period_display()

    @property
    def _words(self) -> dict[str, Any]:
        return {"type": self.rule.touch_type, "role": self.rule.role, "period": self.period}

    @property
    def count_then(self) -> int:
        """Touches a period; the rule's own where what was typed cannot be."""
        return self._then(self.count, self.rule.count)

    @property
    def seconds_then(self) -> int:
        """Seconds each."""
        return self._then(self.minutes, self.rule.duration_seconds)

    def _then(self, number: Typed, own: int) -> int:
        return own if number.value is None or not self.is_valid() else number.value

    @property
    def is_other(self) -> bool:
        """Whether it differs from the rule."""
        return (self.count_then, self.seconds_then) != (self.rule.count, self.rule.duration_seconds)

    @property
    def sent(self) -> list[tuple[str, Any]]:
        """Name and value of each number as it stands there."""
        return [(number.name, number.shown) for number in self.numbers]


class Catalogue(Struct, frozen=True):
    """The rules shown, and what another one can be about."""

    rules: Sequence[ContactRule]
    tiers: Sequence[Tier]
    roles: Sequence[Role]
    types: Sequence[TouchType]


class NewRhythmForm(forms.Form):
    """Touches that no rule asks for yet. Looked up in the catalogue: however many are typed, the database is asked nothing more.

    The form of a rule checks it anew before it becomes a draft.
    """

    def __init__(self, catalogue: Catalogue, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.catalogue = catalogue
        self.fields |= {name: copy.deepcopy(ContactRuleForm.base_fields[name]) for name in ContactRuleForm.Meta.fields}
        self.fields["stage"].choices = [pair for pair in Stage.choices if pair[0] in SHOWN_STAGES]
        for name, rows in (("tier", catalogue.tiers), ("role", catalogue.roles), ("touch_type", catalogue.types)):
            choices = [("", _("choose")), *((row.pk, str(row)) for row in rows)]
            known = {str(row.pk): row for row in rows}
            self.fields[name] = forms.TypedChoiceField(
                choices=choices, coerce=known.__getitem__, label=self.fields[name].label
            )
        for field in self.fields.values():
            field.label = capfirst(field.label)

    @cached_property
    def instance(self) -> ContactRule:
        """The rule that a valid form is about, which is stored nowhere."""
        return ContactRule(**self.cleaned_data)

    @property
    def place(self) -> tuple:
        """What a valid form names: there is one rule of it."""
        return tuple(self.cleaned_data[name] for name in PLACE)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if self.errors:
            return data
        ContactRule(**data).clean_fields(exclude=PLACE)
        other = next((rule for rule in self.catalogue.rules if self.place == _place_of(rule)), None)
        if other is not None:
            words = {"count": other.count, "period": other.get_period_display()}
            self.add_error(
                "touch_type",
                _("There is a rule for this tier, stage, role and touch type already: %(count)s per %(period)s.")
                % words,
            )
        return data


def _place_of(rule: ContactRule) -> tuple:
    return tuple(getattr(rule, name) for name in PLACE)


class WhatIf:
    """All that was typed on the page, or the rules as they are."""

    def __init__(self, catalogue: Catalogue, data: QueryDict | None) -> None:
        self.catalogue = catalogue
        self.rhythms = [TypedRule(rule, data) for rule in catalogue.rules]
        self.new = [self._added(number, data) for number in range(self._lines(data))]

    @staticmethod
    def _lines(data: QueryDict | None) -> int:
        """How many lines for new touches there are: those that hold something, and one more where that was asked for."""
        if data is None:
            return 0
        filled = [n for n in range(MOST_NEW) if data.get(f"n{n}-touch_type")]
        return min(max(filled, default=-1) + 1 + ("add" in data), MOST_NEW)

    def _added(self, number: int, data: QueryDict | None) -> NewRhythmForm:
        prefix = f"n{number}"
        sent = data if data is not None and data.get(f"{prefix}-touch_type") else None
        return NewRhythmForm(self.catalogue, sent, prefix=prefix, use_required_attribute=False)

    def is_valid(self) -> bool:
        """Errors stand at the fields; a line for what an earlier line adds already is wrong, too."""
        seen: set[tuple] = set()
        for form in self.new:
            if form.is_bound and form.is_valid():
                place = form.place
                if place in seen:
                    form.add_error("touch_type", _("Another line adds this already."))
                seen.add(place)
        return all(form.is_valid() for form in self._bound)

    @property
    def first_wrong(self) -> str:
        """The id of the first field that is wrong, once looked at; nothing where none is."""
        wrong = [number.id for row in self.rhythms for number in row.numbers if number.errors]
        wrong += [
            form[name].auto_id for form in self.new if form.is_bound for name in form.fields if name in form.errors
        ]
        return wrong[0] if wrong else ""

    @property
    def sent(self) -> list[tuple[str, str]]:
        """What was typed, to be sent once more."""
        rows = [row for rule in self.rhythms if rule.is_bound for row in rule.sent]
        rows += [
            (form[name].html_name, form[name].value()) for form in self.new if form.is_bound for name in form.fields
        ]
        return [(name, str(value or 0)) for name, value in rows]

    @property
    def _bound(self) -> list[TypedRule | NewRhythmForm]:
        return [form for form in (*self.rhythms, *self.new) if form.is_bound]

    @property
    def changed(self) -> list[TypedRule]:
        """Rules that would be changed or go."""
        return [form for form in self.rhythms if form.is_other]

    @property
    def added(self) -> list[NewRhythmForm]:
        """Rules that would come."""
        return [form for form in self.new if form.is_bound and form.is_valid()]
