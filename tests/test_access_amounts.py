"""Amounts and cost rates appear nowhere for who may not see them: unmistakable figures, then every page, file and answer."""

import re
from decimal import Decimal

import pytest
from django.urls import reverse

from customers.actions.customers import note_potential
from customers.actions.orders import change_order
from customers.models import Customer, Import, Order
from planning.situations.mails import _compose
from territory import clock
from territory.company.models import Company, forget_company
from territory.mail.models import Mail
from tests import factories
from tests.accounts.signing_in import client_of
from tests.test_access_matrix import address, names
from tests.test_access_swapped import REPORTS
from tests.two_teams import BY_KEY, SHOWN, WEEK, Shared, asks, body, filled, sent, side

# As they are stored; any way of writing them begins with these digits once separators are taken out.
AMOUNTS = {"pending": "77123.45", "before": "79457.81", "won": "66321.79", "potential": "55217.31", "other": "91876.53"}
SUMS = ["14344524", "15819834", "16900000"]
DIGITS = [amount.replace(".", "")[:5] for amount in AMOUNTS.values()] + [each[:6] for each in SUMS]
COSTS = ["61.37", "61,37", "58.93", "58,93"]
# What pending orders are of the team's sales (the board, the list), and what the situation says of one: as share and weighted.
SHARES = re.compile(r"(28\.5|33\.9|27\.6|16\.6)\s?%|(0\.284589|0\.339028|0\.2763|0\.1659)")
# To the microsecond: now and then one of them holds the digits of an amount.
INSTANTS = re.compile(r'datetime="[^"]*"')
SEPARATORS = re.compile(r"(?<=\d)[.,'’\u00a0\u202f ](?=\d)|&nbsp;|&#x27;")

EVERYTHING_BUT_AMOUNTS = {
    area: {"see": "team", "change": "team"} for area in ("customers", "touches", "orders", "budgets", "absences")
} | {
    "directory": {"see": "team"},
    "people": {"see": "team"},
    "export": {"see": "team"},
    "import": {"change": "team"},
    **{area: {"see": "all"} for area in ("rules", "touch_values", "names")},
}


# Sets all rules, people and access, and sees all customers and orders; neither amounts nor budgets.
RULES_WITHOUT_AMOUNTS = {
    **{area: {"see": "all"} for area in ("customers", "touches", "orders", "export", "names", "audit", "absences")},
    **{area: {"see": "all", "change": "all", "approve": "all"} for area in ("rules", "touch_values")},
    "people": {"see": "all", "change": "all"},
}


@pytest.fixture
def world(cast, time_machine):
    """The rep's customer with figures that cannot be mistaken; a bookkeeper who does everything in Exeter but see amounts."""
    time_machine.move_to("2026-06-09T09:00:00Z", tick=False)
    shared = Shared.made()
    it = side(cast.rep_membership, cast.own)
    order = Order.objects.get(pk=it.keys["order"])
    order.amount, order.opened_at = Decimal(AMOUNTS["before"]), clock.now()
    order.save(update_fields=["amount", "opened_at"])
    factories.order(cast.own, AMOUNTS["won"], "won", salesperson=cast.rep, title="Was won", product_line=shared.line)
    factories.order(cast.team_mates, AMOUNTS["other"], salesperson=cast.mate, title="A colleague's")
    note_potential(
        actor=cast.rep, now=clock.now(), customer=cast.own, amount=Decimal(AMOUNTS["potential"]), source="A visit"
    )
    order.refresh_from_db()
    change_order(
        actor=cast.rep,
        now=clock.now(),
        order=order,
        version=order.version,
        values={"amount": Decimal(AMOUNTS["pending"])},
    )
    cast.own.refresh_from_db()
    situation = order.situations.get()
    situation.evidence |= {"amount": AMOUNTS["pending"], "won": AMOUNTS["won"], "sales": AMOUNTS["won"]}
    situation.evidence |= {"share": "0.276300", "uplift": "0.165900"}
    situation.share = Decimal("0.2763")
    situation.save(update_fields=["evidence", "share"])
    cast.rep_membership.cost_per_hour = Decimal("61.37")
    cast.rep_membership.save()
    role = cast.mate_membership.role
    role.cost_per_hour = Decimal("58.93")
    role.save()
    factories.figures(cast.own)
    factories.due_touch(cast.own, cast.rep, clock.company_today())
    leave_open(cast, it)
    books = factories.role("Bookkeeper", function="coordination", access=EVERYTHING_BUT_AMOUNTS)
    keeper = factories.membership(factories.person("Bookkeeper"), cast.exeter, books, profile="support")
    return cast, shared, it, keeper.user


