"""The kinds of rules an administrator sets: what each is called, its form and the columns of its list."""

from collections.abc import Callable

from django.db import models
from django.utils.translation import gettext_lazy as _
from msgspec import Struct, field

from customers.models import CircumstanceKind, ContactRole, OrderStep, SaleType, Tier, TouchType
from planning.forms import rules as forms
from planning.models import ContactLoad, ContactRule, OrderRule, SpeedBand, TeamLoad, TeamSellingLoad
from territory.templatetags.territory import money


class Column(Struct, frozen=True):
    """A column of a list of rules: its head and how to print a row's value."""

    head: str
    value: Callable[[models.Model], object]
    is_number: bool = False


class RuleKind(Struct, frozen=True):
    """A kind of rule; `group` names the attribute by which its list is divided under headings."""

    key: str
    title: str
    sentence: str
    add: str
    model: type[models.Model]
    form: type
    columns: list[Column]
    related: tuple[str, ...] = ()
    group: Callable[[models.Model], object] | None = None
    removed: str = field(default_factory=lambda: _("Remove"))

    @property
    def retires(self) -> bool:
        """Whether rows are retired (the past names them) rather than removed."""
        return hasattr(self.model, "retired_at")

    def rows(self) -> models.QuerySet:
        return self.model._default_manager.select_related(*self.related)


def _minutes(row) -> str:
    minutes = row.duration_seconds / 60
    return f"{minutes:g}"


def _percent(share) -> str:
    return f"{float(share) * 100:g} %"


def _yes(value: bool) -> str:
    return _("yes") if value else ""


_KINDS = [
    RuleKind(
        "contact-rules",
        _("Contact rules"),
        _(
            "How often each role makes which touch with customers of each tier and stage: the source of due dates and time budgets."
        ),
        _("Add a contact rule"),
        ContactRule,
        forms.ContactRuleForm,
        [
            Column(_("Role"), lambda row: row.role),
            Column(_("Touch"), lambda row: row.touch_type),
            Column(
                _("How often"),
                lambda row: _("%(count)s a %(period)s") % {"count": row.count, "period": row.get_period_display()},
            ),
            Column(_("Minutes each"), _minutes, True),
        ],
        ("tier", "role", "touch_type"),
        lambda row: _("Tier %(tier)s, %(stage)s") % {"tier": row.tier, "stage": row.get_stage_display()},
    ),
    RuleKind(
        "order-rules",
        _("Order rules"),
        _("Minutes that a role spends on each order handled."),
        _("Add an order rule"),
        OrderRule,
        forms.OrderRuleForm,
        [
            Column(_("Role"), lambda row: row.role),
            Column(_("Tier"), lambda row: row.tier or _("every other tier")),
            Column(_("Minutes per order"), _minutes, True),
        ],
        ("role", "tier"),
    ),
    RuleKind(
        "contact-loads",
        _("Contact load"),
        _("Minutes a month that each current contact adds for a role, by contact role."),
        _("Add a contact load"),
        ContactLoad,
        forms.ContactLoadForm,
        [
            Column(_("Contact role"), lambda row: row.contact_role),
            Column(_("Role"), lambda row: row.role),
            Column(_("Minutes a month"), _minutes, True),
        ],
        ("contact_role", "role"),
    ),
    RuleKind(
        "team-selling-loads",
        _("Team-selling load"),
        _("Minutes a month that each assigned person beyond the first adds for a role."),
        _("Add a team-selling load"),
        TeamSellingLoad,
        forms.TeamSellingLoadForm,
        [Column(_("Role"), lambda row: row.role), Column(_("Minutes a month"), _minutes, True)],
        ("role",),
    ),
    RuleKind(
        "team-loads",
        _("Team load"),
        _("Minutes a month that each other member of a team adds for a role in it: one-to-ones, meetings."),
        _("Add a team load"),
        TeamLoad,
        forms.TeamLoadForm,
        [Column(_("Role"), lambda row: row.role), Column(_("Minutes a month"), _minutes, True)],
        ("role",),
    ),
    RuleKind(
        "tiers",
        _("Value tiers"),
        _("From which yearly value on a customer belongs to which tier."),
        _("Add a tier"),
        Tier,
        forms.TierForm,
        [
            Column(_("Tier"), lambda row: row.name),
            Column(_("Yearly value from"), lambda row: money(row.lower_bound), True),
        ],
    ),
    RuleKind(
        "touch-types",
        _("Touch types"),
        _("What can be done with a customer: usual minutes, whether it travels, what it costs besides time."),
        _("Add a touch type"),
        TouchType,
        forms.TouchTypeForm,
        [
            Column(_("Type"), lambda row: row.name),
            Column(_("Channel"), lambda row: row.get_channel_display()),
            Column(_("Usual minutes"), lambda row: f"{row.default_seconds / 60:g}", True),
            Column(_("Travels"), lambda row: _yes(row.travels)),
            Column(_("Demo"), lambda row: _yes(row.is_demo)),
            Column(_("Cost besides time"), lambda row: money(row.cost), True),
        ],
    ),
    RuleKind(
        "contact-roles",
        _("Contact roles"),
        _("What people are at a customer, and which of them are missed on the two highest tiers."),
        _("Add a contact role"),
        ContactRole,
        forms.ContactRoleForm,
        [
            Column(_("Contact role"), lambda row: row.name),
            Column(_("A gap when missing"), lambda row: _yes(row.expected_in_top_tiers)),
        ],
    ),
    RuleKind(
        "order-steps",
        _("Order steps"),
        _("The steps that a pending order goes through, with their usual probability."),
        _("Add a step"),
        OrderStep,
        forms.OrderStepForm,
        [
            Column(_("Step"), lambda row: row.name),
            Column(_("Usual probability"), lambda row: _percent(row.probability), True),
        ],
    ),
    RuleKind(
        "sale-types",
        _("Sale types"),
        _("Orders where nobody chose become new business or repeat by themselves."),
        _("Add a sale type"),
        SaleType,
        forms.SaleTypeForm,
        [
            Column(_("Sale type"), lambda row: row.name),
            Column(_("Kind"), lambda row: row.get_kind_display()),
        ],
    ),
    RuleKind(
        "circumstances",
        _("Circumstances"),
        _("What may make a sale to a customer unlike the normal one; noted on customers from a day to a day."),
        _("Add a circumstance"),
        CircumstanceKind,
        forms.CircumstanceKindForm,
        [Column(_("Circumstance"), lambda row: row.name)],
    ),
    RuleKind(
        "speeds",
        _("Speeds of travel"),
        _("How fast people drive on which stretch of a journey, for plans of visits and territories."),
        _("Add a speed"),
        SpeedBand,
        forms.SpeedBandForm,
        [
            Column(_("From"), lambda row: _("%(km)s km") % {"km": f"{row.from_km:f}".removesuffix(".0")}),
            Column(_("km/h"), lambda row: f"{row.kmh:f}".removesuffix(".0"), True),
        ],
    ),
]

RULE_KINDS: dict[str, RuleKind] = {kind.key: kind for kind in _KINDS}


def count_rows() -> dict[str, int]:
    """How many rows each kind has, in one query; a kind without any is left out."""
    first, *others = (
        kind.model._default_manager.order_by()
        .annotate(kind_key=models.Value(key, models.CharField()))
        .values_list("kind_key")
        .annotate(models.Count("pk"))
        for key, kind in RULE_KINDS.items()
    )
    return dict(first.union(*others, all=True))
