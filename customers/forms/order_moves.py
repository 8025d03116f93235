"""Where a pending order is moved to on the board: a step, a month, a day, or no date."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.actions.order_moves import day_in_month
from customers.forms.fields import VersionField
from customers.models import Order, OrderStep
from customers.queries.orders import next_month
from territory.fields import DayField


class MoveForm(forms.Form):
    """`to` is a column of the board, `on` an exact day instead. It knows where the order stands now."""

    to = forms.ChoiceField(
        label=gettext_lazy("Moved to"),
        required=False,
        error_messages={"invalid_choice": gettext_lazy("This column is no longer there: load the board again.")},
    )
    on = DayField(label=gettext_lazy("Closes on"), required=False)
    version = VersionField()

    def __init__(self, *args, order: Order, today: dt.date, **kwargs) -> None:
        self.order, self.today = order, today
        super().__init__(*args, **kwargs)
        self.steps = list(OrderStep.objects.live())
        self.fields["to"].choices = [*self.months, *self.step_choices]  # type: ignore[attr-defined]
        self.initial = {"to": self._present(), "on": order.expected_on, "version": order.version}

    @property
    def months(self) -> list[tuple[str, str]]:
        """Where the close can be moved to."""
        coming = [self.today, next_month(self.today)]
        words = [(f"{month:%Y-%m}", _("Closes in %(month)s") % {"month": date_format(month, "F")}) for month in coming]
        return [*words, ("later", _("Later")), ("none", _("No date"))]

    @property
    def step_choices(self) -> list[tuple[str, str]]:
        """The steps it can be moved to."""
        return [*((f"step-{step.pk}", step.name) for step in self.steps), ("step-none", _("No step"))]

    @property
    def present_close(self) -> str:
        """The key of the column of its close; "" while that is over."""
        day = self.order.expected_on
        if day is None:
            return "none"
        if day < self.today:
            return ""
        return f"{day:%Y-%m}" if day < self._later else "later"

    @property
    def present_step(self) -> str:
        return f"step-{self.order.step_id}" if self.order.step_id else "step-none"

    @property
    def _later(self) -> dt.date:
        return next_month(next_month(self.today))

    def _present(self) -> str:
        asked = self.data.get("to", "") if self.is_bound else ""
        return self.present_step if asked.startswith("step") else self.present_close

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and not cleaned.get("to") and not cleaned.get("on"):
            raise ValidationError({"to": _("Choose where the order moves to.")})
        return cleaned

    def values(self) -> dict[str, Any]:
        """What the action sets; nothing where the order stands there already."""
        to, on = self.cleaned_data["to"], self.cleaned_data["on"]
        if not to:
            return {} if on == self.order.expected_on else {"expected_on": on}
        if to in (self.present_step if to.startswith("step") else self.present_close, ""):
            return {}
        if to.startswith("step"):
            return {"step": next((step for step in self.steps if f"step-{step.pk}" == to), None)}
        if to == "none":
            return {"expected_on": None}
        month = self._later if to == "later" else dt.date.fromisoformat(f"{to}-01")
        return {"expected_on": day_in_month(month, self.order.expected_on, self.today)}

    def label_of(self, values: dict[str, Any]) -> str:
        """Where it went, in words."""
        if "step" in values:
            return values["step"].name if values["step"] else _("No step")
        day = values.get("expected_on")
        return _("closes on %(day)s") % {"day": date_format(day, "j F Y")} if day else _("No date")


class TakeBackForm(forms.Form):
    """Which version of the order is taken back."""

    version = VersionField()


def buttons(form: MoveForm, choices: Sequence[tuple[str, str]], present: str) -> list[tuple[str, str, bool]]:
    """Key, words, and whether the order stands there."""
    return [(key, words, key == present) for key, words in choices]