def leave_open(cast, it) -> None:
    """An administrator's import that found amounts, and the manager's mail about the order as it was sent in the demo."""
    Company.objects.update(is_demo=True)
    forget_company()
    row = factories.import_of(cast.admin, f"name,amount\nx,{AMOUNTS['won']}\n", state="done")
    row.problems.create(
        row=2, field="amount", column="amount", value=AMOUNTS["won"], reason=f"{AMOUNTS['pending']} is not it"
    )
    Mail.objects.all().delete()
    Mail.objects.create(
        recipient=cast.manager, kind="large_order", key="x", state="sent", created_at=clock.now(), due_at=clock.now(),
        sent_at=clock.now(), subject="Large order", text=f"Amount: {AMOUNTS['pending']}",
    )  # fmt: skip


def disclosed(response) -> list[str]:
    """The figures that stand in an answer, however they are written."""
    text = _said(response)
    plain = SEPARATORS.sub("", text)
    shares = ["".join(found) for found in SHARES.findall(text)]
    return [digits for digits in DIGITS if digits in plain] + [cost for cost in COSTS if cost in text] + shares


def costs(response) -> list[str]:
    text = _said(response)
    return [cost for cost in COSTS if cost in text]


def _said(response) -> str:
    return INSTANTS.sub("", body(response))


def pages(cast, it, shared) -> list[str]:
    """Every address that answers to GET, with the ways of sorting, filtering and searching it by amounts."""
    found = [reverse(name, args=[it.keys[kind]]) for names in (BY_KEY, SHOWN) for kind in names for name in names[kind]]
    lists = [
        "customer_list", "customer_export", "customer_filters", "customer_options", "order_list", "order_board", "order_export",
        "order_filters", "people_list", "team_list", "role_list", "rules_home", "thresholds", "threshold_situations", "counting", "calendar", "touch_values",
        "today", "workload", "work_value", "normal_sale", "cost_of_sale", "situation_list", "implausible_touches", "log_touch", "work_log", "planned_create",
        "order_create", "customer_create", "search", "market_list", "product_line_list", "profile", "access_table",
        "expense_list", "expense_export", "expense_create",
    ]  # fmt: skip
    found += [reverse(name) for name in lists]
    customer = reverse("customer_detail", args=[it.customer.pk])
    found += [f"{customer}?tab={tab}" for tab in ("orders", "touches", "changes", "timeline")]
    found += [f"{reverse('customer_timeline', args=[it.customer.pk])}?tab={tab}" for tab in ("changes", "timeline")]
    found += [
        f"{reverse(name)}?sort={sign}{key}&columns=business&columns=team&columns=amount"
        for name in ("customer_list", "customer_export")
        for key in ("business", "tier", "yearly_value", "budget")
        for sign in ("", "-")
    ]
    found += [
        f"{reverse(name)}?sort={sign}amount&status={status}"
        for name in ("order_list", "order_export")
        for sign in ("", "-")
        for status in ("pending", "won", "all")
    ]
    found += [f"{reverse('order_board')}?by=step", f"{reverse('order_board')}?q=own"]
    found += [
        f"{reverse(name)}?q={words}"
        for name in ("search", "search_suggest", "customer_options")
        for words in ("own", "Pending")
    ]
    found += [
        f"{reverse('order_board')}?{query}" for query in ("by=close", "person=" + str(it.person.pk), "sort=-amount")
    ]
    found += [
        f"{reverse(name)}?sort={sign}{key}"
        for name in ("customer_list", "order_list")
        for key in ("potential", "weighted", "probability", "uplift")
        for sign in ("", "-")
    ]
    found += [f"{reverse('directory_list')}?q=own", f"{reverse('outreach')}?list&sort=-business"]
    found += others(cast, it, shared)
    found += [
        reverse("workload_person", args=[it.person.pk, WEEK]),
        f"{reverse('log_touch')}?customer={it.customer.pk}",
    ]
    found += [
        f"{reverse('report', args=[name])}?by={by}&format={kind}"
        for name, by in REPORTS
        for kind in ("json", "csv", "json&as_of=2026-06-09")
    ]
    return found


