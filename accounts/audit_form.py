"""The filter of the audit."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from territory.audit import registry
from territory.audit.registry import Kind
from territory.fields import DayInput


class AuditFilterForm(forms.Form):
    """Kind of row, one row of it, person, days."""

    kind = forms.ChoiceField(label=_("What"), required=False)
    row = forms.IntegerField(label=_("Number of the row"), required=False, min_value=1, max_value=2**63 - 1)
    person = forms.ModelChoiceField(
        label=_("Who"), queryset=User.objects.none(), required=False, empty_label=_("everybody")
    )
    by_nobody = forms.BooleanField(label=_("Only what jobs and commands changed"), required=False)
    since = forms.DateField(label=_("From"), required=False, widget=DayInput)
    until = forms.DateField(label=_("Until"), required=False, widget=DayInput)

    def __init__(self, *args: Any, people, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [("", _("everything")), *((kind.key, kind.label) for kind in registry.kinds())]  # type: ignore[attr-defined]
        for name in ("kind", "person"):
            self.fields[name].widget.attrs["class"] = "form-select"
        for name in ("row", "since", "until"):
            self.fields[name].widget.attrs["class"] = "form-control"
        self.fields["by_nobody"].widget.attrs["class"] = "form-check-input"
        self.fields["person"].queryset = people.order_by("name", "pk")  # type: ignore[attr-defined]

    def clean_kind(self) -> Kind | None:
        return registry.get(self.cleaned_data["kind"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("since") and data.get("until") and data["since"] > data["until"]:
            self.add_error("until", _("The last day is before the first."))
        return data

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is chosen."""
        return any(self.cleaned_data.values())
