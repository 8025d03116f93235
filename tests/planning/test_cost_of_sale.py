"""What sales cost, as a report: sums that add up whatever they are by, and what each reader gets of them."""

import datetime as dt
import random
import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from msgspec.structs import replace

from accounts.models import Membership, Role
from customers.actions.lifecycle import rebuild_lifecycle
from customers.models import Customer, Order, SaleType
from planning import reports
from planning.actions.sales import compute_sales
from planning.engine.cost_lines import Lines, Spent, Told
from planning.reports import Asked
from tests import factories
from tests.accounts.signing_in import client_of

NOW = dt.datetime(2026, 7, 10, 10, 0, tzinfo=dt.UTC)
TODAY = NOW.date()
PAGE = "/standing/cost-of-sale/"
BY = ("type", "team", "person", "month")
PARTS = ("time", "travel", "demos", "overhead", "other")


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


def at(day, hour=12):
    return dt.datetime.combine(dt.date.fromisoformat(day), dt.time(hour), tzinfo=dt.UTC)


def compute():
    rebuild_lifecycle(list(Customer.objects.values_list("pk", flat=True)), now=NOW)
    compute_sales(now=NOW)


def report(by="type", reader=None, as_of=None, **window):
    found, _computed = reports.find("cost_of_sale").rows(
        Asked(today=TODAY, now=NOW, as_of=as_of, by=by, reader=reader, **window)
    )
    return found


def by_key(*args, **options):
    return {row["key"]: row for row in report(*args, **options)}


def total(rows):
    return sum(Decimal(row["total"]) for row in rows)


@pytest.fixture
def spent(cast):
    """Exeter: two new sales (won in March and May), one lost in April, one open; a customer kept. Leeds: a prospect."""
    factories.tiers()
    factories.sale_types()
    Role.objects.filter(name="Salesperson").update(cost_per_hour=60)
    Role.objects.filter(name="Technical support").update(cost_per_hour=90)
    other = factories.customer("Other", owner=cast.mate_membership)
    factories.order(cast.own, 1000, "won", at("2026-03-20"), cast.rep, opened_at=at("2026-02-01"))
    factories.order(other, 3000, "won", at("2026-05-20"), cast.mate, opened_at=at("2026-05-01"))
    factories.order(cast.own, 500, "lost", at("2026-04-20"), cast.rep, opened_at=at("2026-04-01"))
    factories.order(cast.own, 800, salesperson=cast.rep, opened_at=at("2026-06-01"))
    field = factories.touch_types()["field"]
    factories.touch(cast.own, cast.rep, at("2026-02-10"), 60, 30, field)
    factories.touch(cast.own, cast.technician, at("2026-03-10"), 20)
    factories.touch(other, cast.mate, at("2026-05-10"), 120)
    factories.touch(cast.own, cast.rep, at("2026-04-10"), 15)
    factories.touch(cast.own, cast.rep, at("2026-05-10"), 10)
    factories.touch(cast.own, cast.rep, at("2026-06-10"), 5)
    factories.touch(cast.foreign, cast.other_rep, at("2026-06-10"), 45)
    factories.touch(other, None, at("2026-05-11"), 7)
    when = {"status": "approved", "spent_on": dt.date(2026, 5, 15)}
    factories.expense(cast.mate, "19.99", customer=other, kind="travel", **when)
    factories.expense(cast.mate, "10", customer=other, kind="demo", **when)
    factories.expense(cast.mate, "100", team=cast.exeter, kind="overhead", **when)
    compute()
    return cast


