"""What every page's frame needs: who is signed in and where they may go. Part of the front door: it knows the rooms."""

import datetime as dt
from collections.abc import Callable

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch
from django.utils.functional import SimpleLazyObject, cached_property
from django.utils.translation import gettext_lazy as _
from msgspec import Struct

from accounts.models import User
from accounts.permissions import Act, Area, current_memberships, may
from customers.models import Expense, ExpenseStatus
from customers.scope import expenses_within
from planning.models import Situation
from planning.models.situations import situations_within
from planning.queries.alignment import divides
from planning.queries.managers_week import leads
from planning.queries.norms import sees_norms
from planning.standing_screens import TABS
from territory import clock
from territory.links import link_to
from territory.together import prepared, together


class Entry(Struct, frozen=True):
    """A page in the navigation, shown to who may see `area` (or do `act` there) and to whom it is `meant`, where that says more.

    `prefixes` are the starts of URL names that belong to it.
    """

    url_name: str
    label: str
    icon: str
    area: str | None
    prefixes: tuple[str, ...]
    key: str = ""
    act: str = Act.SEE
    meant: Callable[[User], bool] | None = None


OWN = (
    Entry("today", _("Today"), "check2-circle", Area.TOUCHES, ("today",), "g t"),
    Entry(
        "customer_list",
        _("Customers"),
        "buildings",
        Area.DIRECTORY,
        ("customer", "contact", "assignment", "directory", "place"),
        "g c",
    ),
    Entry("map", _("Map"), "map", Area.CUSTOMERS, ("map",), "g m"),
    Entry(
        "order_list",
        _("Orders"),
        "kanban",
        Area.ORDERS,
        ("order",),
        "g o",
    ),
    Entry("my_week", _("My week"), "calendar-week", Area.TOUCHES, ("my_week", "busy_time"), "g k"),
    Entry("expense_list", _("Expenses"), "receipt", Area.EXPENSES, ("expense",), "g e"),
)
TEAM = (
    Entry(
        "workload",
        _("Team workload"),
        "grid-3x3-gap",
        Area.BUDGETS,
        ("workload", "load", "service", "goal", "rhythm"),
        "g w",
    ),
    Entry("managers_week", _("My teams' week"), "calendar-week", Area.BUDGETS, ("managers_week",), meant=leads),
    Entry("situation_list", _("Special situations"), "exclamation-diamond", Area.BUDGETS, ("situation",), "g s"),
    Entry(
        "work_value",
        _("Value of work"),
        "cash-stack",
        Area.TOUCHES,
        ("work_value",),
        meant=lambda user: may(user, Area.TOUCH_VALUES, Act.SEE),
    ),
    Entry(
        "territory_list",
        _("Territories"),
        "map",
        Area.CUSTOMERS,
        ("territory",),
        act=Act.CHANGE,
        meant=divides,
    ),
    Entry("absence_calendar", _("Absences"), "calendar-x", Area.ABSENCES, ("absence_calendar",)),
    Entry(
        "standing",
        _("Where we stand"),
        "compass",
        Area.CUSTOMERS,
        ("standing", *(tab.url_name for tab in TABS)),
        "g n",
    ),
    Entry("expected_business", _("Expected business"), "graph-up", Area.AMOUNTS, ("expected_business",)),
    Entry("import_list", _("Import"), "upload", Area.IMPORT, ("import",), act=Act.CHANGE),
)
# Pages beside which stands how much waits there, and what that counts.
COUNTED = {
    "situation_list": _("to look at, not acknowledged"),
    "expense_list": _("waiting for your decision"),
}
RULES = (
    Entry("touch_values", _("Touch values"), "cash-coin", Area.TOUCH_VALUES, ("touch_value",), "g v"),
    Entry(
        "what_if",
        _("What if"),
        "sign-turn-right",
        Area.BUDGETS,
        ("what_if", "call_plan"),
        meant=sees_norms,
    ),
    Entry(
        "rules_home",
        _("Rules"),
        "sliders",
        Area.RULES,
        (
            *(
                "rule",
                "call_judgement",
                "threshold",
                "visiting",
                "calendar",
                "holiday",
                "market",
                "product_line",
                "draft",
            ),
            *("counting", "routing", "travel_time", "town_files"),
        ),
        "g r",
    ),
    Entry(
        "people_list",
        _("People and teams"),
        "people",
        Area.PEOPLE,
        ("people", "person", "team", "role", "access", "member", "absence_create", "absence_edit", "cover"),
        "g p",
    ),
    Entry("job_list", _("Jobs"), "cpu", Area.AUDIT, ("job",)),
    Entry("audit_list", _("Audit"), "journal-text", Area.AUDIT, ("audit",)),
)


