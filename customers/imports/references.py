"""Finding what rows refer to, by external id or name, among what the importing person may reach."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from msgspec import Struct

from accounts.models import Membership, Role, Team, User
from accounts.permissions import Act, Area, may_all, people_within, teams_within
from customers.models import (
    Contact,
    ContactRole,
    Customer,
    InternalWork,
    Market,
    Order,
    OrderStep,
    ProductLine,
    SaleType,
    Touch,
    TouchType,
)
from customers.queries.touch_choices import loggable
from customers.scope import amounts_within
from territory.folding import fold


class Found(Struct, frozen=True):
    """What a reference found. `pk` is None for something that is yet to be created under this name."""

    pk: int | None
    name: str
    extra: tuple[Any, ...] = ()


class Reach(Struct, frozen=True, dict=True):
    """What the importing person may reach: over imports, and over changes in the `area` of the rows; the smaller counts.

    Nobody (the command line) reaches all.
    """

    actor: User | None = None
    area: str = Area.CUSTOMERS

    @cached_property
    def imports_all(self) -> bool:
        """Whether imports reach the whole company: such an import is bound by no number of days."""
        return self.actor is None or may_all(self.actor, Area.IMPORT, Act.CHANGE)

    @cached_property
    def everything(self) -> bool:
        """Whether the person may import such rows for the whole company. They alone give external ids (domain 1.1)."""
        return self.actor is None or (self.imports_all and may_all(self.actor, self.area, Act.CHANGE))

    def teams(self) -> models.QuerySet[Team]:
        if self.actor is None:
            return Team.objects.all()
        within = teams_within(self.actor, self.area, Act.CHANGE)
        return teams_within(self.actor, Area.IMPORT, Act.CHANGE).filter(pk__in=within.values("pk"))

    def people(self) -> models.QuerySet[User]:
        """People that rows may name; of absences and work: whose these may be."""
        if self.actor is None:
            return User.objects.all()
        people = people_within(self.actor, Area.IMPORT, Act.CHANGE)
        if self.area in (Area.ABSENCES, Area.TOUCHES):
            people = people.filter(pk__in=people_within(self.actor, self.area, Act.CHANGE).values("pk"))
        return people

    def customers(self) -> models.QuerySet[Customer]:
        if self.actor is None:
            return Customer.objects.all()
        if self.area == Area.TOUCHES:
            changeable = Customer.objects.filter(pk__in=loggable(self.actor).values("pk"))
        else:
            changeable = Customer.objects.visible_to(self.actor).within(self.actor, self.area, Act.CHANGE)
        return changeable.within(self.actor, Area.IMPORT, Act.CHANGE)

    def of_customers(self, rows: models.QuerySet) -> models.QuerySet:
        """Those of the rows that hang on a customer within reach."""
        return rows if self.actor is None else rows.filter(customer__in=self.customers().values("pk"))

    def orders(self) -> models.QuerySet[Order]:
        """Orders that rows may name; of orders: that may be changed."""
        rows = Order.objects.all()
        if self.actor is not None:
            rows = rows.editable_by(self.actor) if self.area == Area.ORDERS else rows.visible_to(self.actor)
        return self.of_customers(rows)

    def contacts(self) -> models.QuerySet[Contact]:
        return self.of_customers(Contact.objects.all())

    def touches(self) -> models.QuerySet[Touch]:
        """Touches that may be changed. An import of the whole company reaches old ones and other people's too."""
        rows = Touch.objects.all()
        return self.of_customers(rows if self.actor is None or self.imports_all else rows.editable_by(self.actor))

    def internal_work(self) -> models.QuerySet[InternalWork]:
        """Internal work that may be changed, likewise."""
        rows = InternalWork.objects.filter(user__in=self.people().values("pk"))
        if self.actor is None or self.imports_all:
            return rows
        on_customers = models.Q(customer__isnull=True) | models.Q(customer__in=self.customers().values("pk"))
        return rows.editable_by(self.actor).filter(on_customers)

    def sees_amounts(self, customers: Iterable[int]) -> set[int]:
        """Those of the customers whose amounts the person may see."""
        rows = Customer.objects.filter(pk__in=set(customers))
        if self.actor is not None:
            rows = rows.filter(amounts_within(self.actor, ""))
        return set(rows.values_list("pk", flat=True))

    def may_create(self, area: str) -> bool:
        """Whether the person may add rows that belong to the whole company."""
        return self.actor is None or may_all(self.actor, area, Act.CHANGE)


class Target(Struct, frozen=True):
    """A kind of thing that rows refer to. `extra` are columns that come along with what was found."""

    word: Any
    rows: Callable[[Reach], models.QuerySet]
    columns: tuple[str, ...] = ("external_id", "name")
    extra: tuple[str, ...] = ()
    creatable: str = ""