def test_sales_by_type_with_what_they_cost_and_brought_and_lost_ones_beside(spent):
    rows = by_key()
    new = rows["New business"]
    assert (new["line"], new["orders"], new["business"]) == ("sales", 2, "4000.00")
    # May: 127 minutes of the other customer and 10 of keeping share the overhead of 100.
    assert [new[part] for part in PARTS] == ["210.00", "49.99", "10.00", "92.70", "0.00"]
    assert (new["total"], new["per_100"]) == ("362.69", "9.07")
    assert (new["median"], new["mean"], new["unknown_minutes"]) == ("181.35", "181.35", "7.00")
    assert (new["lost_orders"], new["lost"]) == (0, "0.00")
    assert (rows["Repeat"]["orders"], rows["Repeat"]["lost_orders"], rows["Repeat"]["lost"]) == (0, 1, "15.00")
    assert {key: (row["line"], row["orders"], row["total"]) for key, row in rows.items() if row["line"] != "sales"} == {
        "lost sales": ("lost", 1, "15.00"),
        "open orders": ("open", 1, "5.00"),
        "keeping customers": ("keeping", 0, "17.30"),
        "courses still open": ("prospecting", 0, "45.00"),
    }


def test_a_sale_counts_whole_on_the_day_it_closed_and_keeping_in_its_month(spent):
    rows = by_key("month")
    assert [key for key, row in rows.items() if row["line"] == "sales"] == ["2026-03", "2026-04", "2026-05"]
    assert (rows["2026-03"]["total"], rows["2026-05"]["total"]) == ("120.00", "242.69")
    window = {"starts_on": dt.date(2026, 4, 1), "ends_on": dt.date(2026, 5, 31)}
    within = by_key("month", **window)
    assert list(within) == ["2026-04", "2026-05", "lost sales", "keeping customers"]
    assert within["keeping customers"]["total"] == "17.30"
    assert by_key(starts_on=dt.date(2026, 6, 1)).keys() == {"open orders", "keeping customers", "courses still open"}


def test_by_team_and_by_salesperson(spent):
    assert [(row["key"], row["total"]) for row in report("team") if row["line"] == "sales"] == [("Exeter", "362.69")]
    assert [(row["key"], row["orders"], row["total"], row["lost"]) for row in report("person")][:2] == [
        ("Mate", 1, "242.69", "0.00"),
        ("Rep", 1, "120.00", "15.00"),
    ]


@pytest.mark.parametrize("seed", range(4))
def test_it_adds_up_to_the_cent_whatever_it_is_by(spent, seed):
    chance = random.Random(seed)
    Role.objects.filter(name="Salesperson").update(cost_per_hour=chance.choice(["61.37", "49.99", "0.01"]))
    for _ in range(15):
        customer = chance.choice([spent.own, spent.foreign, spent.team_mates])
        when = at("2026-01-02") + dt.timedelta(hours=chance.randrange(24 * 180))
        factories.touch(customer, chance.choice([spent.rep, spent.other_rep]), when, chance.randint(1, 99), 7)
        factories.order(customer, 7, chance.choice(["won", "lost"]), when, opened_at=when - dt.timedelta(days=30))
    factories.expense(
        spent.rep, "33.33", status="approved", team=spent.south_west, kind="overhead", spent_on=dt.date(2026, 3, 3)
    )
    compute()
    sums = {by: total(report(by)) for by in BY}
    assert len(set(sums.values())) == 1
    for by in BY:
        rows = report(by)
        assert rows == report(by, as_of=TODAY)
        for row in rows:
            assert sum(Decimal(row[part]) for part in PARTS) == Decimal(row["total"])
        lost = next(row for row in rows if row["key"] == "lost sales")
        assert sum(row["lost_orders"] or 0 for row in rows) == lost["orders"]


def test_readers_get_their_teams_and_salespeople_nothing(spent):
    assert report(reader=spent.admin) == report()
    mine = by_key(reader=spent.manager)
    assert mine.keys() == {"New business", "Repeat", "lost sales", "open orders", "keeping customers"}
    assert (mine["New business"]["total"], mine["New business"]["business"]) == ("362.69", "4000.00")
    assert list(by_key(reader=spent.other_manager)) == ["keeping customers", "courses still open"]
    for who in (spent.rep, spent.coordinator, spent.technician):
        assert report(reader=who) == []


def test_business_is_there_for_those_alone_who_may_see_amounts(spent):
    role = Role.objects.get(name="Sales manager")
    role.access = {key: value for key, value in role.access.items() if key != "amounts"}
    role.save()
    row = by_key(reader=spent.manager)["New business"]
    assert "business" not in row
    assert (row["total"], row["per_100"]) == ("362.69", None)
    assert by_key(reader=spent.manager, as_of=TODAY)["New business"] == row


