"""The form of a cover: who stands in for a person, when, on which customers."""

from typing import Any

from django import forms
from django.db.models import Q
from django.forms.utils import ErrorDict
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.models import Cover, Membership, User
from accounts.permissions import Act, Area, people_within, scope
from customers.forms.fields import RowForm, SeveralField
from customers.models import Customer
from territory import clock
from territory.fields import DayField
from territory.folding import fold
from territory.rows import ends_from


def seats_within(actor: User, area: str, besides: User):
    """Present memberships of active people within the actor's reach of change in `area`, but one person's.

    Of a person in several teams only the memberships in teams within reach; of oneself all.
    """
    people = people_within(actor, area, Act.CHANGE).filter(is_active=True).exclude(pk=besides.pk)
    rows = Membership.objects.on(clock.company_today()).filter(user__in=people.values("pk"))
    reached = scope(actor, area, Act.CHANGE)
    if not reached.everything:
        rows = rows.filter(reached.teams_through("team__") | Q(user=actor))
    return rows.select_related("user", "role", "team").order_by("user__name", "pk")


class SeatField(forms.ModelChoiceField):
    """A membership, by person, role and team."""

    def label_from_instance(self, row: Membership) -> str:
        return f"{row.user}, {row.role}, {row.team}"


# So many customers are drawn as boxes; whoever has more is searched, and what is ticked beyond goes along unseen.
SHOWN = 120


class CoverForm(RowForm):
    """Who stands in, from which day to which, on all of the person's customers or on those ticked."""

    membership = SeatField(queryset=Membership.objects.none(), label=_("Who covers"))
    customers = SeveralField(
        queryset=Customer.objects.none(), label=_("Customers"), required=False, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Cover
        fields = ("membership", "starts_on", "ends_on", "covers_all")
        field_classes = {"starts_on": DayField, "ends_on": DayField}
        labels = {
            "starts_on": _("First day covered"),
            "ends_on": _("Last day covered"),
            "covers_all": _("All their customers"),
        }
        help_texts = {"covers_all": _("Untick it to choose some of them below.")}

    def __init__(self, actor: User, person: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["membership"].queryset = seats_within(actor, Area.ABSENCES, person)
        # Of the person's customers those that the actor sees; others are covered with all of them only.
        present = ends_from(clock.company_today(), "assignments__")
        theirs = Customer.objects.live().filter(present, assignments__membership__user=person)
        field = self.fields["customers"]
        field.queryset = Customer.objects.visible_to(actor).filter(pk__in=theirs.values("pk")).order_by("name", "pk")
        if self.instance.pk is not None:
            self.initial["customers"] = [row.customer_id for row in self.instance.customers.all()]

    @property
    def found(self) -> str:
        """The words by which customers are searched."""
        return self.data.get("find", "").strip() if self.is_bound else ""

    def show_only(self) -> None:
        """Show what was typed as it is, without judging it: only customers were searched."""
        self._errors = ErrorDict()

    @cached_property
    def boxes(self) -> list[tuple[int, str, bool]]:
        """Customers that hold the searched words in their name, those ticked first: primary key, name, whether ticked."""
        words = fold(self.found).split()
        rows = [row for row in self._choices if all(word in fold(row[1]) for word in words)]
        return sorted(rows, key=lambda row: not row[2])[:SHOWN]

    @property
    def unseen_ticks(self) -> list[int]:
        """What is ticked and not among the boxes."""
        drawn = {pk for pk, _name, _ticked in self.boxes}
        return [pk for pk, _name, is_ticked in self._choices if is_ticked and pk not in drawn]

    @property
    def more(self) -> int:
        """How many customers of theirs are not among the boxes."""
        return len(self._choices) - len(self.boxes)

    @cached_property
    def _choices(self) -> list[tuple[int, str, bool]]:
        chosen = {str(pk) for pk in self["customers"].value() or ()}
        rows = self.fields["customers"].queryset.values_list("pk", "name")
        return [(pk, name, str(pk) in chosen) for pk, name in rows]

    def values(self) -> dict[str, Any]:
        """For the action: no customers where all are covered. What was chosen that the actor does not see stays chosen."""
        said = {name: self.cleaned_data[name] for name in ("membership", "starts_on", "ends_on")}
        if self.cleaned_data["covers_all"]:
            return {**said, "customers": None}
        return {**said, "customers": [*self.cleaned_data["customers"], *self._unseen()]}

    def _unseen(self) -> list[Customer]:
        if self.instance.pk is None:
            return []
        chosen = self.instance.customers.values("customer")
        return list(
            Customer.objects.filter(pk__in=chosen).exclude(pk__in=self.fields["customers"].queryset.values("pk"))
        )
