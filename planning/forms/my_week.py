"""Forms of a planned week: moving a visit, running late, a time one is busy."""

import datetime as dt
import json

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.forms.fields import MomentField, VersionField
from planning.models import BusyTime, VisitStop
from territory.formats.days import day_text

LEAVE_OUT = "out"


class PlaceField(forms.TypedChoiceField):
    """A place in a day's order. One after its last visit is the last: the day may have had more when it was looked at."""

    def valid_value(self, value: object) -> bool:
        return str(value).isdecimal()


class MoveStopForm(forms.Form):
    """To which day and where in its order; "out" leaves it out. `others`: by day how many other visits it has.

    As many places are offered as the fullest day has then; a script offers only those of the chosen day.
    """

    day = forms.ChoiceField(label=_("Day"), widget=forms.RadioSelect)
    place = PlaceField(label=_("Where in the day"), coerce=int, empty_value=None, required=False)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput, min_value=1)

    def __init__(self, data=None, *, stop: VisitStop, others: dict[dt.date, int], initial=None) -> None:
        super().__init__(data, initial=initial)
        days, most = list(others), max(others.values(), default=0) + 1
        self.places = {day.isoformat(): number + 1 for day, number in others.items()}
        self.fields["day"].choices = [
            *((day.isoformat(), f"{day:%a} {day_text(day)}") for day in days),
            (LEAVE_OUT, _("Leave it out")),
        ]
        self.fields["place"].choices = [
            ("", _("where it adds least")),
            *((number, _("visit %(n)d") % {"n": number + 1}) for number in range(most)),
        ]

    @property
    def places_json(self) -> str:
        """How many places each day has once the visit is there, for the script."""
        return json.dumps(self.places)

    def where(self) -> tuple[dt.date | None, int | None]:
        """The day, None to leave it out, and the place."""
        said = self.cleaned_data
        day = None if said["day"] == LEAVE_OUT else dt.date.fromisoformat(said["day"])
        return day, said["place"]


class LateForm(forms.Form):
    """How late one runs."""

    minutes = forms.IntegerField(
        label=_("Free again in so many minutes"), min_value=0, max_value=600, initial=0, required=False
    )


class BusyTimeForm(forms.ModelForm):
    """A time in which one visits nobody."""

    starts_at = MomentField(label=_("From"))
    ends_at = MomentField(label=_("Until"))
    version = VersionField(required=False)

    class Meta:
        model = BusyTime
        fields = ["what", "starts_at", "ends_at"]
        labels = {"what": _("What")}

    def clean(self) -> dict:
        said = super().clean() or self.cleaned_data
        starts, ends = said.get("starts_at"), said.get("ends_at")
        if starts and ends and ends <= starts:
            self.add_error("ends_at", _("It ends before it begins."))
        elif starts and ends and ends - starts > dt.timedelta(days=31):
            self.add_error("ends_at", _("Longer than a month: enter an absence."))
        return said
