"""Forms for circumstances of a customer."""

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers.forms.fields import RowForm, VersionField
from customers.models import Circumstance, CircumstanceKind
from territory.fields import DayField


class CircumstanceForm(RowForm):
    """What it is, from when to when, and what else to know."""

    class Meta:
        model = Circumstance
        fields = ("kind", "starts_on", "ends_on", "note")
        field_classes = {"starts_on": DayField, "ends_on": DayField}
        labels = {"kind": _("Circumstance"), "starts_on": _("From"), "ends_on": _("Until"), "note": _("Note")}
        help_texts = {
            "starts_on": _("Empty: for as long as anybody knows."),
            "ends_on": _("Empty: until further notice."),
        }

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].queryset = CircumstanceKind.objects.filter(
            Q(retired_at__isnull=True) | Q(pk=self.instance.kind_id)
        )


class LastDayForm(forms.Form):
    """The last day on which it holds."""

    ends_on = DayField(label=_("Last day"))
    version = VersionField()
