"""Forms of call plans: judgements of what calls do, how plans are made, and asking for one."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Role
from customers.models import Tier
from planning.models import CallPlan, CallPlanSettings, ContactRule, ResponseJudgement
from territory.fields import DayField, PercentField

ANSWERS = ("none", "half", "more", "most")


class JudgementForm(forms.ModelForm):
    """Five answers, of which one is 100 % by its meaning."""

    none = PercentField(label=_("With no calls at all, business would be"), max_value=1000)
    half = PercentField(label=_("With half the calls"), max_value=1000)
    more = PercentField(label=_("With half more"), max_value=1000)
    most = PercentField(label=_("With all the calls one could make"), max_value=1000)

    class Meta:
        model = ResponseJudgement
        fields = ["tier", *ANSWERS, "starts_on", "reason"]
        field_classes = {"starts_on": DayField}
        widgets = {"reason": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["tier"].queryset = Tier.objects.live()


class CallPlanSettingsForm(forms.ModelForm):
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    within = PercentField(label=_("Ranges stay within so much of the best"), max_value=50)

    class Meta:
        model = CallPlanSettings
        fields = ["within", "most_times", "weeks", "areas", "cell_km", "km_cost"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.initial["version"] = self.instance.version


class AskForm(forms.ModelForm):
    """Which role's calls are planned, within which hours."""

    class Meta:
        model = CallPlan
        fields = ["role", "hours"]
        help_texts = {"hours": _("Empty: what the people of this role have, less what the plan does not move.")}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        called = ContactRule.objects.order_by().values("role")
        self.fields["role"].queryset = Role.objects.filter(pk__in=called, retired_at__isnull=True).order_by("position")
        self.fields["role"].empty_label = None
        self.fields["hours"].label = _("Hours a year")
