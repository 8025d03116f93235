"""Forms of the rules and the catalogue: one field for each thing an administrator sets, minutes and per cent as people say them."""

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from customers.models import ContactRole, OrderStep, SaleType, Tier, TouchType
from planning.models import (
    COUNTING,
    ContactLoad,
    ContactRule,
    OrderRule,
    PlanningSettings,
    TeamLoad,
    TeamSellingLoad,
)
from territory.company.models import Company, Holiday
from territory.fields import A_DAY, MinutesField, PercentField


class RuleForm(forms.ModelForm):
    """A row with its version; what it refers to is offered only while in use (or already chosen)."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["version"] = self.instance.version
        for name, field in self.fields.items():
            field.label = capfirst(field.label)
            field.error_messages["unique"] = _("Another one has this already, perhaps a retired one.")
            queryset = getattr(field, "queryset", None)
            if queryset is not None and hasattr(queryset, "live"):
                field.queryset = queryset.live() | queryset.filter(pk=getattr(self.instance, f"{name}_id", None))


class TierForm(RuleForm):
    class Meta:
        model = Tier
        fields = ["name", "lower_bound"]


class TouchTypeForm(RuleForm):
    default_seconds = MinutesField(label=_("usual minutes"), max_value=A_DAY)

    class Meta:
        model = TouchType
        fields = ["name", "channel", "default_seconds", "travels", "cost", "is_demo", "icon", "position"]
        widgets = {
            "icon": forms.Select(
                choices=[
                    ("telephone", _("telephone")),
                    ("geo-alt", _("place")),
                    ("camera-video", _("camera")),
                    ("easel", _("easel")),
                    ("envelope", _("envelope")),
                ]
            )
        }


class ContactRoleForm(RuleForm):
    class Meta:
        model = ContactRole
        fields = ["name", "expected_in_top_tiers", "position"]


class OrderStepForm(RuleForm):
    probability = PercentField(label=_("usual probability"))

    class Meta:
        model = OrderStep
        fields = ["name", "probability", "position"]


class SaleTypeForm(RuleForm):
    class Meta:
        model = SaleType
        fields = ["name", "kind", "position"]


class ContactRuleForm(RuleForm):
    duration_seconds = MinutesField(label=_("minutes each"), min_value=1, max_value=A_DAY)

    class Meta:
        model = ContactRule
        fields = ["tier", "stage", "role", "touch_type", "count", "period", "duration_seconds"]

    def clean(self):
        """Two rules for the same tier, stage, role and type would contradict each other: say so at the field."""
        data = super().clean()
        names = ("tier", "stage", "role", "touch_type")
        if all(data.get(name) for name in names):
            others = ContactRule.objects.filter(**{name: data[name] for name in names}).exclude(pk=self.instance.pk)
            other = others.first()
            if other:
                self.add_error(
                    "touch_type",
                    _("There is a rule for this tier, stage, role and touch type already: %(count)s per %(period)s.")
                    % {"count": other.count, "period": other.get_period_display()},
                )
        return data


class OrderRuleForm(RuleForm):
    duration_seconds = MinutesField(label=_("minutes per order"), max_value=A_DAY)

    class Meta:
        model = OrderRule
        fields = ["role", "tier", "duration_seconds"]


class ContactLoadForm(RuleForm):
    duration_seconds = MinutesField(label=_("minutes a month"))

    class Meta:
        model = ContactLoad
        fields = ["contact_role", "role", "duration_seconds"]


class TeamSellingLoadForm(RuleForm):
    duration_seconds = MinutesField(label=_("minutes a month"))

    class Meta:
        model = TeamSellingLoad
        fields = ["role", "duration_seconds"]


class TeamLoadForm(RuleForm):
    duration_seconds = MinutesField(label=_("minutes a month"))

    class Meta:
        model = TeamLoad
        fields = ["role", "duration_seconds"]


class ThresholdsForm(RuleForm):
    under_served_below = PercentField(label=_("Under-served below, per cent of budget"), help_text="")
    over_served_above = PercentField(label=_("Over-served above, per cent of budget"), max_value=999, help_text="")
    room_below = PercentField(label=_("Room below, per cent of capacity"), max_value=999, help_text="")
    good_up_to = PercentField(label=_("Good up to"), max_value=999, help_text="")
    full_up_to = PercentField(label=_("Full up to"), max_value=999, help_text="")
    over_up_to = PercentField(label=_("Over up to, far over above"), max_value=999, help_text="")
    large_order_above = PercentField(
        label=_("A large order is above, per cent of the team's sales"), max_value=999, help_text=""
    )
    large_order_until = PercentField(label=_("It stays one until below"), max_value=999, help_text="")

    class Meta:
        model = PlanningSettings
        fields = [
            "under_served_below",
            "over_served_above",
            "room_below",
            "good_up_to",
            "full_up_to",
            "over_up_to",
            "large_order_above",
            "large_order_until",
            "first_sales_from",
            "detour_factor",
            "travel_speed_kmh",
            "retry_working_days",
        ]

    # Each pair: the first must be below the second.
    ordered = [
        ("under_served_below", "over_served_above"),
        ("room_below", "good_up_to"),
        ("good_up_to", "full_up_to"),
        ("full_up_to", "over_up_to"),
        ("large_order_until", "large_order_above"),
    ]

    def clean(self):
        data = super().clean()
        for low, high in self.ordered:
            if data.get(low) is not None and data.get(high) is not None and data[low] >= data[high]:
                self.add_error(low, _("This must be below “%(other)s”.") % {"other": self.fields[high].label})
        return data


class CountingForm(RuleForm):
    margin_share = PercentField(
        label=_("Margin, per cent of business"),
        required=False,
        help_text=_("What is left of the business won after its direct costs. Empty: business counts whole."),
    )

    class Meta:
        model = PlanningSettings
        fields = COUNTING
        help_texts = {
            "repeats_count_once": _(
                "Several touches of one type with one customer on one day are worth one, in evidence and in the value of work done."
            )
        }


class CompanyForm(RuleForm):
    working_days = forms.TypedMultipleChoiceField(
        label=_("Working days"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        choices=[
            (1, _("Monday")),
            (2, _("Tuesday")),
            (3, _("Wednesday")),
            (4, _("Thursday")),
            (5, _("Friday")),
            (6, _("Saturday")),
            (7, _("Sunday")),
        ],
        error_messages={"required": _("Choose one working day at least.")},
    )

    class Meta:
        model = Company
        fields = ["name", "time_zone", "working_days"]


class HolidayForm(forms.ModelForm):
    class Meta:
        model = Holiday
        fields = ["on", "name"]
        widgets = {"on": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})}
