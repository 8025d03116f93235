"""Forms for who works on a customer."""

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.permissions import Act, Area, people_within
from customers.forms.fields import RowForm, VersionField
from customers.models import Assignment
from territory import clock
from territory.fields import DayField, PercentField


class AssignmentForm(RowForm):
    """As what, with which share, from when to when. The person is chosen once: another person is another assignment."""

    share = PercentField(
        label=_("Share of the role's work, %"),
        required=False,
        help_text=_("Of the work of this role on the customer. Empty: equal parts."),
    )

    class Meta:
        model = Assignment
        fields = ("membership", "kind", "share", "starts_on", "ends_on")
        field_classes = {"starts_on": DayField, "ends_on": DayField}
        labels = {"kind": _("Works on it as"), "starts_on": _("From"), "ends_on": _("Until")}
        help_texts = {"starts_on": _("Empty: since always."), "ends_on": _("Empty: until further notice.")}

    def __init__(self, *args, user, **kwargs) -> None:
        self.user = user
        super().__init__(*args, **kwargs)
        if not self.is_new:
            del self.fields["membership"]
            return
        field = self.fields["membership"]
        field.queryset = (
            Membership.objects.on(clock.company_today())
            .filter(
                Q(user=user) | Q(user__in=people_within(user, Area.NAMES, Act.SEE).values("pk")), user__is_active=True
            )
            .select_related("user", "role", "team")
            .order_by("user__name", "pk")
        )
        field.label_from_instance = lambda row: f"{row.user}, {row.role}, {row.team}"
        self.fields["starts_on"].help_text = _("Empty: today.")


class EndForm(forms.Form):
    """The last day of an assignment."""

    ends_on = DayField(label=_("Last day"))
    version = VersionField()
