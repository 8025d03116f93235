"""What is stored of customers' lifecycles."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.actions.lifecycle import (
    mark_lifecycles_due,
    rebuild_all_lifecycles,
    rebuild_lifecycle,
    refresh_due_lifecycles,
)
from customers.models import Customer, Potential, SellingCourse, StageDecision, StagePeriod, TierFix, TierPeriod
from customers.signals import customer_facts_changed
from territory import clock
from tests import factories

pytestmark = pytest.mark.django_db


def at(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


NOW = at("2026-11-25 10:00")


@pytest.fixture
def tiers(company):
    return factories.tiers()


@pytest.fixture
def sale_types():
    return factories.sale_types()


def rebuild(*customers, now=NOW):
    return rebuild_lifecycle([row.pk for row in customers], now=now)


def stages(customer):
    return [
        (row.stage, row.began_at, row.ended_at, row.cause)
        for row in StagePeriod.objects.filter(customer=customer).order_by("began_at")
    ]


@pytest.fixture
def heard():
    """The customers named by customer_facts_changed, call by call."""
    calls = []

    def receive(customer_ids, **_):
        calls.append(list(customer_ids))

    customer_facts_changed.connect(receive)
    yield calls
    customer_facts_changed.disconnect(receive)


def test_a_won_order_is_stored_as_stage_course_tier_and_sale_type(tiers, sale_types):
    customer = factories.customer(since=dt.date(2026, 1, 1))
    order = factories.order(customer, 20000, "won", at("2026-03-05 14:20"))
    assert rebuild(customer) == {customer.pk}
    customer.refresh_from_db()
    order.refresh_from_db()
    assert (customer.stage, customer.stage_began_at) == ("customer", at("2026-03-05 14:20"))
    assert (customer.tier.name, customer.yearly_value) == ("B", Decimal(20000))
    assert customer.next_change_at == at("2027-03-05 00:00")
    assert stages(customer) == [
        ("prospect", at("2026-01-01 00:00"), at("2026-03-05 14:20"), ""),
        ("customer", at("2026-03-05 14:20"), None, ""),
    ]
    course = SellingCourse.objects.get()
    assert (course.outcome, course.ended_at, course.order) == ("won", at("2026-03-05 14:20"), order)
    assert list(TierPeriod.objects.order_by("starts_on").values_list("tier__name", "starts_on", "ends_on")) == [
        ("D", dt.date(2026, 1, 1), dt.date(2026, 3, 5)),
        ("B", dt.date(2026, 3, 6), None),
    ]
    assert order.sale_type == sale_types["new_business"]


def test_the_reason_of_a_stage_set_by_hand_is_its_cause(tiers):
    customer = factories.customer(since=dt.date(2026, 1, 1))
    StageDecision.objects.create(customer=customer, stage="lost", at=at("2026-02-01 10:00"), reason="no budget")
    rebuild(customer)
    assert stages(customer)[-1] == ("lost", at("2026-02-01 10:00"), None, "no budget")


def test_a_second_rebuild_writes_nothing(tiers, sale_types):
    customer = factories.customer(since=dt.date(2026, 1, 1))
    factories.order(customer, 20000, "won", at("2026-03-05 14:20"))
    rebuild(customer)
    with CaptureQueriesContext(connection) as queries:
        assert rebuild(customer) == set()
    assert [query["sql"] for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))] == []


def test_a_fact_imported_later_rewrites_only_what_differs(tiers, sale_types):
    customer = factories.customer(since=dt.date(2020, 1, 1))
    second = factories.order(customer, 100, "won", at("2026-03-05 14:20"), external_id="2")
    rebuild(customer)
    kept = StagePeriod.objects.get(stage="prospect").pk
    first = factories.order(customer, 100, "won", at("2025-02-01 10:00"), external_id="1")
    rebuild(customer)
    assert StagePeriod.objects.get(stage="prospect").pk == kept
    assert [row[0] for row in stages(customer)] == ["prospect", "customer", "lapsed", "customer"]
    second.refresh_from_db()
    first.refresh_from_db()
    assert (first.sale_type.kind, second.sale_type.kind) == ("new_business", "repeat")


def test_a_sale_type_that_follows_anew_leaves_one_history_entry(tiers, sale_types):
    customer = factories.customer(since=dt.date(2026, 1, 1))
    order = factories.order(customer, 100, "won", at("2026-03-05 14:20"))
    rebuild(customer)
    entries = order.history.order_by("history_id")
    assert [entry.sale_type_id for entry in entries] == [None, sale_types["new_business"].pk]
    assert entries.last().history_date == NOW


def test_a_chosen_sale_type_stays(tiers, sale_types):
    customer = factories.customer(since=dt.date(2026, 1, 1))
    order = factories.order(
        customer, 100, "won", at("2026-03-05 14:20"), sale_type=sale_types["other"], sale_type_chosen=True
    )
    rebuild(customer)
    order.refresh_from_db()
    assert order.sale_type == sale_types["other"]


def test_archived_orders_are_no_facts(tiers):
    customer = factories.customer(since=dt.date(2026, 1, 1))
    factories.order(customer, 100, "won", at("2026-03-05 14:20"), archived_at=NOW)
    rebuild(customer)
    customer.refresh_from_db()
    assert customer.stage == "prospect"


def test_without_a_since_the_history_begins_with_the_earliest_fact(tiers):
    rep = factories.membership()
    bare, touched = (factories.customer(since=None) for _ in range(2))
    met, assigned, worked = (factories.customer(since=None) for _ in range(3))
    Customer.objects.update(created_at=NOW)
    factories.touch(touched, at=at("2025-05-05 10:00"))
    factories.touch(touched, at=at("2024-05-05 10:00"), archived_at=NOW)
    factories.contact(met, since=dt.date(2025, 4, 4))
    factories.assign(assigned, rep, starts_on=dt.date(2025, 3, 3))
    factories.internal_work(rep.user, worked, spent_on=dt.date(2025, 2, 2))
    rebuild(bare, touched, met, assigned, worked)
    began = dict(StagePeriod.objects.values_list("customer", "began_at"))
    assert began == {
        bare.pk: at("2026-11-25 00:00"),
        touched.pk: at("2025-05-04 23:00"),
        met.pk: at("2025-04-03 23:00"),
        assigned.pk: at("2025-03-03 00:00"),
        worked.pk: at("2025-02-02 00:00"),
    }


def test_a_since_to_come_gives_no_stage_yet(tiers):
    customer = factories.customer(since=dt.date(2026, 12, 1))
    rebuild(customer)
    customer.refresh_from_db()
    assert (customer.stage, customer.stage_began_at, customer.next_change_at) == (
        "prospect",
        None,
        at("2026-12-01 00:00"),
    )
    assert stages(customer) == []


def test_the_number_of_queries_is_the_same_for_one_and_for_many(tiers, sale_types):
    def one():
        customer = factories.customer(since=None)
        factories.order(customer, 100, "won", at("2026-03-05 14:20"))
        factories.order(customer, 100, "won", at("2024-03-05 14:20"))
        Potential.objects.create(customer=customer, amount=5)
        TierFix.objects.create(customer=customer, tier=tiers["A"], reason="known well", starts_on=dt.date(2026, 5, 1))
        StageDecision.objects.create(customer=customer, stage="lost", at=at("2026-06-01 10:00"), reason="gone")
        return customer

    def queries_for(count):
        customers = [one() for _ in range(count)]
        with CaptureQueriesContext(connection) as queries:
            rebuild(*customers)
        return len(queries)

    clock.company_zone()  # the company is asked once a request
    assert queries_for(1) == queries_for(8)


def test_what_changes_by_itself_is_refreshed_when_it_is_due(tiers, sale_types, heard):
    due, later = factories.customer(since=dt.date(2025, 1, 1)), factories.customer(since=dt.date(2025, 1, 1))
    factories.order(due, 20000, "won", at("2025-12-01 10:00"))
    factories.order(later, 20000, "won", at("2025-12-02 10:00"))
    rebuild(due, later)
    assert refresh_due_lifecycles(now=at("2026-11-30 23:59")) == 0
    assert refresh_due_lifecycles(now=at("2026-12-01 00:00")) == 1
    assert refresh_due_lifecycles(now=at("2026-12-01 00:00")) == 0
    assert list(Customer.objects.order_by("pk").values_list("stage", flat=True)) == ["lapsed", "customer"]
    assert heard == [[due.pk]]


def test_new_bounds_reach_every_customer(tiers, sale_types, heard):
    customers = [factories.customer(since=dt.date(2026, 1, 1)) for _ in range(3)]
    Potential.objects.create(customer=customers[1], amount=12000)
    rebuild(*customers)
    tiers["B"].lower_bound = 10000
    tiers["B"].save()
    mark_lifecycles_due(now=NOW)
    assert refresh_due_lifecycles(now=NOW) == 3
    assert list(Customer.objects.order_by("pk").values_list("tier__name", flat=True)) == ["D", "B", "D"]
    assert heard == [[customers[1].pk]]
    assert rebuild_all_lifecycles(now=NOW) == 3
