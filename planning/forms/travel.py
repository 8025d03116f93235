"""Forms about travel: whom to ask for roads, a table of one's own."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.forms.places import DataFileForm
from planning.forms.rules import RuleForm
from planning.models import RoutingServer
from territory.outside import Refused, Unreachable, checked_address


class RoutingServerForm(RuleForm):
    """The server is looked up when it is named, so that one within the network is refused before it is ever asked."""

    class Meta:
        model = RoutingServer
        fields = ["kind", "address", "profile"]

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        if not typed.get("kind"):
            return typed
        if not typed.get("address"):
            if "address" not in self.errors:
                self.add_error("address", _("Say where the server is."))
            return typed
        try:
            typed["address"] = checked_address(typed["address"])
        except (Refused, Unreachable) as error:
            self.add_error("address", str(error))
        return typed


class TravelTimesForm(DataFileForm):
    """A table of journeys."""

    both_ways = forms.BooleanField(
        label=_("Counts back, too"),
        required=False,
        help_text=_("A journey takes as long back unless the file has a row for that way."),
    )
