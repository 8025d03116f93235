"""Forms of people, teams and roles. They check shape; the rules are the actions', which answer by field."""

import zoneinfo
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import Absence, Membership, Role, Team, User
from accounts.role_rows import RoleRows
from territory.fields import DayField, PercentField
from territory.mail.choices import chosen_in
from territory.mail.kinds import offered_to
from territory.mail.models import MailChoices


class Refusing:
    """A form that shows what an action refused."""

    def refuse(self: Any, error: ValidationError) -> None:
        """Show what an action refused, beside its field where the form has it."""
        messages = error.error_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.error_list}
        for name, errors in messages.items():
            self.add_error(name if name in self.fields else None, errors)


class ActionForm(Refusing, forms.ModelForm):
    """A form whose row an action saves."""

    def validate_unique(self) -> None:
        """The action's."""

    def _post_clean(self) -> None:
        # Constraints too are the action's: it says by which field one was broken.
        self.instance.validate_constraints = lambda exclude=None: None
        try:
            super()._post_clean()
        finally:
            del self.instance.validate_constraints


class VersionedForm(ActionForm):
    """A form that carries the version of the row it showed."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["version"].required = True
            self.initial["version"] = self.instance.version
        else:
            del self.fields["version"]


def time_zones(now: str = "") -> list[tuple[str, str]]:
    """Zones by place, those of the sea and the past left out; `now` is kept whatever it is."""
    names = {
        name
        for name in zoneinfo.available_timezones()
        if "/" in name and not name.startswith(("Etc/", "SystemV/", "US/"))
    }
    names |= {"UTC"} | ({now} if now else set())
    return [("", _("The company's")), *((name, name.replace("_", " ")) for name in sorted(names))]


class ProfileForm(VersionedForm):
    """What everyone says of themselves."""

    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)

    class Meta:
        model = User
        fields = ["time_zone", "locale", "base_latitude", "base_longitude", "working_hours"]
        labels = {
            "locale": _("Dates and numbers"),
            "base_latitude": _("Home base, latitude"),
            "base_longitude": _("Home base, longitude"),
            "working_hours": _("Working hours"),
        }
        help_texts = {
            "working_hours": _(
                "When visits may be planned, such as Mo-Th 08:00-17:00; Fr 08:00-12:00. Empty: the company's."
            ),
            "base_latitude": _("North positive, as 50.7184. Travel to customers is counted from here."),
            "base_longitude": _("East positive, as -3.5339."),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["time_zone"].choices = time_zones(self.instance.time_zone)
        for name in ("base_latitude", "base_longitude"):
            self.fields[name].widget = forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"})


class MailChoicesForm(VersionedForm):
    """What a person wants mailed: a field for each kind that is offered to them."""

    class Meta:
        model = MailChoices
        fields: list[str] = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for kind in offered_to(self.instance.user):
            self.fields[kind.key] = forms.ChoiceField(
                label=kind.label,
                help_text=kind.help,
                choices=[(when.value, when.label) for when in kind.choices],
                initial=chosen_in(self.instance, kind).value,
                widget=forms.RadioSelect,
                required=False,  # what is left out stays as it is
            )


class PersonForm(ProfileForm):
    """Who a person is."""

    class Meta(ProfileForm.Meta):
        fields = ["name", "email", "external_id", *ProfileForm.Meta.fields]
        labels = {
            **ProfileForm.Meta.labels,
            "name": _("Name"),
            "email": _("E-mail"),
            "external_id": _("External id"),
        }
        help_texts = {
            **ProfileForm.Meta.help_texts,
            "email": _("Empty: this person cannot sign in."),
            "external_id": _("What another system calls this person; imports find them by it."),
        }


class TeamChoice(forms.ModelChoiceField):
    """A team with what it is part of, so that two of one name can be told apart."""

    def label_from_instance(self, team: Team) -> str:
        return f"{team.name} ({team.parent.name})" if team.parent else team.name


def choosable_teams(now: int | None = None):
    """Live teams, and the one chosen now."""
    return Team.objects.filter(Q(archived_at__isnull=True) | Q(pk=now)).select_related("parent")


def choosable_roles(now: int | None = None):
    """Roles in use, and the one chosen now."""
    return Role.objects.filter(Q(retired_at__isnull=True) | Q(pk=now))


class MembershipForm(VersionedForm):
    """A person in a team, in a role, from when to when."""

    team = TeamChoice(queryset=Team.objects.none(), label=_("Team"))
    selling_share = PercentField(
        label=_("Selling share"),
        initial=Decimal("0.5"),
        help_text=_("Per cent of the weekly hours that is for customers."),
    )

    class Meta:
        model = Membership
        fields = ["team", "role", "starts_on", "ends_on", "profile", "weekly_hours", "selling_share"]
        field_classes = {"starts_on": DayField, "ends_on": DayField}
        labels = {
            "role": _("Role"),
            "starts_on": _("From"),
            "ends_on": _("Until"),
            "profile": _("Job profile"),
            "weekly_hours": _("Weekly hours"),
            "cost_per_hour": _("Cost per hour"),
        }
        help_texts = {
            "starts_on": _("Empty: since always."),
            "ends_on": _("The last day. Empty: open."),
            "profile": _(
                "Sole contact may own a customer alone, lead may be first among several, support may not own one."
            ),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = choosable_teams(self.instance.team_id)
        self.fields["role"].queryset = choosable_roles(self.instance.role_id)


class MembershipCostForm(MembershipForm):
    """The same for who may change what people cost."""

    class Meta(MembershipForm.Meta):
        fields = [*MembershipForm.Meta.fields, "cost_per_hour"]
        help_texts = {**MembershipForm.Meta.help_texts, "cost_per_hour": _("Empty: the role's.")}


class AbsenceForm(VersionedForm):
    """Days away."""

    class Meta:
        model = Absence
        fields = ["starts_on", "ends_on", "kind", "note"]
        field_classes = {"starts_on": DayField, "ends_on": DayField}
        labels = {"starts_on": _("First day away"), "ends_on": _("Last day away"), "kind": _("Kind"), "note": _("Note")}


class TeamForm(VersionedForm):
    """A team and where it stands in the tree."""

    parent = TeamChoice(
        queryset=Team.objects.none(), label=_("Part of"), required=False, empty_label=_("Nothing: at the top")
    )

    class Meta:
        model = Team
        fields = ["name", "parent", "external_id"]
        labels = {"name": _("Name"), "external_id": _("External id")}
        help_texts = {"external_id": _("What another system calls this team; imports find it by it.")}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        teams = choosable_teams(self.instance.parent_id)
        if self.instance.pk:
            teams = teams.exclude(path__startswith=self.instance.path)
        self.fields["parent"].queryset = teams


class RoleForm(VersionedForm):
    """A role's name and function, and what signing in with it asks for."""

    class Meta:
        model = Role
        fields = ["name", "function", "second_factor_required"]
        labels = {
            "name": _("Name"),
            "function": _("Function"),
            "second_factor_required": _("Second factor required"),
            "cost_per_hour": _("Cost per hour"),
        }
        help_texts = {
            "function": _(
                "What kind of work it is. Management and senior management manage the teams they are members of."
            ),
            "second_factor_required": _(
                "Whoever is in this role signs in with an authenticator app or a passkey. Who has none sets one up first."
            ),
        }


