"""Forms of special situations."""

import datetime as dt

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import User

# An acknowledged one asks to be looked at again after so many days, unless another day is chosen.
LOOK_AGAIN_DAYS, LATEST_DAYS = 30, 365


class AcknowledgeForm(forms.Form):
    """What happens next, and the day from which on the situation asks to be looked at again."""

    note = forms.CharField(label=_("What happens next"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)
    look_again_on = forms.DateField(
        label=_("Look again on"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=_("From that day on it counts as open again. Empty: never."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args, today: dt.date, **kwargs):
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["look_again_on"].initial = today + dt.timedelta(days=LOOK_AGAIN_DAYS)

    def clean_look_again_on(self) -> dt.date | None:
        day = self.cleaned_data["look_again_on"]
        if day and not self.today < day <= self.today + dt.timedelta(days=LATEST_DAYS):
            raise ValidationError(_("Choose a day after today, within a year."))
        return day


class TurnForm(forms.Form):
    """Whose turn it is, of the people offered."""

    owner = forms.ModelChoiceField(label=_("Whose turn"), queryset=User.objects.none())
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args, people, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = people


class HoursForm(forms.Form):
    """Hours a week of one of the people offered."""

    user = forms.ModelChoiceField(label=_("Person"), queryset=User.objects.none())
    hours_per_week = forms.DecimalField(
        label=_("Hours a week"), min_value=0, max_value=168, max_digits=5, decimal_places=2, help_text=_("0 ends it.")
    )

    def __init__(self, *args, people, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = people