def test_what_one_person_costs_is_in_no_sum_for_who_may_not_know_it(spent):
    """One of Leeds helps with a sale and with keeping of Exeter, and meets for the team above: their rate changes nothing of
    what Exeter's manager gets, by whatever it is and from wherever."""
    Membership.objects.filter(pk=spent.other_rep_membership.pk).update(cost_per_hour=Decimal("70"))
    factories.touch(spent.own, spent.other_rep, at("2026-03-11"), 60, 20)
    factories.touch(spent.own, spent.other_rep, at("2026-05-25"), 60)
    factories.internal_work(spent.other_rep, None, 60, team=spent.south_west, spent_on=dt.date(2026, 5, 5))
    compute()

    def seen():
        return [report(by, spent.manager, as_of) for by in BY for as_of in (None, TODAY)]

    before, of_all = seen(), report()
    Membership.objects.filter(pk=spent.other_rep_membership.pk).update(cost_per_hour=Decimal("700"))
    compute()
    assert seen() == before
    assert report() != of_all
    new = by_key(reader=spent.manager)["New business"]
    assert (new["time"], new["unknown_minutes"]) == ("210.00", "87.00")
    for stored, logged in zip(before[::2], before[1::2], strict=True):
        assert stored == logged


def shown(client, query=""):
    cost = client.get(PAGE + query).context["cost"]
    return {(str(line.told), cost.name(line.key)): str(line.total) for line in cost.lines}


def test_the_page_tells_the_lines_of_the_reader_s_topmost_team(spent):
    page = client_of(spent.manager).get(PAGE)
    assert page.context["team"] == spent.south_west
    assert shown(client_of(spent.manager)) == {
        ("sales", "New business"): "362.69",
        ("sales", "Repeat"): "0.00",
        ("lost", ""): "15.00",
        ("open", ""): "5.00",
        ("keeping", ""): "17.30",
    }
    text = page.content.decode()
    for words in ("Keeping customers", "Per 100", "£363", "£9.07", "0.1 hours"):
        assert words in text
    # All that was lost is of one type: its line says so.
    assert "Lost beside" not in text
    assert 'Lost sales<span class="row-note">Repeat</span>' in text
    assert shown(client_of(spent.admin))["prospecting", ""] == "45.00"
    assert shown(client_of(spent.manager), "?months=3") == {
        ("sales", "New business"): "242.69",
        ("open", ""): "5.00",
        ("keeping", ""): "17.30",
    }
    assert list(shown(client_of(spent.manager), "?by=person"))[:2] == [("sales", "Mate"), ("sales", "Rep")]
    assert "May 2026" in client_of(spent.manager).get(f"{PAGE}?by=month").content.decode()


def test_the_parts_of_a_cost_are_figures_on_the_page_and_say_why_a_sale_costs_that(spent):
    text = client_of(spent.manager).get(PAGE).content.decode()
    assert '<span class="row-note">time\N{NO-BREAK SPACE}58\N{NO-BREAK SPACE}%, travel\N{NO-BREAK SPACE}14' in text
    why = text[text.index('id="why"') :]
    why = why[: why.index("</section>")]
    assert (
        "<b>New business</b>: £181 a sale, of which 58\N{NO-BREAK SPACE}% time and 26\N{NO-BREAK SPACE}% overhead."
        in why
    )
    # Nothing of type repeat was won, so that nothing stands beside.
    assert "Repeat" not in why
    rows = re.findall(r"<tr(?: class=\"total\")?>(.*?)</tr>", why[why.index("<tbody>") :])
    assert [re.sub(r"<[^>]+>| <", " ", row).replace("\N{NO-BREAK SPACE}", " ").split() for row in rows] == [
        ["Touches", "2"],
        ["Hours", "of", "work", "1.7"],
        ["Hours", "on", "the", "road", "0.3"],
        ["Time", "£105", "58", "%"],
        ["Travel", "£25", "14", "%"],
        ["Demos", "£5", "3", "%"],
        ["Overhead", "£46", "26", "%"],
        ["Cost", "of", "a", "sale", "£181"],
    ]
    new = by_key()["New business"]
    assert (new["touches"], new["minutes"], new["travel_minutes"]) == ("4.0000", "207.00", "30.00")


