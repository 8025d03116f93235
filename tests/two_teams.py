"""Two teams that have one of everything each, and what a person would send: for tests of who may do what."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from accounts.models import Membership, Team, User
from customers.models import Customer, Expense, OrderStep
from planning.models import AlignmentProposal, CallPlan, RuleDraft
from territory import clock
from territory.company.models import Holiday
from tests import factories
from tests.accounts.signing_in import client_of
from tests.conftest import Cast

# Tables that any request may write to: the session, the framework's own, what was denied.
NOT_BUSINESS = (
    "django_session",
    "accounts_usersession",
    "django_content_type",
    "django_migrations",
    "company_cache",
    "audit_denial",
)

# No row of any table has this key.
NOBODY = 98_765_432
WEEK = "2026-06-08"


@dataclass
class Side:
    """A team's rows. `keys` gives the key that each kind of address is about, by the start of its name."""

    seat: Membership
    customer: Customer
    keys: dict[str, Any]

    @property
    def person(self) -> User:
        return self.seat.user


def side(seat: Membership, customer: Customer) -> Side:
    """One of everything that a salesperson's customer may have."""
    person = seat.user
    order = factories.order(customer, 290_000, salesperson=person, title=f"Pending of {customer}")
    won = factories.order(customer, 500, "won", salesperson=person, title=f"Won of {customer}")
    touch = factories.touch(customer, person, note=f"Said of {customer}")
    day = touch.at.date()
    factories.absence(person, dt.date(2026, 9, 1), dt.date(2026, 9, 4))
    return Side(
        seat,
        customer,
        {
            "absence": factories.absence(person, day, day).pk,
            "absence_create": person.pk,
            "busy_time": factories.busy_time(person, touch.at).pk,
            "my_week_stop": _planned_week(person, customer).stops.get(customer=customer).pk,
            "assignment": customer.assignments.get(membership=seat).pk,
            "assignment_create": customer.pk,
            "circumstance": factories.circumstance(customer, note=f"Noted of {customer}").pk,
            "circumstance_create": customer.pk,
            "contact": factories.contact(customer, f"Contact of {customer}", role=factories.contact_role()).pk,
            "contact_create": customer.pk,
            "cover": factories.cover(person, seat, dt.date(2026, 9, 3), dt.date(2026, 9, 4)).pk,
            "cover_create": person.pk,
            "customer": customer.pk,
            "expense": factories.expense(person, customer=customer, note=f"Spent on {customer}").pk,
            "expense_decide": _spent(person, customer, "submitted").pk,
            "expense_restore": _spent(person, customer, "draft", archived_at=touch.at).pk,
            "expense_take_back": _spent(person, customer, "submitted").pk,
            "goal": factories.activity_goal(person).pk,
            "membership": seat.pk,
            "membership_create": person.pk,
            "order": order.pk,
            "order_reopen": won.pk,
            "own_rule": factories.own_rule(customer, dt.date(2026, 9, 1), reason=f"Agreed with {customer}").pk,
            "own_rule_create": customer.pk,
            "person": person.pk,
            "planned": factories.planned_touch(customer, person, reason=f"Plan for {customer}").pk,
            "rebalancing": factories.rebalancing(customer, seat, _colleague(seat) or seat).pk,
            "situation": factories.situation(order).pk,
            "territory": _proposed(seat, customer),
            "territory_discard": _proposed(seat, customer),
            "touch": touch.pk,
            "touch_restore": factories.touch(customer, person, archived_at=touch.at).pk,
            "implausible": factories.touch(customer, person, minutes=600).pk,
            "work": factories.internal_work(person, customer, note=f"Work on {customer}").pk,
            "team": customer.team_id,
        },
    )


def _planned_week(person: User, customer: Customer) -> Any:
    """The person's week, in which the customer stands; it begins where they live."""
    User.objects.filter(pk=person.pk).update(base_latitude=50.72, base_longitude=-3.53)
    Customer.objects.filter(pk=customer.pk).update(latitude=50.8, longitude=-3.2)
    return factories.visit_plan(person, dt.date.fromisoformat(WEEK), (customer, dt.date(2026, 6, 10)))


def _colleague(seat: Membership) -> Membership | None:
    """Somebody else in the same role and team."""
    others = seat.team.memberships.exclude(pk=seat.pk).filter(role=seat.role, user__is_active=True)
    return others.order_by("pk").first()


def _proposed(seat: Membership, customer: Customer) -> int:
    """That the customer goes to a colleague."""
    other = _colleague(seat)
    moves = [(customer, other)] if other else []
    return factories.alignment(seat.team, User.objects.order_by("pk")[0], *moves).pk


