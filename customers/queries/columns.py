"""The list's own columns and tabs. Rooms above add theirs through customers.extensions."""

import datetime as dt
from decimal import Decimal

from django.db.models import Case, DecimalField, F, Max, Min, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Lower, NullIf, TruncDate
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.permissions import Act, Area, may
from customers.extensions import Column, Tab, customer_columns, customer_tabs, order_columns
from customers.models import OWNER_KINDS, Assignment, Customer, Stage, StagePeriod, Touch
from customers.scope import amounts_within
from territory import clock
from territory.formats import money_text, percent_text
from territory.formats.days import day_text
from territory.rows import on_day
from territory.templatetags.look import avatar
from territory.templatetags.territory import short_date, when
from territory.together import prepared, together


def sees_amounts(user) -> bool:
    """Whether the reader may see any amount at all; which rows' is decided row by row."""
    return may(user, Area.AMOUNTS, Act.SEE)


def seen_yearly_value(user) -> Case:
    """The customer's yearly business where the reader may see its amounts, else nothing."""
    return Case(
        When(amounts_within(user, customer=""), then=F("yearly_value")),
        default=Value(None),
        output_field=DecimalField(max_digits=14, decimal_places=2),
    )


def _ids(rows) -> list[int]:
    return [row.pk for row in rows]


def _owners(user, rows) -> dict[int, str]:
    """Who owns each customer today."""
    [owners] = together(_owners_of(frozenset(_ids(rows)), clock.company_today()))
    return dict(owners)


@prepared
def _owners_of(customers: frozenset[int], today: dt.date) -> QuerySet:
    owners = Assignment.objects.owners().filter(on_day(today), customer__in=customers)
    return owners.values_list("customer_id", "membership__user__name")


def _owner_name(user) -> Subquery:
    owners = Assignment.objects.filter(on_day(clock.company_today()), customer=OuterRef("pk"), kind__in=OWNER_KINDS)
    return Subquery(owners.annotate(folded=Lower("membership__user__name")).values("folded")[:1])


def _yearly_values(user, rows) -> dict:
    """Amounts of the rows that were annotated with `seen_value`; asked for together with the page."""
    return {row.pk: row.seen_value for row in rows if row.seen_value is not None}


def _first_days(user) -> Coalesce:
    """The customer's since: as given, else the day of its earliest fact."""
    first = StagePeriod.objects.filter(customer=OuterRef("pk")).order_by("began_at").values("began_at")[:1]
    return Coalesce("since", TruncDate(Subquery(first), tzinfo=clock.company_zone()))


def _since(user, rows) -> dict:
    missing = [row.pk for row in rows if row.since is None]
    found = {row.pk: row.since for row in rows if row.since is not None}
    if missing:
        first = StagePeriod.objects.filter(customer_id__in=missing).values("customer_id").annotate(at=Min("began_at"))
        found |= {row["customer_id"]: clock.day_of(row["at"], clock.company_zone()) for row in first}
    return found


def _last_touches(user, rows) -> dict:
    """When each customer was last touched, as far as the reader may see it."""
    touches = Touch.objects.live().visible_to(user).filter(customer_id__in=_ids(rows), at__lte=clock.now())
    return dict(touches.order_by().values_list("customer_id").annotate(Max("at")))


def _named(text: str):
    """A person in a cell: initials and name."""
    return format_html('<span class="nowrap">{} {}</span>', avatar(text), text)


def whole_money(amount: Decimal) -> str:
    """An amount without its cents: lists are for comparing."""
    return money_text(round(amount))


def exact_money(amount: Decimal) -> Decimal:
    """An amount with two places, on every database."""
    return amount.quantize(Decimal("0.01"))


def _folded(field: str):
    return lambda user: Lower(NullIf(F(field), Value("")))