def test_many_salespeople_are_told_a_page_at_a_time(spent):
    for number in range(45):
        seller = factories.person(f"Seller {number:02}")
        factories.membership(seller, spent.exeter)
        factories.order(spent.own, 10, "won", at("2026-05-20"), seller, opened_at=at("2026-05-01"))
    compute()
    client = client_of(spent.manager)
    first, second = (client.get(f"{PAGE}?by=person{page}").content.decode() for page in ("", "&page=2"))
    assert "1 to 40 of 47" in first
    assert len(first) < 60_000
    assert "Seller 44" not in first
    assert "Seller 44" in second
    assert "£" in second[second.index("Keeping customers") :]


def test_no_bar_names_a_part_that_would_read_nothing_and_other_divisions_tell_no_why(spent):
    factories.expense(
        spent.mate,
        "0.40",
        order=Order.objects.get(amount=3000),
        kind="other",
        status="approved",
        spent_on=dt.date(2026, 5, 15),
    )
    compute()
    text = client_of(spent.manager).get(PAGE).content.decode()
    assert "other\N{NO-BREAK SPACE}0" not in text
    assert '<td class="num">£0' in text
    for by in ("team", "person", "month"):
        assert 'id="why"' not in client_of(spent.manager).get(f"{PAGE}?by={by}").content.decode()


def test_lost_sales_stand_beside_where_there_are_some_of_several_kinds(spent):
    other = Customer.objects.get(name="Other")
    factories.order(other, 500, "lost", at("2026-06-05"), spent.mate, opened_at=at("2026-06-01"))
    factories.touch(other, spent.mate, at("2026-06-02"), 15)
    compute()
    assert "Lost beside" in client_of(spent.manager).get(f"{PAGE}?by=person").content.decode()


def test_new_business_is_told_with_what_prospects_cost_that_were_not_won(spent):
    cost = client_of(spent.manager).get(PAGE).context["cost"]
    assert cost.with_not_won is None
    new, *others = cost.lines.sales
    spent_on_lost = Spent(Told.NO_ORDER, None, 0, {}, Decimal("80"))
    lines = Lines([replace(new, lost=Decimal("20")), *others], [spent_on_lost])
    more = replace(cost, lines=lines).with_not_won
    assert (more.lost, more.no_order, more.total) == (20, 80, new.total + 100)
    assert more.each == more.total / 2


def test_who_may_see_no_costs_of_teams_opens_no_page_of_them(spent):
    order = Order.objects.filter(customer=spent.own).first()
    for address in (PAGE, f"{PAGE}orders/", f"{PAGE}orders/{order.pk}/"):
        for who in (spent.rep, spent.coordinator, spent.technician):
            assert client_of(who).get(address).status_code == 403
    assert client_of(spent.other_manager).get(f"{PAGE}orders/{order.pk}/").status_code == 404
    assert client_of(spent.manager).get(f"{PAGE}?team={spent.leeds.pk}").status_code == 404
    assert client_of(spent.manager).get(f"{PAGE}orders/?team={spent.leeds.pk}").status_code == 404


def test_business_is_on_the_page_for_those_alone_who_may_see_amounts(spent):
    role = Role.objects.get(name="Sales manager")
    role.access = {key: value for key, value in role.access.items() if key != "amounts"}
    role.save()
    page = client_of(spent.manager).get(PAGE)
    assert [line.business for line in page.context["cost"].lines.sales] == [None, None]
    assert "Per 100" not in page.content.decode()


