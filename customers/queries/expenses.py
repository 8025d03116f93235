"""Expenses that a person sees, what they can be noted for, and the ways that were driven and not noted yet."""

from __future__ import annotations

import datetime as dt
import uuid as uuids
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Any

from django.db.models import Case, Count, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.utils.text import capfirst
from msgspec import Struct, field

from accounts.models import Team, User
from accounts.permissions import Act, Area, current_memberships, may, teams_reached
from customers import extensions
from customers.models import Customer, Expense, ExpenseStatus, TouchPerson
from customers.queries.listing import CountedPaginator
from customers.scope import expenses_exported, expenses_noted_on, noting_expenses
from territory import clock
from territory.company.models import Company
from territory.formats.numbers import money_text
from territory.sums import MoneySum

PER_PAGE = 40
RELATED = ("author", "customer", "order__customer", "team")

# Whose way is still to be noted: of touches of so many days.
DRIVEN_LATELY = dt.timedelta(days=30)
MOST_WAYS = 5
# Of so many touches: where a customer lies is not always known, and then there is no way to propose.
MOST_LOOKED_AT = 50

MINE, WAITING, ALL = "mine", "waiting", "all"

# The person's own work comes first: what is to be mended or submitted.
_DRAFTS_FIRST = Case(
    When(status=ExpenseStatus.REFUSED, then=Value(0)),
    When(status=ExpenseStatus.DRAFT, then=Value(1)),
    When(status=ExpenseStatus.SUBMITTED, then=Value(2)),
    default=Value(3),
    output_field=IntegerField(),
)


def customers_to_note_on(user: User) -> QuerySet[Customer]:
    """Live customers for which, and for whose orders, the person may note expenses."""
    return Customer.objects.visible_to(user).live().filter(expenses_noted_on(user))


def teams_to_note_for(user: User, present: int | None = None) -> QuerySet[Team]:
    """Teams for which the person may note expenses: those in which they work and those within reach; and the one there is."""
    reached = noting_expenses(user)
    noting = {grant.membership_id for grant in reached.grants}
    own = [row.team_id for row in current_memberships(user) if row.pk in noting]
    offered = Team.objects.live().filter(Q(pk__in=own) | Q(pk__in=teams_reached(reached).values("pk")))
    return Team.objects.filter(Q(pk__in=offered.values("pk")) | Q(pk=present)).order_by("name", "pk")


def waiting_for(user: User) -> QuerySet[Expense]:
    """What waits for this person's decision, in no order; nothing where they approve nothing."""
    rows = Expense.objects.approvable_by(user) if may(user, Area.EXPENSES, Act.APPROVE) else Expense.objects.none()
    return rows.order_by()


class Total(Struct, frozen=True):
    """How many expenses of a status, and their sum."""

    status: str
    count: int
    amount: Decimal | None

    @property
    def label(self) -> str:
        return capfirst(str(ExpenseStatus(self.status).label))

    @property
    def shown(self) -> str:
        return "" if self.amount is None else money_text(self.amount)


def view_asked(user: User, asked: str) -> str:
    """Which of the list's views an address asks for. Where it asks for none that there is: one's own; where there are none,
    and others' wait for one's decision, those."""
    if asked in (MINE, ALL):
        return asked
    if not may(user, Area.EXPENSES, Act.APPROVE):
        return MINE
    if asked == WAITING:
        return WAITING
    has_own = Expense.objects.live().filter(author=user).exists()
    return WAITING if not has_own and waiting_for(user).exists() else MINE


def authors(user: User, view: str) -> QuerySet[User] | None:
    """Who noted an expense that the reader sees, to choose from; None in the view of one's own."""
    if view == MINE:
        return None
    seen = Expense.objects.live().visible_to(user).order_by().values("author")
    return User.objects.filter(pk__in=seen).order_by("name", "pk")