def others(cast, it, shared) -> list[str]:
    """Every address of the resolver that is not listed above, about the same rows: whatever comes to be is looked at too."""
    about = it.keys | {
        "call_plan": shared.plan.pk,
        "data_file": 1,
        "draft": shared.draft.pk,
        "directory": it.customer.pk,
        "import": Import.objects.get().pk,
        "import_mapping_remove": 1,
        "job": 1,
        "mail": Mail.objects.get().pk,
        "mfa": 1,
        "session": 1,
        "market": shared.market.pk,
        "market_potential": shared.potential.pk,
        "product_line": shared.line.pk,
        "holiday": shared.holiday.pk,
        "role": it.seat.role_id,
        "rule": shared.step.pk,
        "people": it.person.pk,
        "workload_person": it.person.pk,
        "workload_unstaffed": it.customer.team_id,
        "account": 1,
    }
    known = {name for names_ in (*BY_KEY.values(), *SHOWN.values()) for name in names_}
    return [address(name, about) for name in names() if name not in known and name != "account_logout"]


def who_may_not(cast, keeper):
    office = factories.role("Office", function="administration", access=RULES_WITHOUT_AMOUNTS)
    return {
        "office": factories.membership(factories.person("Office"), cast.south_west, office).user,
        "technical support": cast.technician,
        "other team's manager": cast.other_manager,
        "bookkeeper": keeper,
    }


def test_amounts_and_costs_stand_on_no_page(world):
    cast, shared, it, keeper = world
    wrong, read = [], 0
    for who, user in who_may_not(cast, keeper).items():
        client = client_of(user)
        for url in pages(cast, it, shared):
            response, _ = sent(client, "GET", url)
            read += response.status_code == 200
            if found := disclosed(response):
                wrong.append(f"{url} tells {who} {found}")
    assert not wrong, "\n".join(wrong)
    assert read > 200


def test_the_figures_would_be_seen(world):
    """The same pages do show them to who may: else the test above would say nothing."""
    cast, shared, it, _ = world
    client = client_of(cast.admin)
    seen = {figure for url in pages(cast, it, shared) for figure in disclosed(sent(client, "GET", url)[0])}
    assert {"77123", "79457", "66321", "55217", "91876", "61.37", "58.93"} <= seen
    assert {"28.5", "33.9", "27.6", "16.6", "0.284589", "0.339028", "0.2763"} <= seen


@pytest.mark.parametrize("who", ["salesperson", "coordinator"])
def test_cost_rates_stand_on_no_page(world, who):
    cast, shared, it, _ = world
    client = client_of(cast.everyone()[who])
    urls = [url for url in pages(cast, it, shared) if "sort=" not in url and "q=" not in url]
    wrong = [url for url in urls if costs(sent(client, "GET", url)[0])]
    assert not wrong, "\n".join(wrong)


def test_another_salespersons_amounts_stand_on_no_page(world):
    """A team-mate sees the amounts of their own customers and of nobody else's."""
    cast, shared, it, _ = world
    client = client_of(cast.mate)
    wrong = []
    for url in pages(cast, it, shared):
        if found := set(disclosed(sent(client, "GET", url)[0])) - {"91876"}:
            wrong.append(f"{url} {found}")
    assert not wrong, "\n".join(wrong)


def test_no_order_of_rows_and_no_search_gives_amounts_away(world):
    """For who may not see them, sorting by amounts is no sorting, and words that are amounts find nothing."""
    cast, _, _, keeper = world
    client = client_of(keeper)
    for amount, town in ((3, "Bath"), (900_000, "Ash"), (40, "Cork")):
        customer = factories.customer(f"Sorted {town}", owner=cast.mate_membership)
        factories.order(customer, amount, title=f"Sorted {town}", salesperson=cast.mate)
        Customer.objects.filter(pk=customer.pk).update(yearly_value=amount)
    by = {
        "order_list": ("amount", "uplift", "weighted"),
        "order_export": ("amount", "uplift"),
        "customer_list": ("business",),
    }
    for name, key in ((name, key) for name, keys in by.items() for key in keys):
        plain = sorted_names(client.get(f"{reverse(name)}?status=all"))
        assert len(plain) == 3
        for sign in ("", "-"):
            assert sorted_names(client.get(f"{reverse(name)}?status=all&sort={sign}{key}")) == plain
    for name in ("search", "search_suggest", "order_list", "customer_list", "customer_options"):
        for asked in (AMOUNTS["pending"], "0.284589", "28.5"):
            found, nothing = (body(client.get(f"{reverse(name)}?q={words}"), words) for words in (asked, "88234.56"))
            assert found == nothing, (name, asked)


