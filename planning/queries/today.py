"""What a person does first today: due, overdue and planned touches, best first, each with its reason in words."""

import datetime as dt
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Cover, User
from accounts.permissions import Act, Area, is_stood_in_for, stands_in
from customers.models import Contact, Customer, Order, PlannedTouch, Touch, TouchOutcome, TouchType
from customers.scope import covered_rows, customers_within, stood_in_for
from planning.engine import due as engine
from planning.engine import travel
from planning.engine.value import OfficialValue, ValueTable
from planning.models import BudgetStatus, CustomerFigures, DueTouch, PlanningSettings, TouchValue
from territory import clock


@dataclass(frozen=True)
class Row:
    """One thing to do: a customer, a touch type, why, and what it is worth; `covered`: for whom the reader stands in."""

    customer: Customer
    touch_type: TouchType
    due_on: dt.date
    overdue_days: int
    score: float
    value: Decimal
    value_is_set: bool
    minutes: float
    travel_minutes: float
    planned: PlannedTouch | None = None
    covered: User | None = None
    contact: Contact | None = None
    order_amount: Decimal | None = None
    budget_share: float | None = None

    @property
    def all_minutes(self) -> float:
        """Minutes of the touch and of getting there and back."""
        return self.minutes + self.travel_minutes

    @property
    def phone(self) -> str:
        """The number to call: the contact's, else the customer's."""
        return (self.contact.phone if self.contact else "") or self.customer.phone

    @property
    def lateness(self) -> str:
        """The touch and when it is or was due, in words."""
        if self.planned and self.planned.due_at:
            return ""
        words = {"type": self.touch_type.name, "days": self.overdue_days}
        if self.overdue_days == 1:
            return _("%(type)s due yesterday") % words
        if self.overdue_days > 1:
            return (
                ngettext("%(type)s due %(days)s day ago", "%(type)s due %(days)s days ago", self.overdue_days) % words
            )
        return _("%(type)s due today") % words

    @property
    def reasons(self) -> list[str]:
        """What else speaks for it: the plan's own reason, a stage, an order, a budget not kept."""
        words = []
        if self.planned and self.planned.reason:
            words.append(self.planned.reason)
        elif self.planned:
            words.append(self.planned.get_source_display())
        if self.customer.stage != "customer":
            words.append(self.customer.get_stage_display())
        if self.budget_share is not None:
            words.append(_("at %(share)s %% of its budget") % {"share": round(self.budget_share * 100)})
        return words


def rows(user: User) -> list[Row]:
    """Due, overdue and planned touches of the person up to today, best first; one row a customer and type.

    Those of whom they cover are among them; their own, while somebody covers them, are not. A fixed number of queries.
    Amounts of orders only where the person may see them.
    """
    today = clock.today(user)
    visible = Customer.objects.visible_to(user).live()
    due = list(
        DueTouch.objects.filter(~_just_done(user), todays(user, "person"), due_on__lte=today, customer__in=visible)
        .select_related("customer__tier", "touch_type", "person")
        .order_by("pk")
    )
    planned = list(
        PlannedTouch.objects.open()
        .filter(todays(user, "assignee"), customer__in=visible)
        .select_related("customer__tier", "type", "assignee")
        .order_by("pk")
    )
    found = {}
    candidates = []
    for number, item in enumerate(_planned_rows(planned, user, today) + [_due_row(item, user, today) for item in due]):
        found[number] = item
        candidates.append(
            engine.Candidate(
                key=number,
                customer=item.customer.pk,
                touch_type=item.touch_type.pk,
                score=item.score,
                overdue_days=item.overdue_days,
                tier_rank=item.customer.tier.position if item.customer.tier else 99,
                name=item.customer.name,
                planned_on=item.planned.due_on if item.planned else None,
            )
        )
    best = [found[row.key] for row in engine.one_row_each(candidates, today)]
    return _with_context([row for row in best if row.due_on <= today], user)


def todays(user: User, person: str) -> Q:
    """Condition on rows of a `person` on a customer: the user is to do them today, as their own or standing in."""
    own = Q(**{person: user})
    if is_stood_in_for(user):
        own &= ~covered_rows(covers_of(user), person)
    return own | stood_in_for(user, person) if stands_in(user) else own


def covers_of(user: User):
    """Who stands in for the user today."""
    return Cover.objects.on(clock.company_today()).filter(user=user)


