"""Forms of the rules and the catalogue: one field for each thing an administrator sets, minutes and per cent as people say them."""

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from customers.models import CircumstanceKind, ContactRole, OrderStep, SaleType, Tier, TouchType
from planning.models import (
    COUNTING,
    VISITING,
    ContactLoad,
    ContactRule,
    OrderRule,
    PlanningSettings,
    SpeedBand,
    TeamLoad,
    TeamSellingLoad,
)
from planning.situations.registry import KINDS
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


class CircumstanceKindForm(RuleForm):
    class Meta:
        model = CircumstanceKind
        fields = ["name", "position"]


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


class SpeedBandForm(RuleForm):
    class Meta:
        model = SpeedBand
        fields = ["from_km", "kmh"]


class ThresholdsForm(RuleForm):
    under_served_below = PercentField(label=_("Under-served below, per cent of budget"), help_text="")
    over_served_above = PercentField(label=_("Over-served above, per cent of budget"), max_value=999, help_text="")
    room_below = PercentField(label=_("Room below, per cent of capacity"), max_value=999, help_text="")
    good_up_to = PercentField(label=_("Good up to"), max_value=999, help_text="")
    full_up_to = PercentField(label=_("Full up to"), max_value=999, help_text="")
    over_up_to = PercentField(label=_("Over up to, far over above"), max_value=999, help_text="")

    class Meta:
        model = PlanningSettings
        fields = [
            "under_served_below",
            "over_served_above",
            "room_below",
            "good_up_to",
            "full_up_to",
            "over_up_to",
            "detour_factor",
            "travel_speed_kmh",
            "retry_working_days",
            "circumstances_ahead_days",
        ]

    # Each pair: the first must be below the second.
    ordered = [
        ("under_served_below", "over_served_above"),
        ("room_below", "good_up_to"),
        ("good_up_to", "full_up_to"),
        ("full_up_to", "over_up_to"),
    ]

    def clean(self):
        data = super().clean()
        for low, high in self.ordered:
            if data.get(low) is not None and data.get(high) is not None and data[low] >= data[high]:
                self.add_error(low, _("This must be below “%(other)s”.") % {"other": self.fields[high].label})
        return data


class SituationThresholdsForm(RuleForm):
    """What every kind of special situation declares, under the kind's name."""

    class Meta:
        model = PlanningSettings
        fields: tuple[str, ...] = ()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # How a field is called where it stands alone: several kinds have a threshold of the same words.
        self.told: dict[str, str] = {}
        for kind in KINDS:
            for threshold in kind.thresholds:
                self.told[threshold.name] = f"{capfirst(kind.label)}: {threshold.label}"
                self.fields[threshold.name] = threshold.field()
                self.initial[threshold.name] = threshold.of(self.instance)

    @property
    def kinds(self):
        """Each kind with its fields, each with what holds in words."""
        return [(kind, [(self[row.name], row.text(self.instance)) for row in kind.thresholds]) for kind in KINDS]

    def clean(self):
        data = super().clean()
        for kind in KINDS:
            for threshold in kind.thresholds:
                low, high = data.get(threshold.name), data.get(threshold.below)
                if low is not None and high is not None and low >= high:
                    other = {"other": self.fields[threshold.below].label}
                    self.add_error(threshold.name, _("This must be below “%(other)s”.") % other)
        return data

    def _post_clean(self):
        super()._post_clean()
        declared = [threshold for kind in KINDS for threshold in kind.thresholds]
        typed = {row.name: row.kept(self.cleaned_data[row.name]) for row in declared if row.name in self.cleaned_data}
        self.instance.situations = {**self.instance.situations, **typed}


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


class VisitingForm(RuleForm):
    visit_share = PercentField(
        label=_("A visit's value an hour, at least, per cent of the plan's mean"),
        help_text=_("What brings less for the drive is left out. 0: every hour is filled with whatever is due."),
    )

    class Meta:
        model = PlanningSettings
        fields = VISITING
        help_texts = {
            "working_hours": _("Where a person says nothing else. Such as Mo-Th 08:00-17:00; Fr 08:00-15:00."),
            "lunch_minutes": _("0: none is planned."),
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
        fields = ["name", "time_zone", "working_days", "rate_per_km", "map_tiles", "map_credit"]
        help_texts = {
            "rate_per_km": _("What a kilometre is worth in expenses. Empty: no mileage is proposed."),
            "map_tiles": _(
                "Address of map pictures, such as https://tiles.example.com/{z}/{x}/{y}.png. Whoever serves them learns which"
                " places people look at. Empty: maps show coasts and borders only, and ask nobody."
            ),
            "map_credit": _("Whom to name on the map, as the tiles' licence asks."),
        }

    def clean(self):
        typed = super().clean()
        if typed.get("map_tiles") and not typed.get("map_credit"):
            self.add_error("map_credit", _("Say whom the map names for its tiles."))
        return typed


class HolidayForm(forms.ModelForm):
    class Meta:
        model = Holiday
        fields = ["on", "name"]
        widgets = {"on": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})}
