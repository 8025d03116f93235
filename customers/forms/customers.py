"""Forms for a customer: itself, its potential, its tier, its stage."""

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import JobProfile, Membership, Team
from accounts.permissions import Act, Area, current_memberships, may, may_all, teams_within
from customers.forms.fields import WithPhone
from customers.models import Customer, Market, Potential, Stage, Tier
from territory import clock
from territory.fields import AmountField, DayField


def owners_to_choose(user):
    """Memberships that may own a customer the person makes: of teams within reach, and of the person's own teams."""
    teams = teams_within(user, Area.CUSTOMERS, Act.CHANGE).values("pk")
    own = [membership.team_id for membership in current_memberships(user)]
    rows = Membership.objects.on(clock.company_today()).exclude(profile=JobProfile.SUPPORT)
    rows = rows.filter(Q(team__in=teams) | Q(team__in=own), user__is_active=True)
    return rows.select_related("user", "team", "role").order_by("user__name", "pk")


def may_own(user) -> bool:
    """Whether the person has a membership that may own a customer."""
    return any(membership.profile != JobProfile.SUPPORT for membership in current_memberships(user))


class CustomerForm(WithPhone):
    """What a person may write about a customer. Without `user` it holds every field (to show what is there now)."""

    team = forms.ModelChoiceField(Team.objects.live(), label=_("Team"))
    web = forms.URLField(label=_("Web"), required=False, assume_scheme="https")
    look_alikes_seen = forms.BooleanField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Customer
        fields = (
            "name", "address", "postcode", "town", "country", "phone", "web", "market", "since", "latitude", "longitude",
            "visiting_hours", "external_id", "note",
        )  # fmt: skip
        field_classes = {"since": DayField}
        widgets = {
            "note": forms.Textarea(attrs={"rows": 3}),
            "phone": forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
        }

    def __init__(self, *args, user=None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["market"].queryset = Market.objects.filter(
            Q(archived_at__isnull=True) | Q(pk=self.instance.market_id)
        ).order_by("name")
        self._fit_team(user)
        self._say_what_is_too_long()
        if user is not None and not may_all(user, Area.CUSTOMERS, Act.CHANGE):
            del self.fields["external_id"]
        self.order_fields(["name", "team", "market"])

    def clean(self) -> dict:
        """A place is whole or absent."""
        typed = super().clean() or self.cleaned_data
        latitude, longitude = typed.get("latitude"), typed.get("longitude")
        if (latitude is None) != (longitude is None) and not {"latitude", "longitude"} & set(self.errors):
            missing = "latitude" if latitude is None else "longitude"
            self.add_error(missing, _("Give both latitude and longitude, or neither."))
        return typed

    def _say_what_is_too_long(self) -> None:
        """Browsers cut off what is longer than a field may be, without a word: here it is sent, and refused in words."""
        for field in self.fields.values():
            field.widget.attrs.pop("maxlength", None)
            field.error_messages["max_length"] = _(
                "At most %(limit_value)d characters fit here, and these are %(show_value)d."
            )

    def _fit_team(self, user) -> None:
        """A team is chosen among those within reach; who has reach over their own customers alone chooses none."""
        field, present = self.fields["team"], self.instance.team_id
        field.initial = present
        if user is None:
            return
        within = teams_within(user, Area.CUSTOMERS, Act.CHANGE).filter(archived_at__isnull=True)
        if not within.exists():
            del self.fields["team"]
            return
        field.queryset = Team.objects.filter(Q(pk__in=within.values("pk")) | Q(pk=present)).order_by("name")
        field.required = present is not None


class NewCustomerForm(CustomerForm):
    """A new customer: also whose it is, where the person may choose or must say so, and what it could bring."""

    owner = forms.ModelChoiceField(
        Membership.objects.none(), label=_("Salesperson"), required=False, help_text=_("Whose customer it is.")
    )
    potential = AmountField(label=_("Yearly potential"), required=False)
    potential_source = forms.CharField(label=_("Where that is known from"), max_length=200, required=False)

    def __init__(self, *args, user, **kwargs) -> None:
        super().__init__(*args, user=user, **kwargs)
        self.user = user
        self._fit_owner(user)
        if not may(user, Area.AMOUNTS, Act.SEE):
            del self.fields["potential"], self.fields["potential_source"]
        if "team" in self.fields:
            self.fields["team"].help_text = _("Empty: the salesperson's.")
        self.order_fields(["name", "owner", "team", "market", "potential", "potential_source"])

    def _fit_owner(self, user) -> None:
        field, chooses = self.fields["owner"], teams_within(user, Area.CUSTOMERS, Act.CHANGE).exists()
        if not chooses and may_own(user):
            del self.fields["owner"]
            return
        field.queryset = owners_to_choose(user)
        field.label_from_instance = lambda row: f"{row.user}, {row.role}, {row.team}"
        field.required = not may_own(user)
        if not field.required:
            field.empty_label = str(user)


class PotentialForm(forms.ModelForm):
    """What the customer could bring a year, as noted on a day."""

    noted_on = DayField(label=_("Noted on"))

    class Meta:
        model = Potential
        fields = ("amount", "source", "noted_on")
        field_classes = {"amount": AmountField}
        help_texts = {"source": _("A visit, their annual report, an estimate …")}


class TierForm(forms.Form):
    """A tier by hand, whatever the yearly value."""

    tier = forms.ModelChoiceField(Tier.objects.live(), label=_("Tier"))
    reason = forms.CharField(label=_("Reason"), max_length=300, help_text=_("Shown beside the tier."))
    ends_on = DayField(label=_("Until"), required=False, help_text=_("Empty: until somebody ends it."))


class StageForm(forms.Form):
    """Lost, or a prospect again, with the reason."""

    stage = forms.ChoiceField(label=_("Stage"), widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("Reason"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    LABELS = {Stage.LOST: _("Lost"), Stage.PROSPECT: _("Prospect again")}

    def __init__(self, *args, stages, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["stage"].choices = [(stage.value, self.LABELS[stage]) for stage in stages]
        if len(stages) == 1:
            self.fields["stage"].initial = stages[0].value