def _spent(person: User, customer: Customer, status: str, **fields: Any) -> Expense:
    return factories.expense(person, status=status, customer=customer, note=f"Spent on {customer}", **fields)


@dataclass
class Shared:
    """What belongs to no team."""

    step: OrderStep
    holiday: Holiday
    market: Any
    line: Any
    potential: Any
    tiers: dict[str, Any]
    draft: RuleDraft
    plan: CallPlan

    @classmethod
    def made(cls) -> "Shared":
        factories.sale_types()
        factories.touch_type()
        market, line = factories.market("Bakeries"), factories.product_line("Ovens")
        return cls(
            OrderStep.objects.create(name="Quotation"),
            Holiday.objects.create(on="2026-12-25", name="Christmas Day"),
            market,
            line,
            factories.market_potential(market, line),
            factories.tiers(),
            factories.rule_draft(User.objects.order_by("pk")[0]),
            factories.call_plan(Team.objects.order_by("path")[0], User.objects.order_by("pk")[0]),
        )


# Addresses of forms about one team's rows, by what their keys are about.
BY_KEY = {
    "absence": ["absence_edit", "absence_delete"],
    "absence_create": ["absence_create"],
    "assignment": ["assignment_edit", "assignment_end"],
    "assignment_create": ["assignment_create"],
    "busy_time": ["busy_time_edit", "busy_time_remove"],
    "my_week_stop": ["my_week_stop_move", "my_week_stop_lock"],
    "circumstance": ["circumstance_edit", "circumstance_end", "circumstance_archive", "circumstance_restore"],
    "circumstance_create": ["circumstance_create"],
    "contact": ["contact_edit", "contact_archive", "contact_restore"],
    "contact_create": ["contact_create"],
    "cover": ["cover_edit", "cover_delete"],
    "cover_create": ["cover_create"],
    "customer": [
        "customer_edit", "customer_archive", "customer_restore", "customer_place", "customer_potential", "customer_tier", "customer_stage",
    ],
    "expense": ["expense_edit", "expense_submit", "expense_remove"],
    "expense_decide": ["expense_decide"],
    "expense_restore": ["expense_restore"],
    "expense_take_back": ["expense_take_back"],
    "goal": ["goal_edit", "goal_end", "goal_archive", "goal_restore"],
    "membership": ["membership_edit"],
    "membership_create": ["membership_create"],
    "order": ["order_edit", "order_win", "order_lose", "order_move", "order_archive"],
    "order_reopen": ["order_reopen"],
    "own_rule": ["own_rule_edit", "own_rule_end", "own_rule_archive", "own_rule_restore"],
    "own_rule_create": ["own_rule_create"],
    "person": ["person_edit", "person_hand_over", "person_deactivate", "person_reactivate", "person_send_link"],
    "planned": ["planned_edit", "planned_cancel", "planned_restore"],
    "rebalancing": ["rebalancing_accept", "rebalancing_dismiss"],
    "situation": ["situation_acknowledge", "situation_turn", "situation_hours"],
    "territory": ["territory_again", "territory_accept"],
    "territory_discard": ["territory_discard"],
    "touch": ["touch_edit", "touch_undo"],
    "touch_restore": ["touch_restore"],
    "work": ["work_edit", "work_undo", "work_restore"],
    "team": ["team_edit", "team_archive", "team_restore"],
}  # fmt: skip
# Nobody but the author may do these, whatever their role.
ONES_OWN = {
    "busy_time_edit", "busy_time_remove", "my_week_accept", "my_week_stop_lock", "my_week_stop_move", "expense_edit", "expense_remove", "expense_restore", "expense_submit", "expense_take_back",
}  # fmt: skip
# Pages about one team's rows that only show.
SHOWN = {
    "customer": ["customer_detail", "customer_timeline"],
    "expense": ["expense_detail", "expense_receipt"],
    "order": ["order_detail", "cost_of_sale_order"],
    "person": ["person_detail", "work_value_person"],
    "situation": ["situation_detail"],
    "territory": ["territory_detail", "territory_map", "territory_progress"],
    "touch": ["touch_detail", "touch_history"],
}


@dataclass
class Ask:
    """One form: its address, what a person types into it, and where the page with the form is."""

    name: str
    url: str
    typed: dict[str, Any]

    def about(self, key: Any, other: Any) -> "Ask":
        """The same about another row."""
        return Ask(self.name, self.url.replace(f"/{key}/", f"/{other}/").replace(f"={key}", f"={other}"), self.typed)


