"""Another team's rows do not exist: their keys are answered exactly like keys that nobody has, and change nothing."""

import re
from itertools import product
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import User
from customers.models import Contact, Order, PlannedTouch
from tests import factories
from tests.two_teams import BY_KEY, NOBODY, SHOWN, WEEK, Ask, Shared, asks, body, clients, filled, sent, side

# To whom the other team's rows do not exist.
STRANGERS = ["salesperson", "coordinator", "technical support", "manager"]


@pytest.fixture
def sides(cast, time_machine):
    time_machine.move_to("2026-06-09T09:00:00Z", tick=False)
    shared = Shared.made()
    return shared, side(cast.rep_membership, cast.own), side(cast.other_rep_membership, cast.foreign)


def differs(client, method: str, theirs: tuple[str, dict], nobodys: tuple[str, dict], *keys) -> str:
    """How the answers about another team's row and about nobody's differ, or what they wrote; "" where all is well."""
    (one, wrote), (other, wrote_too) = (sent(client, method, url, data) for url, data in (theirs, nobodys))
    if one.status_code >= 500 or other.status_code >= 500:
        return f"status {one.status_code} and {other.status_code}"
    if wrote or wrote_too:
        return f"wrote {[*wrote, *wrote_too][:2]}"
    if one.status_code != other.status_code:
        return f"status {one.status_code} and {other.status_code}"
    if one.headers.get("Location", "").replace(str(keys[0]), "") != other.headers.get("Location", "").replace(
        str(NOBODY), ""
    ):
        return "leads elsewhere"
    return "" if body(one, *keys, NOBODY) == body(other, *keys, NOBODY) else "another page"


def pages_about(it) -> list[tuple[str, Any, list[Any]]]:
    """Name, key and what else the address takes, of every address with a key of a team's row in its path."""
    found = [(name, it.keys[kind], []) for rows in (BY_KEY, SHOWN) for kind, names in rows.items() for name in names]
    return [*found, ("workload_person", it.person.pk, [WEEK]), ("workload_unstaffed", it.keys["team"], [WEEK])]


def test_keys_in_paths(cast, sides):
    shared, _, theirs = sides
    everyone, wrong, tried = clients(cast), [], 0
    forms = {ask.name: ask for ask in asks(theirs, shared, cast.other_rep_membership)}
    for name, key, rest in pages_about(theirs):
        data = filled(everyone["administrator"], forms[name]) if name in forms else None
        url, nobodys = (reverse(name, args=[each, *rest]) for each in (key, NOBODY))
        for who, method in product(STRANGERS, ("GET",) if data is None else ("GET", "POST")):
            tried += 1
            if how := differs(everyone[who], method, (url, data or {}), (nobodys, data or {}), key):
                wrong.append(f"{method} {name} by {who}: {how}")
    assert not wrong, "\n".join(wrong)
    assert tried > 250


QUERIES = [
    ("log_touch", "customer"),
    ("log_touch", "planned"),
    ("log_touch_fields", "customer"),
    ("log_touch_fields", "planned"),
    ("planned_create", "customer"),
    ("planned_put_off", "customer"),
    ("planned_put_off", "planned"),
    ("work_log", "customer"),
    ("order_create", "customer"),
    ("expense_create", "customer"),
    ("expense_create", "order"),
    ("expense_create", "touch"),
    ("expense_list", "person"),
    ("workload", "team"),
    ("goal_history", "team"),
    ("rhythm", "person"),
    ("absence_calendar", "team"),
]


def test_keys_in_queries(cast, sides):
    _, _, theirs = sides
    everyone, wrong = clients(cast), []
    voice = factories.touch_type().pk
    for name, parameter in QUERIES:
        key = theirs.keys[parameter]
        for who in STRANGERS:
            url, nobodys = (f"{reverse(name)}?{parameter}={each}&type={voice}" for each in (key, NOBODY))
            for method in ("GET", "POST"):
                if how := differs(everyone[who], method, (url, {}), (nobodys, {}), key):
                    wrong.append(f"{method} {name}?{parameter} by {who}: {how}")
    assert not wrong, "\n".join(wrong)