class ExpenseListing:
    """One reading of the list: one's own, those that wait for one's decision, or all that one sees; `form` filters."""

    def __init__(self, user: User, view: str, form: Any) -> None:
        self.user, self.view, self.form = user, view, form
        form.is_valid()

    @property
    def _of_view(self) -> QuerySet[Expense]:
        if self.view == WAITING:
            return Expense.objects.approvable_by(self.user)
        rows = Expense.objects.live()
        return rows.filter(author=self.user) if self.view == MINE else rows.visible_to(self.user)

    @property
    def _narrowed(self) -> QuerySet[Expense]:
        """What the filters leave, whatever the status."""
        said = self.form.cleaned_data
        conditions = {
            "kind": said.get("kind"),
            "author": said.get("person"),
            "spent_on__gte": said.get("since"),
            "spent_on__lte": said.get("until"),
        }
        return self._of_view.filter(**{name: value for name, value in conditions.items() if value})

    @property
    def rows(self) -> QuerySet[Expense]:
        """The expenses asked for: what one has to do first, then the newest; what waits, the longest first."""
        status = self.form.cleaned_data.get("status")
        rows = self._narrowed.filter(status=status) if status else self._narrowed
        rows = rows.select_related(*RELATED)
        if self.view == WAITING:
            return rows.order_by("submitted_at", "pk")
        if self.view == MINE:
            return rows.order_by(_DRAFTS_FIRST, "-spent_on", "-pk")
        return rows.order_by("-spent_on", "-pk")

    @cached_property
    def totals(self) -> list[Total]:
        """By status, over what the filters leave: one question."""
        rows = self._narrowed.order_by().values("status").annotate(count=Count("pk"), worth=MoneySum("amount"))
        found = {row["status"]: row for row in rows}
        return [
            Total(status, found.get(status, {}).get("count", 0), found.get(status, {}).get("worth"))
            for status in ExpenseStatus.values
        ]

    @property
    def total(self) -> Total:
        """Of all that the filters leave."""
        asked = self.form.cleaned_data.get("status")
        return next((total for total in self.totals if total.status == asked), self._of_all)

    @property
    def _of_all(self) -> Total:
        sums = [total.amount for total in self.totals if total.amount is not None]
        return Total("", sum(total.count for total in self.totals), sum(sums, Decimal(0)) if sums else None)

    @property
    def exported(self) -> QuerySet[Expense]:
        """The expenses asked for, as far as the reader's reach for exports goes."""
        return self.rows.filter(expenses_exported(self.user)).select_related(*RELATED, "decided_by", "touch__type")

    def page(self, number: str | None) -> Any:
        return CountedPaginator(self.rows, PER_PAGE, known=self.total.count).get_page(number)


def subject_of(expense: Expense) -> str:
    """What it was for, in words: an order with its customer."""
    if expense.order is not None:
        return f"{expense.order.customer}, {expense.order}"
    return str(expense.customer or expense.team)


class Way(Struct, frozen=True):
    """A touch that somebody travelled to: the kilometres there and back, and what they cost."""

    touch: Any
    km: Decimal
    amount: Decimal
    uuid: uuids.UUID = field(default_factory=uuids.uuid4)


def rate_per_km() -> Decimal | None:
    """What the company pays for a kilometre; None: nothing is proposed."""
    company = Company.current()
    return company.rate_per_km if company else None


def cost_of_km(km: Decimal, rate: Decimal) -> Decimal:
    """Kilometres times the rate, to the cent."""
    return (km * rate).quantize(Decimal("0.01"), ROUND_HALF_UP)


def ways_to_note(user: User, touch: int | None = None) -> list[Way]:
    """Touches of the last 30 days to which the person travelled and whose way they have not noted; the newest first.

    `touch`: of this one alone, whenever it was. Only customers on which they may note expenses, and where the places are known.
    """
    rate = rate_per_km()
    if rate is None or not may(user, Area.EXPENSES, Act.CHANGE):
        return []
    noted = Expense.objects.live().filter(touch=OuterRef("touch"), author=user, km__isnull=False)
    took_part = TouchPerson.objects.filter(
        ~Exists(noted),
        user=user,
        travel_seconds__gt=0,
        touch__archived_at__isnull=True,
        touch__customer__in=customers_to_note_on(user).values("pk"),
    )
    if touch is None:
        took_part = took_part.filter(touch__at__gte=clock.now() - DRIVEN_LATELY)
    else:
        took_part = took_part.filter(touch=touch)
    rows = took_part.select_related("touch__customer", "touch__type").order_by("-touch__at", "-touch")[:MOST_LOOKED_AT]
    touches = [row.touch for row in rows]
    distances = extensions.way_km(user, [each.customer for each in touches]) if touches else {}
    ways = []
    for each in touches:
        km = Decimal(str(distances.get(each.customer_id, 0))).quantize(Decimal("0.1"), ROUND_HALF_UP)
        if km > 0:
            ways.append(Way(each, km, cost_of_km(km, rate)))
    return ways[:MOST_WAYS]