def typed_about(it: Side, shared: Shared, helper: Membership) -> dict[str, dict[str, Any]]:
    """What is typed into each form, beyond what it shows: enough to be valid."""
    voice = factories.touch_type().pk
    customer, person = it.customer.pk, it.person.pk
    proposal = AlignmentProposal.objects.get(pk=it.keys["territory"])
    return {
        "absence_create": {"starts_on": "2026-08-03", "ends_on": "2026-08-07", "kind": "holiday"},
        "absence_edit": {"note": "By the sea"},
        "busy_time_create": {"starts_at": "2026-06-11T10:00", "ends_at": "2026-06-11T11:00", "what": "Dentist"},
        "busy_time_edit": {"what": "Renamed"},
        "my_week_accept": {"week": WEEK, "day": "", "anyway": "1", "version": ""},
        "my_week_plan": {"week": WEEK},
        "my_week_stop_move": {"day": "2026-06-11", "place": ""},
        "my_week_stop_lock": {"locked": "1"},
        "assignment_create": {"membership": helper.pk, "kind": "support"},
        "assignment_end": {"ends_on": "2026-06-30"},
        "circumstance_create": {"kind": factories.circumstance_kind("Merger").pk, "starts_on": "2026-06-01"},
        "circumstance_edit": {"note": "Renamed"},
        "circumstance_end": {"ends_on": "2026-06-30"},
        "contact_create": {"name": "Newcomer", "role": factories.contact_role().pk, "look_alikes_seen": "on"},
        "contact_edit": {"name": "Renamed"},
        "cover_create": {"membership": helper.pk, "starts_on": "2026-09-01", "ends_on": "2026-09-01", "covers_all": "on"},
        "cover_edit": {"membership": helper.pk, "ends_on": "2026-09-03"},
        "customer_edit": {"name": "Renamed"},
        "customer_place": {"latitude": "50.72", "longitude": "-3.53"},
        "customer_potential": {"amount": "5000", "noted_on": "2026-06-09"},
        "customer_tier": {"tier": shared.tiers["B"].pk, "reason": "Because"},
        "customer_stage": {"stage": "lost", "reason": "Closed down"},
        "expense_create": {"customer": customer, "amount": "12.50"},
        "expense_decide": {"version": "1", "status": "approved"},
        "expense_edit": {"amount": "30"},
        "expense_submit": {"version": "1"},
        "expense_take_back": {"version": "1"},
        "expenses_approve": {"expense": f"{it.keys['expense_decide']}-1"},
        "membership_create": {"team": it.customer.team_id, "role": factories.role("Engineering").pk, "starts_on": "2026-06-01"},
        "membership_edit": {"weekly_hours": "32"},
        "order_edit": {"title": "Renamed"},
        "order_win": {"amount": "290000"},
        "order_lose": {"reason": "Too dear"},
        "order_move": {"on": "2026-07-30"},
        "own_rule_create": {
            "role": factories.role("Sales coordinator").pk, "touch_type": voice, "count": "1", "period": "week",
            "starts_on": "2026-06-15", "reason": "New buyer",
        },
        "own_rule_edit": {"reason": "Renamed"},
        "own_rule_end": {"ends_on": "2026-09-30"},
        "person_edit": {"name": "Renamed"},
        "person_hand_over": {"to": helper.pk, "seen": helper.pk, "on": "2026-06-09", "act": "do", "rows": f"{it.keys['assignment']}:1"},
        "planned_edit": {"reason": "Another reason"},
        "rebalancing_accept": {"found_at": clock.now().isoformat()},
        "situation_acknowledge": {"note": "Seen", "look_again_on": "", "version": "1"},
        "situation_turn": {"owner": person, "version": "1"},
        "situation_hours": {"user": person, "hours_per_week": "4"},
        "team_edit": {"name": "Renamed"},
        "territory_accept": {"rows": proposal.moves.values_list("pk", flat=True)[:1], "seen": proposal.fingerprint, "on": "2026-07-01"},
        "territory_list": {"team": it.customer.team_id, "role": it.seat.role_id, "balance": "customers"},
        "touch_edit": {"note": "Another note"},
        "work_edit": {"note": "Another note"},
        "customer_create": {"name": "Newcomer Ltd", "look_alikes_seen": "on"},
        "log_touch": {"customer": customer, "type": voice, "minutes": "15", "people": []},
        "outreach": {"customers": str(customer), "type": voice, "minutes": "15"},
        "order_create": {"customer": customer, "title": "New order", "amount": "700"},
        "planned_create": {"customer": customer, "touch_type": voice, "due_on": "2026-06-15"},
        "planned_put_off": {"until": "2026-06-15", "reason": "On holiday"},
        "work_log": {"customer": customer, "minutes": "20", "kind": "coordination"},
        "implausible_touches": {"touch": it.keys["implausible"], "minutes": "45", "version": "1"},
        "goal_create": {"who": f"user-{person}", "touch_type": voice, "count": "7", "period": "day"},
        "goal_edit": {"count": "9"},
        "holiday_create": {"on": "2026-12-28", "name": "Boxing Day"},
        "market_create": {"name": "New market"},
        "market_edit": {"name": "Renamed"},
        "market_potential_create": {
            "market": shared.market.pk, "product_line": shared.line.pk, "yearly_potential": "700000", "source": "A study",
            "noted_on": "2026-06-01",
        },
        "market_potential_edit": {"source": "Renamed"},
        "product_line_create": {"name": "New line"},
        "product_line_edit": {"name": "Renamed"},
        "person_create": {"name": "Newcomer"},
        "role_create": {"name": "New role", "function": "sales"},
        "role_edit": {"name": "Renamed"},
        "role_access": {"amounts_see": "below", "do": "save"},
        "team_create": {"name": "New team"},
        "rule_create": {"name": "Demo given", "probability": "40", "position": "2"},
        "rule_edit": {"name": "Renamed"},
        "touch_value_set": {
            "touch_type": voice, "tier": shared.tiers["A"].pk, "stage": "prospect", "amount": "90",
            "starts_on": "2026-06-10", "reason": "Measured", "do": "save",
            "seen": f"{voice}/{shared.tiers['A'].pk}/prospect/90.00/2026-06-10/0",
        },
        "calendar": {"name": "Renamed"},
        "draft_save": {"reason": "Because", "unseen": "on"},
        "thresholds": {"travel_speed_kmh": "43"},
        "threshold_situations": {"first_sales_from": "12345"},
        "routing_server": {"kind": "", "address": "", "profile": "car"},
        "visiting": {"lunch_minutes": "45"},
        "call_plan_ask": {"role": it.seat.role_id, "hours": "120"},
        "call_plan_adopt": {"rule": [line["rule"] for line in shared.plan.result["groups"][0]["lines"]], "although": "1"},
        "call_plan_settings": {"weeks": "44"},
        "call_judgement_set": {
            "tier": shared.tiers["A"].pk, "none": "50", "half": "80", "more": "115", "most": "130", "starts_on": "2026-06-10", "reason": "Asked",
        },
        "counting": {"repeats_count_once": "on", "margin_share": "40"},
    }  # fmt: skip