def test_keys_typed_into_forms(cast, sides):
    """Every field that refers to another row, of forms that the person may send about their own rows."""
    shared, ours, theirs = sides
    others_contact = Contact.objects.get(customer=theirs.customer).pk
    others_order = Order.objects.filter(customer=theirs.customer).first().pk
    planned = PlannedTouch.objects.get(customer=theirs.customer).pk
    other, seat, team = theirs.person.pk, theirs.seat.pk, theirs.customer.team_id
    fields = {
        "log_touch": {
            "customer": theirs.customer.pk, "contacts": others_contact, "order": others_order, "people": other,
            "planned": planned,
        },
        "touch_edit": {"contacts": others_contact, "order": others_order, "people": other},
        "outreach": {"customers": theirs.customer.pk, "people": other},
        "planned_create": {"customer": theirs.customer.pk, "assignee": other},
        "planned_edit": {"assignee": other},
        "work_log": {"customer": theirs.customer.pk, "order": others_order, "team": team, "user": other},
        "work_edit": {"customer": theirs.customer.pk, "order": others_order, "team": team, "user": other},
        "order_create": {"customer": theirs.customer.pk},
        "expense_create": {"customer": theirs.customer.pk, "order": others_order, "team": team, "touch": theirs.keys["touch"]},
        "expense_edit": {"customer": theirs.customer.pk, "order": others_order, "team": team, "touch": theirs.keys["touch"]},
        "expenses_approve": {"expense": f"{theirs.keys['expense_decide']}-1"},
        "customer_create": {"owner": seat, "team": team},
        "customer_edit": {"team": team},
        "situation_hours": {"user": other},
        "situation_turn": {"owner": other},
        "goal_create": {"who": f"user-{other}"},
        "implausible_touches": {"touch": theirs.keys["implausible"]},
    }  # fmt: skip
    everyone, wrong, tried = clients(cast), [], 0
    forms = {ask.name: ask for ask in asks(ours, shared, cast.mate_membership)}
    for name, swapped in fields.items():
        for who in STRANGERS:
            client = everyone[who]
            data = filled(client, forms[name])
            if client.post(forms[name].url, {}).status_code in (403, 404) and name != "implausible_touches":
                continue
            for field, key in swapped.items():
                if field not in shown_fields(client, forms[name]) and field not in ("planned", "touch"):
                    continue  # the field is not in this person's form: what is sent under its name is not read
                tried += 1
                one, other_ = {**data, field: key}, {**data, field: NOBODY}
                if how := differs(client, "POST", (forms[name].url, one), (forms[name].url, other_), key):
                    wrong.append(f"{name}.{field} by {who}: {how}")
    assert not wrong, "\n".join(wrong)
    assert tried > 50


def shown_fields(client, ask: Ask) -> set[str]:
    """The fields of the form that this person gets."""
    response = client.get(ask.url)
    forms = [part["form"] for part in response.context or [] if "form" in part]
    hours = [part["hours_form"] for part in response.context or [] if "hours_form" in part]
    return {name for form in [*forms[:1], *hours[:1]] if form is not None for name in form.fields}


def test_fields_that_a_form_does_not_have_are_not_read(cast, sides):
    """A salesperson chooses neither team nor owner nor for whom: what is sent all the same is left out."""
    shared, ours, theirs = sides
    client = clients(cast)["salesperson"]
    forms = {ask.name: ask for ask in asks(ours, shared, cast.mate_membership)}
    client.post(forms["customer_edit"].url, {**filled(client, forms["customer_edit"]), "team": cast.leeds.pk})
    ours.customer.refresh_from_db()
    assert (ours.customer.name, ours.customer.team) == ("Renamed", cast.exeter)
    new = {**filled(client, forms["customer_create"]), "team": cast.leeds.pk, "owner": theirs.seat.pk}
    client.post(forms["customer_create"].url, new)
    made = ours.person.memberships.get().assignments.get(customer__name="Newcomer Ltd").customer
    assert made.team == cast.exeter
    client.post(forms["work_log"].url, {**filled(client, forms["work_log"]), "user": theirs.person.pk})
    assert not theirs.person.internal_work.filter(logged_by=cast.rep).exists()
    assert cast.rep.internal_work.filter(logged_by=cast.rep).count() == 2


WORDS = [
    "Foreign",
    "Contact of Foreign",
    "Pending of Foreign",
    "Said of Foreign",
    "Plan for Foreign",
    "Work on Foreign",
    "Spent on Foreign",
]


@pytest.mark.parametrize("who", STRANGERS)
def test_lists_searches_and_files_hold_nothing_of_theirs(cast, sides, who):
    _, _, theirs = sides
    client = clients(cast)[who]
    pk, team = theirs.person.pk, cast.leeds.pk
    urls = [
        *(f"{reverse('customer_list')}?{query}" for query in filters(theirs, cast)),
        *(f"{reverse('customer_export')}?{query}" for query in filters(theirs, cast)),
        *(
            f"{reverse(name)}?{query}&status={status}"
            for name in ("order_list", "order_export")
            for query in ("", f"person={pk}", f"team={team}", "q=Foreign", "month=2026-06", "sort=-amount")
            for status in ("all", "pending", "won")
        ),
        *(f"{reverse(name)}?q=" for name in ("customer_options", "search", "search_suggest")),
        *(f"{reverse(name)}?q=Foreign" for name in ("customer_options", "search_suggest")),
        *(f"{reverse(name)}?q=Contact" for name in ("search", "search_suggest")),
        *(f"{reverse(name)}?q=Pending" for name in ("search", "search_suggest")),
        reverse("today"),
        reverse("workload"),
        f"{reverse('work_value')}?period=month",
        reverse("normal_sale"),
        *(f"{reverse(name)}?by={by}" for name in ("cost_of_sale", "cost_of_sale_orders") for by in ("type", "person")),
        reverse("situation_list"),
        f"{reverse('situation_list')}?kind=large_order",
        reverse("implausible_touches"),
        reverse("log_touch"),
        reverse("work_log"),
        reverse("planned_create"),
        reverse("order_create"),
        reverse("expense_create"),
        *(
            f"{reverse(name)}?view={view}"
            for name in ("expense_list", "expense_export")
            for view in ("mine", "waiting", "all")
        ),
    ]
    wrong = []
    for url in urls:
        response, _ = sent(client, "GET", url)
        assert response.status_code in (200, 403), url
        # A card of the directory holds the customer's name, and no more: tests/customers/test_directory.py.
        text = re.sub(r"<li>(?:(?!</li>).)*/directory/.*?</li>", "", body(response), flags=re.DOTALL)
        text = text.replace("?q=Foreign", "").replace("q=Foreign", "").replace('value="Foreign"', "")
        wrong += [f"{url}: {word}" for word in WORDS if word in text]
    assert not wrong, "\n".join(wrong)