def sorted_names(response) -> list[str]:
    return list(dict.fromkeys(re.findall(r"Sorted (Bath|Ash|Cork)", body(response))))


def test_refusals_and_conflicts_tell_no_amounts(world):
    """Forms that are wrong (422), denied (403, 404) or too late (409)."""
    cast, shared, it, keeper = world
    wrong, conflicts = [], 0
    for who, user in (("technical support", cast.technician), ("bookkeeper", keeper)):
        client = client_of(user)
        for ask in asks(it, shared, cast.mate_membership):
            data = filled(client, ask)
            right = {name: value for name, value in data.items() if name != "amount"}
            late = {**right, "version": "99", "title": "Another", "closed_at": "2026-06-09T08:30", "external_id": "x"}
            for posted in (right, late, dict.fromkeys(data, "☃"), {**right, "amount": "12"}):
                response, _ = sent(client, "POST", ask.url, posted)
                conflicts += response.status_code == 409
                if found := disclosed(response):
                    wrong.append(f"{ask.name} tells {who} {found} ({response.status_code})")
    assert not wrong, "\n".join(wrong)
    assert conflicts > 5


def test_an_amount_one_may_not_see_stays_as_it_is(world):
    """A bookkeeper changes the order's title and wins it; its amount, sent all the same, does not change."""
    _, shared, it, keeper = world
    client = client_of(keeper)
    forms = {ask.name: ask for ask in asks(it, shared, it.seat)}
    for name in ("order_edit", "order_win"):
        response = client.post(forms[name].url, {**filled(client, forms[name]), "amount": "1.00"})
        assert response.status_code == 302, name
    order = Order.objects.get(pk=it.keys["order"])
    assert (order.title, order.status, order.amount) == ("Renamed", "won", Decimal("77123.45"))


@pytest.mark.parametrize("who", ["technical support", "coordinator", "manager", "other team's manager", "bookkeeper"])
def test_a_mail_tells_an_amount_to_whom_it_may_be_shown(world, who):
    """It is written when it is sent, by what its reader may see then."""
    cast, _, it, keeper = world
    people = cast.everyone() | {"bookkeeper": keeper}
    message = _compose(people[who], {"order": it.keys["order"]})
    said = f"{message.subject} {message.text}" if message else ""
    assert ("77123" in SEPARATORS.sub("", said)) == (who in ("coordinator", "manager"))
    assert ("28\u00a0%" in said) == (who in ("coordinator", "manager"))


def test_previews_tell_no_amounts(world):
    """Looking at a hand-over, a cover or an outreach as who may do it but see no amounts."""
    cast, shared, it, keeper = world
    client, wrong, looked = client_of(keeper), [], 0
    forms = {ask.name: ask for ask in asks(it, shared, cast.mate_membership)}
    for name in ("person_hand_over", "cover_create", "cover_edit", "order_move", "absence_create"):
        for more in ({"act": "look"}, {"version": "99"}, {}):
            response, _ = sent(client, "POST", forms[name].url, {**filled(client, forms[name]), **more})
            looked += response.status_code in (200, 302, 409, 422)
            wrong += [f"{name}: {found}"] if (found := disclosed(response)) else []
    assert not wrong, "\n".join(wrong)
    assert looked > 5


def test_columns_of_the_board_are_in_no_order_of_amounts(world):
    """Neither the cards of a column nor anything else on the board lies in the order of what it is worth."""
    cast, _, _, keeper = world
    for amount, town in ((3, "Bath"), (900_000, "Ash"), (40, "Cork")):
        customer = factories.customer(f"Sorted {town}", owner=cast.mate_membership)
        factories.order(customer, amount, title=f"Sorted {town}", salesperson=cast.mate)
    client, orders = client_of(keeper), set()
    for query in ("", "sort=amount", "sort=-amount", "sort=weighted", "sort=-weighted"):
        orders.add(tuple(sorted_names(client.get(f"{reverse('order_board')}?{query}"))))
    assert len(orders) == 1
    before = orders.pop()
    assert len(before) == 3
    # The same in whatever order the amounts are.
    for amount, order in enumerate(Order.objects.filter(title__startswith="Sorted").order_by("pk")):
        Order.objects.filter(pk=order.pk).update(amount=[500_000, 1, 70][amount])
    assert tuple(sorted_names(client.get(reverse("order_board")))) == before
