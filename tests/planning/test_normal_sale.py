"""The normal sale as a report and on its page."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Membership, Role
from customers.actions.lifecycle import rebuild_lifecycle
from customers.models import Customer
from planning import reports
from planning.actions.sales import compute_sales
from planning.models import SaleNorm
from planning.reports import Asked
from tests import factories
from tests.accounts.signing_in import client_of

NOW = dt.datetime(2026, 7, 10, 10, 0, tzinfo=dt.UTC)
TODAY = NOW.date()
PAGE = "/standing/normal-sale/"


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


def at(day, hour=12):
    return dt.datetime.combine(dt.date.fromisoformat(day), dt.time(hour), tzinfo=dt.UTC)


def compute(now=NOW):
    rebuild_lifecycle(list(Customer.objects.values_list("pk", flat=True)), now=now)
    compute_sales(now=now)


@pytest.fixture
def sold(cast):
    """Six new customers of Exeter, won after 10, 20 … 60 days with a call of half an hour every ten days; one of Leeds, lost
    after 5 days. The technician helps with the first, the rep of Leeds with the second."""
    factories.tiers()
    factories.sale_types()
    Role.objects.filter(name="Salesperson").update(cost_per_hour=60)
    Role.objects.filter(name="Technical support").update(cost_per_hour=90)
    for number in range(1, 7):
        customer = factories.customer(f"New {number}", owner=cast.rep_membership)
        opened = at("2026-03-01")
        factories.order(
            customer,
            number * 1000,
            "won",
            opened + dt.timedelta(days=10 * number),
            cast.rep,
            opened_at=opened,
            external_id=f"O{number}",
        )
        for call in range(number):
            factories.touch(customer, cast.rep, opened + dt.timedelta(days=10 * call, hours=1), 30)
        if number == 1:
            factories.touch(customer, cast.technician, opened + dt.timedelta(days=2), 60)
        if number == 2:
            factories.touch(customer, cast.other_rep, opened + dt.timedelta(days=2), 60)
    factories.order(cast.foreign, 500, "lost", at("2026-03-06"), cast.other_rep, opened_at=at("2026-03-01"))
    factories.order(cast.foreign, 500, "won", at("2024-03-06"), cast.other_rep, opened_at=at("2024-03-01"))
    compute()
    return cast


def rows(reader=None, as_of=None, now=NOW):
    asked = Asked(today=now.date(), now=now, as_of=as_of, reader=reader)
    found, _computed = reports.find("normal_sale").rows(asked)
    return {(row["sale_type"], row["tier"]): row for row in found}


def test_a_row_for_each_sale_type_and_tier_and_one_of_all(sold):
    found = rows()
    assert list(found) == [
        *((name, tier) for name in ("New business", "Repeat", "Extension") for tier in ("A", "B", "C", "D", None)),
        (None, None),
    ]
    new = found["New business", "D"]
    assert (new["sales"], new["basis"]) == (6, "own")
    assert [new[f"days_{place}"] for place in ("low", "median", "high")] == ["22.5000", "35.0000", "47.5000"]
    assert (new["touches_median"], new["minutes_median"], new["people_median"]) == ("3.5000", "120.0000"[:-2], "1.0000")
    assert (new["amount_median"], new["cost_median"]) == ("3500.00", "120.00")
    assert found["Repeat", "A"]["basis"] == "everyone"
    everyone = found[None, None]
    assert (everyone["won_share"], everyone["lost_days_median"]) == ("0.857143", "5.0000")


def test_as_of_a_day_it_comes_from_the_log_and_is_the_same(sold):
    assert rows(as_of=TODAY) == rows()
    earlier = rows(as_of=dt.date(2026, 4, 1))["New business", "D"]
    assert (earlier["sales"], earlier["basis"], earlier["days_median"]) == (3, "everyone", "20.0000")
    assert rows(as_of=dt.date(2024, 12, 1))[None, None]["sales"] == 1


def test_orders_special_while_pending_are_left_out(sold):
    for order in Customer.objects.get(name="New 6").orders.all():
        factories.situation(order, opened_at=at("2026-03-05"))
    compute()
    assert rows()["New business", "D"]["sales"] == 5


def test_a_reader_gets_the_orders_amounts_and_costs_within_reach(sold):
    assert rows(sold.admin) == rows()
    assert rows(sold.manager)[None, None]["sales"] == 6
    assert rows(sold.manager)[None, None]["won_share"] == "1.000000"
    assert rows(sold.other_manager)[None, None]["sales"] == 0
    assert "cost_median" not in rows(sold.rep)[None, None]
    assert (rows(sold.rep)[None, None]["sales"], rows(sold.mate)[None, None]["sales"]) == (6, 0)
    assert "cost_median" not in rows(sold.coordinator)[None, None]


def test_what_somebody_costs_is_in_no_figure_for_who_may_not_know_it(sold):
    """The rep of Leeds helped in Exeter: their rate changes nothing of what Exeter's manager sees, stored or from the log."""

    def seen():
        page = client_of(sold.manager).get(PAGE)
        figures = [row.cost for _type, of_type in page.context["normal"].groups for row in of_type]
        return rows(sold.manager), rows(sold.manager, as_of=TODAY), figures, page.context["normal"].unknown_share

    Membership.objects.filter(pk=sold.other_rep_membership.pk).update(cost_per_hour=Decimal("60"))
    compute()
    before, of_all = seen(), rows()
    Membership.objects.filter(pk=sold.other_rep_membership.pk).update(cost_per_hour=Decimal("600"))
    compute()
    assert seen() == before
    assert rows() != of_all
    assert before[3] == pytest.approx(60 / (30 * 21 + 120))
    assert before[0][None, None]["cost_median"] == "120.00"  # 30 + 90, 60 without the help, 90 … 180


