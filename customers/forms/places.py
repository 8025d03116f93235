"""Forms of places: a point on the globe, a town to look for, a file of a whole table."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class PlaceForm(forms.Form):
    """A place, or that nobody knows it."""

    latitude = forms.FloatField(label=_("Latitude"), min_value=-90, max_value=90, required=False)
    longitude = forms.FloatField(label=_("Longitude"), min_value=-180, max_value=180, required=False)
    unknown = forms.BooleanField(required=False)

    def clean(self) -> dict[str, Any]:
        """Whole, or said to be unknown: what is left out by mistake takes no place away."""
        typed = super().clean() or {}
        if typed.get("unknown"):
            typed["latitude"] = typed["longitude"] = None
            return typed
        for name in ("latitude", "longitude"):
            if typed.get(name) is None and name not in self.errors:
                self.add_error(name, _("Give both latitude and longitude, or neither."))
        return typed

    @property
    def place(self) -> dict[str, float | None]:
        return {name: self.cleaned_data[name] for name in ("latitude", "longitude")}


class DataFileForm(forms.Form):
    """A file that is brought in as a whole."""

    file = forms.FileField(
        label=_("File"), widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,.gz,.zip"})
    )