def test_the_sales_behind_a_line_dearest_first(spent):
    client = client_of(spent.manager)

    def behind(query):
        return [row.customer for row in client.get(f"{PAGE}orders/{query}").context["page"]]

    new = SaleType.objects.get(name="New business").pk
    assert behind(f"?by=type&key={new}") == ["Other", "Own customer"]
    assert behind(f"?by=person&key={spent.rep.pk}") == ["Own customer"]
    assert behind("?by=month&key=2026-05") == ["Other"]
    assert behind("?by=person&key=none") == []
    assert behind("?status=lost") == behind("?status=pending") == ["Own customer"]
    for nonsense in ("?by=month&key=2026-99", "?key=x", "?key=-1"):
        assert client.get(f"{PAGE}orders/{nonsense}").status_code == 404
    assert behind("?status=luck&page=99&months=7") == ["Other", "Own customer"]


def test_a_sale_opened_tells_which_touches_whose_time_and_which_expenses(spent):
    order = Order.objects.get(customer__name="Other")
    factories.internal_work(spent.mate, order.customer, 30, spent_on=dt.date(2026, 5, 12))
    factories.expense(
        spent.mate, 4, status="approved", order=order, kind="sample", spent_on=dt.date(2026, 5, 30), note="A box"
    )
    factories.order(order.customer, 5, "lost", at("2026-05-12"), opened_at=at("2026-05-11"))
    compute()
    page = client_of(spent.manager).get(f"{PAGE}orders/{order.pk}/")
    why = page.context["why"]
    assert [(share.row.duration_seconds // 60, share.part) for share in why.touches] == [(7, 0.5), (120, 1)]
    assert [(share.row.duration_seconds // 60, share.part) for share in why.work] == [(30, 0.5)]
    assert [str(share.row.amount) for share in why.expenses] == ["4.00", "10.00", "19.99"]
    assert [(part.user, part.seconds) for part in why.people] == [(spent.mate, 135 * 60)]
    assert (str(why.parts["time"]), str(why.parts["other"]), why.unknown_seconds) == ("135.00", "4.00", 210)
    text = page.content.decode()
    for words in ("Whose time", "Mate", "£135", "A box", "person unknown", "marked for it"):
        assert words in text


def test_a_sale_opened_tells_nobody_s_cost_who_is_not_the_reader_s_to_know(spent):
    order = Order.objects.get(customer=spent.own, status="won")
    Membership.objects.filter(pk=spent.other_rep_membership.pk).update(cost_per_hour=Decimal("70"))
    factories.touch(spent.own, spent.other_rep, at("2026-03-11"), 60, 20)
    compute()
    address = f"{PAGE}orders/{order.pk}/"
    why = client_of(spent.manager).get(address).context["why"]
    assert (str(why.total), why.unknown_seconds) == ("120.00", 80 * 60)
    assert "not yours to see" in client_of(spent.manager).get(address).content.decode()
    assert str(client_of(spent.admin).get(address).context["why"].total) == "213.33"
    listed = client_of(spent.manager).get(f"{PAGE}orders/?by=month&key=2026-03").context["page"]
    assert [row.grains for row in listed] == [120 * 360_000]


def test_before_the_first_run_the_pages_say_so(cast):
    client = client_of(cast.admin)
    assert "computed every night" in client.get(PAGE).content.decode()
    assert "No order you see is behind this" in client.get(f"{PAGE}orders/").content.decode()
    order = factories.order(cast.own)
    assert "computed every night" in client.get(f"{PAGE}orders/{order.pk}/").content.decode()


@pytest.mark.parametrize("address", [PAGE, f"{PAGE}?by=person", f"{PAGE}orders/", "order"])
def test_queries_do_not_grow_with_sales(spent, address):
    client = client_of(spent.manager)
    order = Order.objects.get(customer=spent.own, status="won")
    address = f"{PAGE}orders/{order.pk}/" if address == "order" else address
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    for number in range(6):
        customer = factories.customer(f"More {number}", owner=spent.mate_membership)
        factories.order(customer, 10, "won", at("2026-06-01"), spent.mate, opened_at=at("2026-05-01"))
        factories.touch(spent.own, spent.mate, at("2026-02-10"), 60, 30)
    compute()
    with CaptureQueriesContext(connection) as many:
        client.get(address)
    assert len(few) == len(many) <= 12