@prepared
def _asking(seen: Q, today: dt.date) -> QuerySet:
    """How many open situations somebody should look at, by kind: of the kinds that are told of without being asked."""
    return Situation.objects.open().loud().asking(today).filter(seen).how_many()


@prepared
def _submitted(within: Q, person: int) -> QuerySet:
    """How many expenses of others wait within reach."""
    rows = Expense.objects.live().filter(within, status=ExpenseStatus.SUBMITTED).exclude(author=person)
    return rows.order_by().values_list("status").annotate(Count("pk"))


def is_signed_in(request: HttpRequest) -> bool:
    """Also false where nobody has looked who it is, as for a request that was refused before."""
    return hasattr(request, "user") and request.user.is_authenticated


# By the part of a page that htmx asks for.
BASES = {"panel-content": "panel.html", "beside": "beside.html"}


class Shell:
    """The frame's content, worked out when the template asks for it."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        # The same page fills the side panel, or stands beside a list, when htmx asks for it there. Who is not signed in may go
        # nowhere, nor may who must set up a second factor first.
        self.base = BASES.get(request.headers.get("HX-Target", ""), "base.html")
        if getattr(request, "second_factor_first", False) or not is_signed_in(request):
            self.base = "base_plain.html"

    @cached_property
    def counts(self) -> dict[str, int]:
        """By page: special situations that the person sees and somebody should look at, and expenses that wait for their
        decision; one query on stored rows."""
        user = self.request.user
        situations, submitted = together(
            _asking(situations_within(user, Act.SEE), clock.today(user)),
            _submitted(expenses_within(user, Act.APPROVE), user.pk),
        )
        found = {"situation_list": situations, "expense_list": submitted}
        return {name: sum(count for _what, count in rows) for name, rows in found.items()}

    @property
    def role(self) -> str:
        """What the person is, for the line under their name."""
        return ", ".join(dict.fromkeys(membership.role.name for membership in current_memberships(self.request.user)))

    @property
    def may_log(self) -> bool:
        return may(self.request.user, Area.TOUCHES, Act.CHANGE)

    @cached_property
    def groups(self) -> list[dict]:
        """Groups of pages the person may open; a group without any is left out."""
        groups = ((None, OWN), (_("Team"), TEAM), (_("Rules and values"), RULES))
        shown = ((label, [item for entry in entries if (item := self._item(entry))]) for label, entries in groups)
        return [{"label": label and str(label), "entries": items} for label, items in shown if items]

    @cached_property
    def tabs(self) -> dict[str, dict]:
        """The pages of a phone's tab bar by name."""
        return {item["name"]: item for group in self.groups[:1] if group["label"] is None for item in group["entries"]}

    def _item(self, entry: Entry) -> dict | None:
        if entry.area and not may(self.request.user, entry.area, entry.act):
            return None
        if entry.meant and not entry.meant(self.request.user):
            return None
        try:
            url = link_to(entry.url_name)
        except NoReverseMatch:
            return None
        here = getattr(self.request.resolver_match, "url_name", None) or ""
        return {
            "name": entry.url_name,
            "url": url,
            "label": str(entry.label),
            "icon": entry.icon,
            "key": entry.key,
            "current": here.startswith(entry.prefixes),
            "count": self.counts[entry.url_name] if entry.url_name in COUNTED else None,
            "counts": str(COUNTED.get(entry.url_name, "")),
        }


def shell(request: HttpRequest) -> dict:
    """`shell` for the templates; costs at most two queries: the person's memberships and what waits for them."""
    return {"shell": SimpleLazyObject(lambda: Shell(request))}
