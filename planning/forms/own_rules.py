"""Forms for a rule of a customer's own."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.forms.fields import RowForm, VersionField
from planning.models import CustomerRule
from territory.fields import A_DAY, DayField, MinutesField


class OwnRuleForm(RowForm):
    """For which role and touch type, how often, how long, from when to when, and why."""

    duration_seconds = MinutesField(
        label=_("Minutes each"),
        min_value=1,
        max_value=A_DAY,
        required=False,
        help_text=_("Empty: the usual minutes of the touch type. Of no effect with 0 touches."),
    )

    class Meta:
        model = CustomerRule
        fields = ("role", "touch_type", "count", "period", "duration_seconds", "starts_on", "ends_on", "reason")
        field_classes = {"starts_on": DayField, "ends_on": DayField}
        labels = {
            "role": _("Role"),
            "touch_type": _("Touch type"),
            "count": _("Touches"),
            "period": _("Per"),
            "starts_on": _("From"),
            "ends_on": _("Until"),
            "reason": _("Reason"),
        }
        help_texts = {
            "count": _("0: no such touches."),
            "ends_on": _("Empty: until further notice."),
            "reason": _("Why the rule of the tier does not fit."),
        }

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if self.is_new:
            self.initial.setdefault("duration_seconds", None)
        for name in ("role", "touch_type"):
            field = self.fields[name]
            field.queryset = field.queryset.live() | field.queryset.filter(pk=getattr(self.instance, f"{name}_id"))
            field.empty_label = "–"

    def clean(self) -> dict[str, Any] | None:
        """Of no touches the minutes do not matter, whatever was typed."""
        data = super().clean()
        if self.cleaned_data.get("count") == 0 and self.errors.pop("duration_seconds", None):
            self.cleaned_data["duration_seconds"] = None
        return data

    def values(self) -> dict[str, Any]:
        values = super().values()
        if values["duration_seconds"] is None:
            values["duration_seconds"] = values["touch_type"].default_seconds
        return values


class LastDayForm(forms.Form):
    """The last day of an own rule."""

    ends_on = DayField(label=_("Last day"))
    version = VersionField()
