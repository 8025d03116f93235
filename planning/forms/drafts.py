"""Saving a change of rules: why, and knowingly where its effect was not seen."""

from django import forms
from django.utils.translation import gettext_lazy as _


class SaveDraftForm(forms.Form):
    """`seen`: whether the effect shown is that of the rules as they are now."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        error_messages={"required": _("Say why, the history shows it.")},
    )
    unseen = forms.BooleanField(
        label=_("Save without having seen the effect"),
        error_messages={"required": _("Wait for the effect, or tick this to save without it.")},
    )

    def __init__(self, *args, seen: bool, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if seen:
            del self.fields["unseen"]