CUSTOMER_COLUMNS = (
    Column(
        key="town",
        label=_("Town"),
        values=lambda user, rows: {row.pk: row.town for row in rows if row.town},
        note=str,
        sort=_folded("town"),
        position=10,
    ),
    Column(
        key="owner",
        label=_("Salesperson"),
        values=_owners,
        cell=_named,
        sort=_owner_name,
        position=20,
    ),
    Column(
        key="stage",
        label=_("Stage"),
        values=lambda user, rows: {row.pk: row.get_stage_display() for row in rows},
        cell=lambda word: str(word).capitalize(),
        sort=lambda user: F("stage"),
        chosen=False,
        position=30,
    ),
    Column(
        key="business",
        label=_("Yearly business"),
        values=_yearly_values,
        cell=whole_money,
        export=exact_money,
        sort=seen_yearly_value,
        numeric=True,
        first="desc",
        visible=sees_amounts,
        position=40,
    ),
    Column(
        key="last_touch",
        label=_("Last touch"),
        values=_last_touches,
        cell=when,
        export=lambda at: at,
        chosen=False,
        position=200,
    ),
    Column(
        key="since",
        label=_("Since"),
        values=_since,
        cell=short_date,
        export=lambda day: day,
        sort=_first_days,
        first="desc",
        chosen=False,
        position=210,
    ),
    Column(
        key="market",
        label=_("Market"),
        values=lambda user, rows: {row.pk: row.market.name for row in rows if row.market},
        sort=_folded("market__name"),
        chosen=False,
        position=220,
    ),
    Column(
        key="team",
        label=_("Team"),
        values=lambda user, rows: {row.pk: row.team.name for row in rows},
        sort=_folded("team__name"),
        chosen=False,
        position=230,
    ),
    Column(
        key="phone",
        label=_("Phone"),
        values=lambda user, rows: {row.pk: row.phone for row in rows if row.phone},
        chosen=False,
        position=240,
    ),
    Column(
        key="external_id",
        label=_("External id"),
        values=lambda user, rows: {row.pk: row.external_id for row in rows if row.external_id},
        sort=_folded("external_id"),
        chosen=False,
        position=250,
    ),
)


def probability_of(order) -> Decimal | None:
    """The order's own probability, else that of its step."""
    if order.probability is not None:
        return order.probability
    return order.step.probability if order.step else None


def _of(read):
    """Values that the row itself holds; those it does not know are left out."""
    return lambda user, rows: {row.pk: value for row in rows if (value := read(row)) not in (None, "")}


ORDER_COLUMNS = (
    Column(key="title", label=_("Order"), values=_of(str), note=str, position=10),
    Column(
        key="line",
        label=_("Product line"),
        values=_of(lambda order: order.product_line and str(order.product_line)),
        sort=_folded("product_line__name"),
        position=20,
    ),
    Column(
        key="type",
        label=_("Sale type"),
        values=_of(lambda order: order.sale_type and str(order.sale_type)),
        position=30,
    ),
    Column(
        key="status",
        label=_("Status"),
        values=_of(lambda order: order.get_status_display()),
        cell=lambda word: str(word).capitalize(),
        position=40,
    ),
    Column(
        key="person",
        label=_("Salesperson"),
        values=_of(lambda order: order.salesperson and str(order.salesperson)),
        cell=_named,
        sort=_folded("salesperson__name"),
        position=50,
    ),
    Column(
        key="probability",
        label=_("Probability"),
        values=_of(probability_of),
        cell=percent_text,
        export=lambda share: share,
        sort=lambda user: Coalesce("probability", "step__probability"),
        numeric=True,
        first="desc",
        position=60,
    ),
    Column(
        key="amount",
        label=_("Amount"),
        values=_of(lambda order: order.seen_amount),
        cell=whole_money,
        export=exact_money,
        sort=lambda user: F("seen_amount"),
        numeric=True,
        phone=True,
        first="desc",
        visible=sees_amounts,
        position=70,
    ),
    Column(
        key="opened",
        label=_("Opened"),
        values=_of(lambda order: order.opened_at),
        cell=short_date,
        export=lambda at: at,
        sort=lambda user: F("opened_at"),
        first="desc",
        chosen=False,
        position=80,
    ),
    Column(
        key="expected",
        label=_("Expected close"),
        values=_of(lambda order: order.expected_on),
        cell=short_date,
        export=lambda day: day,
        note=day_text,
        sort=lambda user: F("expected_on"),
        position=90,
    ),
    Column(
        key="closed",
        label=_("Closed"),
        values=_of(lambda order: order.closed_at),
        cell=short_date,
        export=lambda at: at,
        sort=lambda user: F("closed_at"),
        first="desc",
        position=100,
    ),
)


def _in_stage(stage: str):
    def apply(customers: QuerySet[Customer], user) -> QuerySet[Customer]:
        return customers.filter(stage=stage)

    return apply


CUSTOMER_TABS = (
    Tab(key=Stage.PROSPECT.value, label=_("Prospects"), apply=_in_stage(Stage.PROSPECT), position=10),
    Tab(key=Stage.CUSTOMER.value, label=_("Customers"), apply=_in_stage(Stage.CUSTOMER), position=20),
    Tab(key=Stage.LAPSED.value, label=_("Lapsed"), apply=_in_stage(Stage.LAPSED), position=30),
    Tab(key=Stage.LOST.value, label=_("Lost"), apply=_in_stage(Stage.LOST), position=40),
)


def register() -> None:
    """Put the own columns and tabs into the registries; called once the apps are ready."""
    for column in CUSTOMER_COLUMNS:
        customer_columns.add(column)
    for column in ORDER_COLUMNS:
        order_columns.add(column)
    for tab in CUSTOMER_TABS:
        customer_tabs.add(tab)