class RoleCostForm(RoleForm):
    """The same for who may change what roles cost."""

    class Meta(RoleForm.Meta):
        fields = [*RoleForm.Meta.fields, "cost_per_hour"]
        help_texts = {**RoleForm.Meta.help_texts, "cost_per_hour": _("For who has no cost of their own.")}


class LikeRole(forms.ModelChoiceField):
    """Another role; beside its name how many rows a new one may copy from it."""

    counts: Mapping[int, int] = {}

    def label_from_instance(self, role: Role) -> str:
        rows = self.counts.get(role.pk, 0)
        if not rows:
            return role.name
        return ngettext("%(role)s (%(n)s row)", "%(role)s (%(n)s rows)", rows) % {"role": role, "n": rows}


def new_role_form(base: type[RoleForm], rows: RoleRows | None) -> type[RoleForm]:
    """A form for a role that does not exist yet: it starts with the access of another, and with its `rows` if wanted."""
    like = LikeRole(
        queryset=Role.objects.live(),
        label=_("May do the same as"),
        required=False,
        empty_label=_("Nothing yet"),
        help_text=_("What this role may see, change and approve."),
    )
    fields: dict[str, forms.Field] = {"like": like}
    if rows is not None:
        like.counts = rows.counts()
        fields["with_rows"] = forms.BooleanField(label=rows.label, required=False, help_text=rows.help_text)
    return type(f"New{base.__name__}", (base,), fields)


class PeopleFilter(forms.Form):
    """What the list of people is narrowed to."""

    STATES = [
        ("", _("Active")),
        ("no_sign_in", _("Without sign-in")),
        ("deactivated", _("Deactivated")),
        ("all", _("All")),
    ]

    q = forms.CharField(required=False)
    team = TeamChoice(queryset=Team.objects.none(), label=_("Team"), required=False, empty_label=_("All teams"))
    role = forms.ModelChoiceField(
        queryset=Role.objects.none(), label=_("Role"), required=False, empty_label=_("All roles")
    )
    state = forms.ChoiceField(choices=STATES, required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = choosable_teams()
        self.fields["role"].queryset = choosable_roles()

    def chosen(self) -> dict:
        """Valid choices; one that is not valid narrows nothing."""
        self.is_valid()
        return {name: self.cleaned_data.get(name) for name in self.fields if self.cleaned_data.get(name)}