def asks(it: Side, shared: Shared, helper: Membership) -> Iterator[Ask]:
    """Every form about one team's rows and about what all share, with what is typed into it."""
    typed = typed_about(it, shared, helper)
    urls = {name: reverse(name, args=[it.keys[kind]]) for kind, names in BY_KEY.items() for name in names}
    for name in (
        "customer_create",
        "expense_create",
        "expenses_approve",
        "goal_create",
        "call_plan_ask",
        "log_touch",
        "outreach",
        "order_create",
        "planned_create",
        "work_log",
        "implausible_touches",
        "territory_list",
        "place_accept",
        "busy_time_create",
        "my_week_accept",
        "my_week_plan",
        "my_week_feed_renew",
        "my_week_feed_revoke",
    ):
        urls[name] = reverse(name)
    urls["planned_put_off"] = f"{reverse('planned_put_off')}?planned={it.keys['planned']}"
    for name, url in urls.items():
        yield Ask(name, url, typed.get(name, {}))


def company_asks(it: Side, shared: Shared, helper: Membership) -> Iterator[Ask]:
    """Every form about what belongs to no team."""
    typed = typed_about(it, shared, helper)
    role = it.seat.role_id
    arguments: dict[str, list[Any]] = {
        "calendar": [],
        "thresholds": [],
        "threshold_situations": [],
        "counting": [],
        "visiting": [],
        "call_judgement_set": [],
        "call_plan_settings": [],
        "call_plan_adopt": [shared.plan.pk],
        "holiday_create": [],
        "holiday_delete": [shared.holiday.pk],
        "draft_compute": [shared.draft.pk],
        "draft_save": [shared.draft.pk],
        "draft_discard": [factories.rule_draft(shared.draft.author, 3).pk],
        "market_create": [],
        "market_edit": [shared.market.pk],
        "market_archive": [shared.market.pk],
        "market_potential_create": [],
        "market_potential_edit": [shared.potential.pk],
        "market_potential_archive": [shared.potential.pk],
        "product_line_create": [],
        "product_line_edit": [shared.line.pk],
        "product_line_archive": [shared.line.pk],
        "person_create": [],
        "role_create": [],
        "role_edit": [role],
        "role_access": [role],
        "role_retire": [factories.role("Engineering").pk],
        "role_restore": [role],
        "team_create": [],
        "team_archive": [factories.team("Empty").pk],
        "team_restore": [factories.team("Put away", archived_at=clock.now()).pk],
        "rule_create": ["order-steps"],
        "rule_edit": ["order-steps", shared.step.pk],
        "rule_remove": ["order-steps", shared.step.pk],
        "rule_restore": ["order-steps", shared.step.pk],
        "touch_value_set": [],
        "routing_server": [],
        "town_files_shipped": [],
    }
    for name, args in arguments.items():
        yield Ask(name, reverse(name, args=args), typed.get(name, {}))


