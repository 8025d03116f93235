"""The form of an activity goal."""

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.forms import VersionedForm
from accounts.models import Role, User
from accounts.permissions import Act, Area, may_all, people_within
from planning.models import ActivityGoal
from territory import clock
from territory.fields import DayField
from territory.rows import on_day


class GoalForm(VersionedForm):
    """What is asked and when; of a new goal also whose it is: "role-3" or "user-5", of those whom the reader may set goals for."""

    who = forms.ChoiceField(
        label=_("For"),
        help_text=_("A role: everyone who is in it. A person's own goal takes the place of their role's."),
    )

    class Meta:
        model = ActivityGoal
        fields = ["touch_type", "count", "period", "starts_on", "ends_on"]
        field_classes = {"starts_on": DayField, "ends_on": DayField}
        help_texts = {
            "starts_on": _(
                "Empty: since always, past weeks too. A new amount from a day on: add another goal that starts that day."
            ),
            "ends_on": _("Its last day. Empty: open."),
        }

    field_order = ["who"]

    def __init__(self, *args, user: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user
        types = self.fields["touch_type"].queryset
        self.fields["touch_type"].queryset = types.live() | types.filter(pk=self.instance.touch_type_id)
        for field in self.fields.values():
            field.label = capfirst(field.label)
        if self.instance.pk:
            del self.fields["who"]
        else:
            self.fields["who"].choices = [("", "---------"), *_whom(user)]
            self.initial["starts_on"] = clock.company_today()

    def clean(self):
        data = super().clean()
        if who := data.pop("who", ""):
            kind, _dash, key = who.partition("-")
            data[kind] = (Role if kind == "role" else User).objects.get(pk=key)
        return data


def _whom(user: User) -> list[tuple[str, list[tuple[str, str]]]]:
    """Roles, for who changes the rules, and people in a team whose workload the user changes."""
    groups = []
    if may_all(user, Area.RULES, Act.CHANGE):
        roles = Role.objects.filter(retired_at__isnull=True)
        groups.append((_("Roles"), [(f"role-{row.pk}", row.name) for row in roles]))
    seated = people_within(user, Area.BUDGETS, Act.CHANGE).filter(
        on_day(clock.company_today(), "memberships__"), is_active=True, memberships__isnull=False
    )
    people = seated.order_by("name", "pk").distinct().values_list("pk", "name")
    if people:
        groups.append((_("People"), [(f"user-{pk}", name) for pk, name in people]))
    return groups
