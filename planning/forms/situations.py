"""Forms of special situations."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class AcknowledgeForm(forms.Form):
    note = forms.CharField(label=_("What happens next"), widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)
    version = forms.IntegerField(widget=forms.HiddenInput)


class HoursForm(forms.Form):
    """Hours a week of one of the people offered."""

    user = forms.ModelChoiceField(label=_("Person"), queryset=User.objects.none())
    hours_per_week = forms.DecimalField(
        label=_("Hours a week"), min_value=0, max_value=168, max_digits=5, decimal_places=2, help_text=_("0 ends it.")
    )

    def __init__(self, *args, people, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = people