def filters(theirs, cast) -> list[str]:
    market = theirs.customer.market_id or ""
    return [
        "", "q=Foreign", f"person={theirs.person.pk}", f"team={cast.leeds.pk}", f"team={cast.north.pk}", f"market={market}",
        "stage=prospect", "archived=on", "view=overdue", "view=under", "view=situation", "sort=-business", "sort=owner",
        f"person={theirs.person.pk}&person={cast.rep.pk}",
    ]  # fmt: skip


REPORTS = [
    ("standing", ""), ("sales", "team"), ("sales", "person"), ("sales", "market"), ("sales", "line"), ("touches", "type"),
    ("touches", "person"), ("touches", "tier"), ("budgets", ""), ("workload", ""), ("due", ""), ("situations", ""),
    ("touch_values", ""), ("nth_touch", ""), ("touches_to_customer", ""),
    ("time_to_business", ""), ("expected_business", ""), ("rhythm", "rule"), ("rhythm", "tier"), ("rhythm", "team"), ("rhythm", "person"),
    ("work_value", "person"), ("work_value", "team"), ("work_value", "type"), ("effects", ""),
    ("involvement", "customer"), ("involvement", "order"), ("involvement", "person"),
    ("normal_sale", ""),
    ("cost_of_sale", "type"), ("cost_of_sale", "team"), ("cost_of_sale", "person"), ("cost_of_sale", "month"),
]  # fmt: skip


@pytest.mark.parametrize("who", ["salesperson", "coordinator", "manager"])
def test_reports_hold_what_one_would_get_if_the_other_team_had_nothing(cast, sides, who):
    """The same rows, to the last digit, before and after the other team's customers, orders and touches are gone."""
    _, _, theirs = sides
    factories.figures(theirs.customer)
    factories.due_touch(theirs.customer, theirs.person, theirs.customer.touches.first().at.date())
    client = clients(cast)[who]
    urls = [
        f"{reverse('report', args=[name])}?by={by}&format={kind}"
        for name, by in REPORTS
        for kind in ("json", "csv", "json&as_of=2026-06-09")
    ]
    before = {url: rows_of(client, url) for url in urls}
    erase(theirs)
    wrong = [url for url in urls if rows_of(client, url) != before[url]]
    assert not wrong, "\n".join(wrong)


def rows_of(client, url: str):
    response = client.get(url)
    assert response.status_code == 200, url
    return response.json()["rows"] if "json" in url else response.content


def erase(theirs) -> None:
    customer = theirs.customer
    customer.situations.all().delete()
    for touch in customer.touches.all():
        touch.people.all().delete()
    customer.expenses.all().delete()
    for rows in (customer.touches, customer.planned_touches, customer.internal_work, customer.orders):
        rows.all().delete()
    customer.delete()


def test_team_totals_are_for_who_has_reach_over_the_team(cast, sides):
    """The team is named to a salesperson, its sums are not; the manager above gets their own teams' and no other's."""
    everyone = clients(cast)
    url = reverse("report", args=["sales"]) + "?by=team"
    names = {who: {row["name"] for row in everyone[who].get(url).json()["rows"]} for who in
             ("salesperson", "coordinator", "manager", "other team's manager", "administrator")}  # fmt: skip
    assert names == {
        "salesperson": set(),
        "coordinator": {"Exeter"},
        "manager": {"South West", "Exeter"},
        "other team's manager": {"North", "Leeds"},
        "administrator": {"South West", "Exeter", "North", "Leeds"},
    }


def test_a_persons_sales_are_for_who_has_reach_over_the_person(cast, sides):
    everyone = clients(cast)
    url = reverse("report", args=["sales"]) + "?by=person"
    won = {who: {row["name"] for row in everyone[who].get(url).json()["rows"] if row["won"]} for who in
           ("salesperson", "team-mate", "coordinator", "manager", "other team's manager", "administrator")}  # fmt: skip
    assert won == {
        "salesperson": {"Rep"},
        "team-mate": set(),
        "coordinator": {"Rep"},
        "manager": {"Rep"},
        "other team's manager": {"Other rep"},
        "administrator": {"Rep", "Other rep"},
    }
    assert User.objects.count() == 9