def _all(model: type[models.Model]) -> Callable[[Reach], models.QuerySet]:
    return lambda reach: model._default_manager.all()


TARGETS: dict[str, Target] = {
    "team": Target(gettext_lazy("team"), Reach.teams, extra=("path",)),
    "person": Target(gettext_lazy("person"), Reach.people, ("external_id", "name", "email")),
    "customer": Target(gettext_lazy("customer"), Reach.customers, extra=("team_id", "since")),
    "order": Target(gettext_lazy("order"), Reach.orders, ("external_id",), extra=("customer_id",)),
    "contact": Target(gettext_lazy("contact"), Reach.contacts, extra=("customer_id",)),
    "product_line": Target(gettext_lazy("product line"), _all(ProductLine)),
    "market": Target(gettext_lazy("market"), _all(Market), creatable=Area.RULES),
    "role": Target(gettext_lazy("role"), _all(Role), ("name",)),
    "contact_role": Target(gettext_lazy("contact role"), _all(ContactRole), ("name",)),
    "touch_type": Target(gettext_lazy("touch type"), _all(TouchType), ("name",), extra=("default_seconds",)),
    "order_step": Target(gettext_lazy("order step"), _all(OrderStep), ("name",)),
    "sale_type": Target(gettext_lazy("sale type"), _all(SaleType), ("name",)),
}


class References:
    """Everything that may be referred to, read once an import and kind of thing."""

    def __init__(self, reach: Reach) -> None:
        self.reach = reach
        self._known: dict[str, dict[str, dict[str, list[Found]]]] = {}
        self._memberships: dict[int, list[Membership]] | None = None
        self._teams: set[int] | None = None

    def find(self, target: str, text: str, by: str | None = None, create: bool = False) -> Found:
        """The one thing of that external id or name (external ids first); ValueError where there is none, or several."""
        word = TARGETS[target].word
        known = self._of(target)
        ways = [by] if by else list(known)
        for way in ways:
            if way not in known:
                raise ValueError(_("a %(word)s is not found by %(way)s") % {"word": word, "way": way})
            found = known[way].get(text if way == "external_id" else fold(text), [])
            if len(found) == 1:
                return found[0]
            if found:
                raise ValueError(_("several are called so; refer to this %(word)s by external id") % {"word": word})
        if create and TARGETS[target].creatable and self.reach.may_create(TARGETS[target].creatable):
            return Found(None, text)
        ways_in_words = " / ".join(way.replace("_", " ") for way in ways)
        raise ValueError(_("no %(word)s with this %(ways)s") % {"word": word, "ways": ways_in_words})

    def named(self, target: str, name: str) -> list[Found]:
        """All things that bear a name."""
        return self._of(target)["name"].get(fold(name), [])

    def forget(self, *targets: str) -> None:
        """Read these again; all of them where none is named."""
        for target in targets or tuple(self._known):
            self._known.pop(target, None)
        self._memberships = None

    def memberships(self, person: int) -> list[Membership]:
        """A person's memberships, earliest first; teams and roles come along."""
        if self._memberships is None:
            self._memberships = defaultdict(list)
            for row in Membership.objects.select_related("team", "role"):
                self._memberships[row.user_id].append(row)
            for rows in self._memberships.values():
                rows.sort(key=earliest_first)
        return self._memberships.get(person, [])

    def within_teams(self, membership: Membership) -> bool:
        """Whether the membership is of a team within reach."""
        if self._teams is None:
            self._teams = set(self.reach.teams().values_list("pk", flat=True))
        return self.reach.everything or membership.team_id in self._teams

    def _of(self, target: str) -> dict[str, dict[str, list[Found]]]:
        if target not in self._known:
            self._known[target] = _indexed(TARGETS[target], self.reach)
        return self._known[target]


def earliest_first(row: Membership) -> tuple:
    """The order in which memberships count where several would do: since always, then by start."""
    return (row.starts_on is not None, row.starts_on, row.pk)


def _indexed(target: Target, reach: Reach) -> dict[str, dict[str, list[Found]]]:
    index: dict[str, dict[str, list[Found]]] = {column: defaultdict(list) for column in target.columns}
    name_at = target.columns.index("name") if "name" in target.columns else 0
    width = len(target.columns)
    for pk, *values in target.rows(reach).values_list("pk", *target.columns, *target.extra):
        found = Found(pk, values[name_at] or "", tuple(values[width:]))
        for column, value in zip(target.columns, values, strict=False):
            if value:
                index[column][value if column == "external_id" else fold(value)].append(found)
    return index