def test_the_work_of_teams_above_is_no_part_of_costs_for_who_may_not_know_what_it_costs(sold):
    factories.internal_work(sold.admin, None, 60, team=sold.south_west, spent_on=dt.date(2026, 3, 5))
    Membership.objects.filter(user=sold.admin).update(team=sold.north, cost_per_hour=100)
    compute()
    before = rows(sold.manager)
    page = client_of(sold.manager).get(PAGE).context["normal"].everyone.cost
    Membership.objects.filter(user=sold.admin).update(cost_per_hour=1000)
    compute()
    assert rows(sold.manager) == before
    assert client_of(sold.manager).get(PAGE).context["normal"].everyone.cost == page
    Membership.objects.filter(user=sold.admin).update(team=sold.exeter)
    compute()
    assert rows(sold.manager) != before


def test_the_page_is_of_the_reader_s_topmost_team_and_of_the_company_for_who_sees_all(sold):
    page = client_of(sold.manager).get(PAGE)
    assert (page.context["team"], [team.name for team in page.context["teams"]]) == (
        sold.south_west,
        ["South West", "Exeter"],
    )
    assert page.context["normal"].everyone.norm.sales == 6
    text = page.content.decode()
    assert "Cost" in text
    assert "Amount" in text
    assert "South West" in text
    assert client_of(sold.admin).get(PAGE).context["team"] is None
    assert client_of(sold.admin).get(f"{PAGE}?team={sold.leeds.pk}").context["normal"].everyone.norm.ended == 1
    assert client_of(sold.manager).get(f"{PAGE}?team={sold.leeds.pk}").status_code == 404
    assert "No order has ended" not in client_of(sold.other_manager).get(PAGE).content.decode()
    for who in (sold.rep, sold.coordinator, sold.technician):
        assert client_of(who).get(PAGE).status_code == 403


def test_amounts_and_costs_are_there_for_those_alone_who_may_see_them(sold):
    role = Role.objects.get(name="Sales manager")
    role.access = {key: value for key, value in role.access.items() if key not in ("amounts", "cost")}
    role.save()
    page = client_of(sold.manager).get(PAGE)
    assert "Amount" not in page.content.decode()
    assert "Cost" not in page.content.decode().replace("Cost of sale", "")
    assert (page.context["normal"].everyone.amount, page.context["normal"].everyone.cost) == (None, None)
    found = rows(sold.manager)[None, None]
    assert "amount_median" not in found
    assert "cost_median" not in found


def test_few_sales_say_in_words_whose_figures_stand_there(sold):
    assert "fewer than 5 sales" not in client_of(sold.manager).get(PAGE).content.decode()
    factories.order(sold.own, 10, "won", at("2026-04-01"), sold.rep, opened_at=at("2026-03-01"))
    factories.order(sold.own, 10, "won", at("2026-05-01"), sold.rep, opened_at=at("2026-04-03"))
    compute()
    text = client_of(sold.manager).get(PAGE).content.decode()
    assert "fewer than 5 sales: those of all sales" in text


def test_before_the_first_run_and_without_orders_the_page_says_so(cast):
    assert "computed every night" in client_of(cast.admin).get(PAGE).content.decode()
    compute_sales(now=NOW)
    assert "No order has ended in the last 365 days" in client_of(cast.admin).get(PAGE).content.decode()


def test_queries_do_not_grow_with_sales(sold):
    client = client_of(sold.manager)
    client.get(PAGE)
    with CaptureQueriesContext(connection) as few:
        client.get(PAGE)
    for number in range(8):
        customer = factories.customer(f"More {number}", owner=sold.rep_membership)
        factories.order(customer, 10 ** (number % 5), "won", at("2026-06-01"), sold.rep, opened_at=at("2026-05-01"))
    compute()
    with CaptureQueriesContext(connection) as many:
        client.get(PAGE)
    assert len(few) == len(many) <= 12


def test_norms_are_kept_once_for_the_company_and_each_team_with_all_above(sold):
    compute()
    teams = set(SaleNorm.objects.values_list("team__name", flat=True))
    assert teams == {None, "Exeter", "South West", "Leeds", "North"}
    assert SaleNorm.objects.filter(team=None).count() == 16