def _just_done(user: User) -> Exists:
    """Whether the person logged such a touch after the stored row was computed: it is gone before the worker came."""
    touches = Touch.objects.live().filter(customer=OuterRef("customer"), type=OuterRef("touch_type"), logged_by=user)
    return Exists(
        touches.exclude(outcome=TouchOutcome.NO_ANSWER).filter(logged_at__gt=OuterRef("customer__figures__computed_at"))
    )


def _due_row(due: DueTouch, user: User, today: dt.date) -> Row:
    overdue = (today - due.due_on).days
    minutes = due.minutes + due.travel_minutes
    return Row(
        customer=due.customer,
        touch_type=due.touch_type,
        due_on=due.due_on,
        overdue_days=overdue,
        score=engine.score(float(due.value), engine.urgency(overdue, due.interval_days), minutes),
        value=due.value,
        value_is_set=due.value_is_set,
        minutes=due.minutes,
        travel_minutes=due.travel_minutes,
        covered=None if due.person_id == user.pk else due.person,
    )


def _planned_rows(planned: list[PlannedTouch], user: User, today: dt.date) -> list[Row]:
    if not planned:
        return []
    values = value_table(today)
    settings = PlanningSettings.current()
    rows = []
    for item in planned:
        worth = values.worth(item.type_id, item.customer.tier_id, item.customer.stage)
        trip = _trip(user, item.customer, settings) if item.type.travels else 0.0
        minutes = item.duration_seconds / 60
        rows.append(
            Row(
                customer=item.customer,
                touch_type=item.type,
                due_on=item.due_on,
                overdue_days=(today - item.due_on).days,
                score=engine.planned_score(worth, item.due_on, today, minutes + trip),
                value=worth.amount,
                value_is_set=worth.is_set,
                minutes=minutes,
                travel_minutes=trip,
                planned=item,
                covered=None if item.assignee_id == user.pk else item.assignee,
            )
        )
    return rows


def _trip(user: User, customer: Customer, settings: PlanningSettings) -> float:
    return travel.one_trip(
        place(user.base_latitude, user.base_longitude),
        place(customer.latitude, customer.longitude),
        float(settings.detour_factor),
        float(settings.travel_speed_kmh),
    ).minutes


def place(latitude: float | None, longitude: float | None) -> travel.Place | None:
    """A place, or None where it is unknown."""
    return None if latitude is None or longitude is None else (latitude, longitude)


def value_table(on: dt.date) -> ValueTable:
    """The official values in force on a day."""
    rows = TouchValue.objects.values_list("touch_type_id", "tier_id", "stage", "starts_on", "amount").order_by("pk")
    return ValueTable(tuple(OfficialValue(*row) for row in rows), on)


def _with_context(rows: list[Row], user: User) -> list[Row]:
    """The rows with whom to call, the largest pending order and how far the budget is kept."""
    ids = {row.customer.pk for row in rows}
    contacts = _contacts(ids)
    orders = _orders(ids, user)
    shares = _budget_shares(ids, user)
    return [
        replace(
            row,
            contact=contacts.get(row.customer.pk),
            order_amount=orders.get(row.customer.pk),
            budget_share=shares.get(row.customer.pk),
        )
        for row in rows
    ]


def _contacts(ids: set[int]) -> dict[int, Contact]:
    """Whom to call: who decides first, then those with a number, then by name."""
    contacts = Contact.objects.current().filter(customer__in=ids).exclude(phone="").order_by("decides", "-name", "-pk")
    return {contact.customer_id: contact for contact in contacts}


def _orders(ids: set[int], user: User) -> dict[int, Decimal]:
    orders = Order.objects.live().amounts_visible_to(user).filter(customer__in=ids, status="pending").order_by("amount")
    return dict(orders.values_list("customer_id", "amount"))


def _budget_shares(ids: set[int], user: User) -> dict[int, float]:
    """Actual of budget where a customer is under-served and the person may see budgets."""
    figures = CustomerFigures.objects.filter(
        Q(customer__in=Customer.objects.filter(customers_within(user, Area.BUDGETS, Act.SEE)).values("pk")),
        customer__in=ids,
        status=BudgetStatus.UNDER,
        budget_minutes__gt=0,
        actual_minutes__isnull=False,
    )
    return {
        pk: (actual or 0.0) / budget
        for pk, actual, budget in figures.values_list("customer_id", "actual_minutes", "budget_minutes")
    }