class _Forms(HTMLParser):
    """The forms of a page with what stands in their fields."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, list[str]]] = []
        self._select: str | None = None
        self._options: list[tuple[str, bool]] = []
        self._multiple = False
        self._textarea: str | None = None

    def _add(self, name: str, value: str) -> None:
        if self.forms:
            self.forms[-1].setdefault(name, []).append(value)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        name = given.get("name")
        if tag == "form":
            self.forms.append({})
        elif tag == "input" and name:
            kind = given.get("type", "text")
            if kind in ("checkbox", "radio") and "checked" not in given:
                return
            if kind not in ("submit", "button", "file"):
                self._add(name, given.get("value") or ("on" if kind == "checkbox" else ""))
        elif tag == "select" and name:
            self._select, self._options, self._multiple = name, [], "multiple" in given
        elif tag == "option" and self._select:
            self._options.append((given.get("value", ""), "selected" in given))
        elif tag == "textarea" and name:
            self._textarea = name
            self._add(name, "")

    def handle_endtag(self, tag):
        if tag == "select" and self._select:
            chosen = [value for value, selected in self._options if selected]
            if not chosen and self._options and not self._multiple:
                chosen = [self._options[0][0]]
            for value in chosen:
                self._add(self._select, value)
            self._select = None
        elif tag == "textarea":
            self._textarea = None

    def handle_data(self, data):
        if self._textarea and self.forms:
            self.forms[-1][self._textarea][-1] += data.removeprefix("\n")


def shown_in(page: str) -> dict[str, list[str]]:
    """What stands in the page's largest form."""
    parser = _Forms()
    parser.feed(page)
    return max(parser.forms, key=len, default={})


def filled(client: Client, ask: Ask) -> dict[str, Any]:
    """What a person would send: what the form shows, with what they typed."""
    response = client.get(ask.url)
    shown = shown_in(response.content.decode()) if response.status_code == 200 else {}
    shown.pop("csrfmiddlewaretoken", None)
    if "unfix" in shown:
        del shown["unfix"]
    typed = {name: value for name, value in ask.typed.items() if value != []}
    return {**shown, **typed}


class Writes:
    """Remembers statements that write to tables of the business."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, execute, sql, params, many, context):
        start = sql.lstrip()[:6].upper()
        if start in ("INSERT", "UPDATE", "DELETE") and not any(table in sql for table in NOT_BUSINESS):
            self.seen.append(sql[:200])
        return execute(sql, params, many, context)


def sent(client: Client, method: str, url: str, data: dict[str, Any] | None = None):
    """The answer, and what it wrote; whatever was written is rolled back."""
    writes = Writes()
    with transaction.atomic(), connection.execute_wrapper(writes):
        response = client.get(url) if method == "GET" else client.post(url, data or {})
        if response.streaming:  # such pages ask the database while they are read
            response.streaming_content = [response.getvalue()]
        transaction.set_rollback(True)
    return response, writes.seen


def body(response, *keys: Any) -> str:
    """The page without what differs from request to request, and without these keys."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    text = content.decode()
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", text)
    text = re.sub(r'"X-CSRFToken": "[^"]*"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}', "", text)
    text = re.sub(r"[A-Za-z0-9]{64}", "", text)
    for key in keys:
        text = re.sub(rf"(?<!\d){key}(?!\d)", "KEY", text)
    return text


def clients(cast: Cast) -> dict[str, Client]:
    """A signed-in client of each of the cast, by the names of the table."""
    return {name: client_of(user) for name, user in cast.everyone().items()} | {"signed out": Client()}
