"""Forms of official values: setting one, and deciding on what evidence suggests. Each is looked at before it is saved."""

import datetime as dt

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.models import Tier, TouchType
from planning.models import TouchValue
from territory.fields import AmountField, DayField


class TouchValueForm(forms.ModelForm):
    """A new official value. `seen` is what was typed when its effect was shown, and the value that held then."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput({"data-fresh": ""}))

    class Meta:
        model = TouchValue
        fields = ["touch_type", "tier", "stage", "amount", "starts_on", "reason"]
        field_classes = {"amount": AmountField, "starts_on": DayField}
        widgets = {"reason": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["touch_type"].queryset = TouchType.objects.live()
        self.fields["tier"].queryset = Tier.objects.live()

    def typed(self) -> str:
        """What a valid form says, but for the reason: by it one knows whether its effect was shown."""
        data = self.cleaned_data
        day: dt.date = data["starts_on"]
        parts = (data["touch_type"].pk, data["tier"].pk, data["stage"], f"{data['amount']:.2f}", day.isoformat())
        return "/".join(str(part) for part in parts)


class DecideForm(forms.Form):
    """Why a suggestion is adopted or rejected, and which was shown: the key of the evidence, and of the value beside it."""

    evidence = forms.IntegerField(widget=forms.HiddenInput)
    official = forms.IntegerField(required=False, widget=forms.HiddenInput)
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))
