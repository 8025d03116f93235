"""Stored figures: right, only changed rows written, stale by comparison, resumable, the same as from the log."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.actions.absences import add_absence
from accounts.actions.roles import restore_role, retire_role
from accounts.signals import people_facts_changed
from customers.actions.lifecycle import rebuild_lifecycle
from customers.models import Customer
from customers.signals import catalogue_changed, customer_facts_changed
from planning.actions import recompute as action
from planning.actions.recompute import recompute, recompute_all, recompute_stale
from planning.loaders import load, load_ground
from planning.models import (
    Budget,
    BudgetShare,
    ContactRule,
    CustomerFigures,
    DueTouch,
    FactsMark,
    RulesVersion,
    TouchValue,
)
from planning.staleness import stale_customers
from territory import clock
from tests import factories

NOW = dt.datetime(2026, 6, 9, 10, 0, tzinfo=dt.UTC)  # a Tuesday
TODAY = NOW.date()
FORTY_KM = 40 / 6371.0 * 57.29577951308232


def is_stale(customer, today):
    return stale_customers(today).filter(pk=customer.pk).exists()


@pytest.fixture
def frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def book(frozen, company):
    """A B customer of a rep 40 km away, with the rules of the worked example of the domain."""
    tiers, types = factories.tiers(), factories.touch_types()
    owner = factories.membership(factories.person("Rep", base_latitude=50.0, base_longitude=0.0))
    customer = factories.customer(
        "Acme", owner=owner, latitude=50.0 + FORTY_KM, longitude=0.0, stage="customer", since=dt.date(2025, 1, 6)
    )
    factories.order(customer, 20_000, "won", NOW - dt.timedelta(days=200), salesperson=owner.user)
    rule(tiers["B"], owner.role, types["voice"], 2, "month", 15)
    rule(tiers["B"], owner.role, types["field"], 1, "quarter", 60)
    rebuild_lifecycle([customer.pk], now=NOW)
    customer.refresh_from_db()
    return customer


def rule(tier, role, touch_type, count, period, minutes, stage="customer"):
    return ContactRule.objects.create(
        tier=tier,
        stage=stage,
        role=role,
        touch_type=touch_type,
        count=count,
        period=period,
        duration_seconds=minutes * 60,
    )


def rep_of(customer):
    return customer.assignments.get().membership


def run():
    return recompute_all(now=clock.now())


def test_the_worked_example_is_stored_with_its_parts_and_reasons(book):
    run()

    budget = Budget.objects.get(customer=book)
    assert f"{budget.minutes:.2f}" == "91.60"
    assert [f"{part:.2f}" for part in (budget.touch_minutes, budget.travel_minutes, budget.other_minutes)] == [
        "50.00",
        "41.60",
        "0.00",
    ]
    assert [(line["kind"], line["minutes"], line["travel_each"]) for line in budget.breakdown] == [
        ("contact rule", 30.0, None),
        ("contact rule", 20.0, 124.8),
    ]


def test_shares_are_stored_by_membership_and_unstaffed(book):
    assignment = book.assignments.get()
    assignment.share = Decimal("0.75")
    assignment.save(update_fields=["share"])

    run()

    shares = BudgetShare.objects.order_by("-share").values_list("membership_id", "team_id", "share", "is_prospecting")
    assert list(shares) == [
        (assignment.membership_id, assignment.membership.team_id, 0.75, False),
        (None, book.team_id, 0.25, False),
    ]


def test_actual_and_status_are_stored(book):
    rep = rep_of(book)
    for days in (3, 10, 30, 89):
        factories.touch(book, rep.user, NOW - dt.timedelta(days=days), minutes=30, travel=60)
    factories.touch(book, rep.user, NOW - dt.timedelta(days=95), minutes=45)

    run()

    budget = Budget.objects.get()
    assert f"{budget.actual_minutes:.2f}" == f"{360 * 30.4375 / 92:.2f}"  # a quarterly rule looks back 92 days
    assert budget.status == "over"


def test_a_person_unknown_counts_in_the_customers_sum_and_in_no_roles(book):
    factories.touch(book, None, NOW - dt.timedelta(days=3), minutes=92)

    run()

    figures = CustomerFigures.objects.get()
    assert Budget.objects.get().actual_minutes == 0
    assert f"{figures.actual_minutes:.4f}" == f"{figures.unknown_person_minutes:.4f}" == "30.4375"


def test_an_implausible_touchs_minutes_are_left_out_and_counted(book):
    factories.touch(book, rep_of(book).user, NOW - dt.timedelta(days=3), minutes=500, travel=92)

    run()

    figures = CustomerFigures.objects.get()
    assert (f"{figures.actual_minutes:.4f}", figures.implausible_touches) == ("30.4375", 1)


def test_internal_work_counts_for_its_role(book):
    factories.internal_work(rep_of(book).user, book, minutes=92, spent_on=TODAY - dt.timedelta(days=91))

    run()

    assert f"{Budget.objects.get().actual_minutes:.4f}" == "30.4375"


def test_what_was_done_before_the_present_stage_began_is_left_out(book):
    won_at = NOW - dt.timedelta(days=45)
    book.orders.update(closed_at=won_at)
    rebuild_lifecycle([book.pk], now=NOW)
    rep = rep_of(book).user
    factories.touch(book, rep, won_at - dt.timedelta(minutes=1), minutes=30)
    factories.touch(book, rep, won_at + dt.timedelta(minutes=1), minutes=46)

    run()

    assert f"{Budget.objects.get().actual_minutes:.4f}" == "30.4375"  # 46 minutes in 46 days


def test_below_30_days_it_is_too_early(book):
    book.orders.update(closed_at=NOW - dt.timedelta(days=28))
    rebuild_lifecycle([book.pk], now=NOW)

    run()

    assert Budget.objects.values_list("actual_minutes", "status").get() == (None, "too early")


def test_due_touches_are_stored(book):
    rep = rep_of(book)
    types = factories.touch_types()
    TouchValue.objects.create(
        touch_type=types["voice"],
        tier=factories.tiers()["B"],
        stage="customer",
        amount=90,
        starts_on=dt.date(2026, 1, 1),
        reason="start",
        approved_at=NOW,
    )
    factories.touch(book, rep.user, NOW - dt.timedelta(days=20), type=types["voice"])
    factories.touch(book, rep.user, NOW - dt.timedelta(days=2), type=types["voice"], outcome="no_answer")

    run()

    due = DueTouch.objects.get(touch_type=types["voice"])
    # 20 May + 15 days (half a month, rounded half up) is Thursday 4 June
    assert (due.due_on, due.person_id, due.value, due.value_is_set) == (dt.date(2026, 6, 4), rep.user_id, 90, True)
    figures = CustomerFigures.objects.get()
    field = DueTouch.objects.get(touch_type=types["field"])
    assert (figures.next_due_on, figures.next_due_type_id) == (field.due_on, types["field"].pk)
    assert figures.last_touch_at == NOW - dt.timedelta(days=2)


def test_a_day_is_the_companys_day(book):
    company = factories.company(time_zone="Pacific/Auckland")
    assert company.time_zone == "Pacific/Auckland"
    factories.touch(
        book, rep_of(book).user, dt.datetime(2026, 5, 20, 13, 0, tzinfo=dt.UTC), type=factories.touch_types()["voice"]
    )

    run()

    # 21 May in Auckland + 15 days is Friday 5 June
    assert DueTouch.objects.get(touch_type__name="Voice call").due_on == dt.date(2026, 6, 5)


def test_nothing_changed_writes_no_row(book):
    run()

    with CaptureQueriesContext(
        connection,
    ) as queries:
        done = run()

    assert done.written == 0
    assert [query["sql"] for query in queries if query["sql"].split()[0] in ("INSERT", "UPDATE", "DELETE")] == []


def test_only_what_changed_is_written(book):
    other = factories.customer("Other", owner=rep_of(book), since=dt.date(2025, 1, 6))
    rebuild_lifecycle([other.pk], now=NOW)
    run()
    factories.touch(book, rep_of(book).user, NOW - dt.timedelta(days=1), minutes=10)
    before = CustomerFigures.objects.get(customer=other).computed_at

    done = run()

    # the budget's actual, the due row of its type, the figures
    assert done.written == 3
    assert CustomerFigures.objects.get(customer=other).computed_at == before


def test_a_touch_in_the_hour_that_came_twice_is_stored_once(book):
    factories.touch(book, rep_of(book).user, dt.datetime(2025, 10, 26, 0, 14, tzinfo=dt.UTC), minutes=10)
    run()

    assert run().written == 0


def test_what_is_no_more_is_removed(book):
    run()
    ContactRule.objects.all().delete()

    run()

    assert (Budget.objects.count(), BudgetShare.objects.count(), DueTouch.objects.count()) == (0, 0, 0)
    assert CustomerFigures.objects.get().budget_minutes == 0


def test_an_archived_customer_loses_its_figures(book):
    run()
    book.archived_at = NOW
    book.save(update_fields=["archived_at"])
    assert is_stale(book, TODAY)

    recompute_stale(now=NOW)

    assert not CustomerFigures.objects.exists()
    assert not Budget.objects.exists()
    assert not is_stale(book, TODAY)


# Staleness


def test_figures_that_were_never_computed_are_stale(book):
    assert is_stale(book, TODAY)


def test_just_computed_is_not_stale(book):
    run()

    assert not is_stale(book, TODAY)


def test_changed_facts_make_stale(book):
    run()

    customer_facts_changed.send(sender=Customer, customer_ids=[book.pk])

    assert is_stale(book, TODAY)
    recompute([book.pk], now=NOW)
    assert not is_stale(book, TODAY)


def test_each_change_raises_the_number(book):
    for _ in range(3):
        customer_facts_changed.send(sender=Customer, customer_ids=[book.pk])

    assert FactsMark.objects.get(customer=book).number == 3


def test_a_change_of_people_makes_their_customers_stale(book):
    other = factories.customer("Other", owner=factories.membership())
    rebuild_lifecycle([other.pk], now=NOW)
    run()

    people_facts_changed.send(sender=None, user_ids=[rep_of(book).user_id])

    assert list(stale_customers(TODAY)) == [book]


def test_a_change_of_the_catalogue_makes_all_stale(book):
    run()

    catalogue_changed.send(sender=None)

    assert RulesVersion.current() > 0
    assert is_stale(book, TODAY)


def test_a_role_retired_or_brought_back_makes_all_stale(book):
    role = factories.role("Research and development")
    run()

    retire_role(actor=None, now=NOW, on=TODAY, role=role)

    assert is_stale(book, TODAY)

    run()
    restore_role(actor=None, now=NOW, role=role)

    assert is_stale(book, TODAY)


def test_midnight_makes_all_stale(book, time_machine):
    run()

    assert is_stale(book, TODAY + dt.timedelta(days=1))


def test_a_change_while_computing_leaves_the_figures_stale(book, monkeypatch):
    real = action.load

    def load_and_change(*args, **kwargs):
        loaded = real(*args, **kwargs)
        customer_facts_changed.send(sender=Customer, customer_ids=[book.pk])
        return loaded

    monkeypatch.setattr(action, "load", load_and_change)
    run()

    assert is_stale(book, TODAY)


def test_marking_many_takes_one_statement(book, django_assert_num_queries):
    ids = [book.pk, *(factories.customer().pk for _ in range(5))]

    with django_assert_num_queries(1):
        customer_facts_changed.send(sender=Customer, customer_ids=ids)

    assert FactsMark.objects.count() == 6


# Chunks


def many(book, count):
    rep = rep_of(book)
    ids = []
    for number in range(count):
        customer = factories.customer(f"Customer {number}", owner=rep, since=dt.date(2026, 1, 5))
        factories.touch(customer, rep.user, NOW - dt.timedelta(days=number))
        ids.append(customer.pk)
    rebuild_lifecycle(ids, now=NOW)
    return ids


def everything():
    return {model.__name__: list(model.objects.order_by("customer_id").values()) for model in (CustomerFigures,)} | {
        model.__name__: sorted(
            map(str, model.objects.values_list(*[f.attname for f in model._meta.fields if f.name != "id"]))
        )
        for model in (Budget, BudgetShare, DueTouch)
    }


def test_killed_half_way_and_run_again_gives_the_same(book, monkeypatch):
    rule(factories.tiers()["D"], rep_of(book).role, factories.touch_types()["voice"], 1, "month", 10, stage="prospect")
    many(book, 7)
    monkeypatch.setattr(action, "CHUNK", 3)
    run()
    expected = everything()
    CustomerFigures.objects.all().delete()
    Budget.objects.all().delete()
    BudgetShare.objects.all().delete()
    DueTouch.objects.all().delete()
    real, calls = action.recompute_chunk, []

    def dies_at_the_second(ids, **kwargs):
        calls.append(ids)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(ids, **kwargs)

    monkeypatch.setattr(action, "recompute_chunk", dies_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        recompute_stale(now=NOW)
    assert CustomerFigures.objects.exclude(rules_number=-1).count() == 3
    monkeypatch.setattr(action, "recompute_chunk", real)

    done = recompute_stale(now=NOW)

    assert done.customers == 5
    assert everything() == expected


def test_one_customer_that_cannot_be_computed_holds_up_no_other(book, monkeypatch):
    ids = many(book, 4)
    real = action.load

    def fails_for_one(chunk, *args, **kwargs):
        if ids[1] in chunk:
            raise ZeroDivisionError
        return real(chunk, *args, **kwargs)

    monkeypatch.setattr(action, "load", fails_for_one)

    with pytest.raises(ZeroDivisionError):
        recompute_stale(now=NOW)

    assert [customer.pk for customer in stale_customers(TODAY)] == [ids[1]]


def test_a_sweep_stops_when_its_time_is_over(book, monkeypatch):
    many(book, 5)
    monkeypatch.setattr(action, "CHUNK", 2)

    assert recompute_stale(now=NOW, until=NOW - dt.timedelta(seconds=1)).customers == 0


@pytest.mark.parametrize("count", [1, 4])
def test_the_number_of_queries_does_not_grow(book, count, django_assert_num_queries):
    rule(factories.tiers()["D"], rep_of(book).role, factories.touch_types()["voice"], 1, "month", 10, stage="prospect")
    ids = many(book, count)
    ground = load_ground(TODAY)
    action.recompute_chunk(ids, ground=ground, now=NOW)

    with django_assert_num_queries(19):
        action.recompute_chunk(ids, ground=ground, now=NOW)


# From the log


@pytest.mark.parametrize("count", [1, 4])
def test_loading_from_the_log_takes_a_fixed_number_of_queries(book, count, django_assert_num_queries):
    ids = many(book, count)
    ground = load_ground(TODAY)

    with django_assert_num_queries(15):
        load(ids, ground, from_log=True)


def test_stored_and_from_the_log_agree_for_today(book):
    rule(factories.tiers()["D"], rep_of(book).role, factories.touch_types()["voice"], 1, "month", 10, stage="prospect")
    many(book, 5)
    factories.touch(book, None, NOW - dt.timedelta(days=4))
    factories.contact(book, role=factories.contact_role())
    ground = load_ground(TODAY)

    stored = load(None, ground, from_log=False).figures()
    from_log = load(None, ground, from_log=True).figures()

    assert stored == from_log
    assert len(stored) == 6


def test_as_of_a_day_later_facts_are_left_out(book):
    rep, types = rep_of(book), factories.touch_types()
    factories.touch(book, rep.user, dt.datetime(2026, 2, 3, 9, tzinfo=dt.UTC), type=types["voice"], minutes=20)
    factories.touch(book, rep.user, dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC), type=types["voice"], minutes=20)
    factories.assign(book, factories.membership(), kind="support", starts_on=dt.date(2026, 2, 11))
    factories.contact(book, role=factories.contact_role(), since=dt.date(2026, 2, 11))

    [figures] = load(None, load_ground(dt.date(2026, 2, 10)), from_log=True).figures()

    [voice] = [due for due in figures.dues if due.rule.touch_type == types["voice"].pk]
    assert (figures.facts.people, figures.facts.contacts, voice.last.date()) == (1, {}, dt.date(2026, 2, 3))


def test_as_of_a_day_before_the_first_order_the_customer_was_a_prospect(book):
    [figures] = load(None, load_ground(dt.date(2025, 10, 1)), from_log=True).figures()

    assert (figures.facts.stage, figures.facts.orders_won) == ("prospect", 0)


def test_as_of_a_day_before_it_was_known_the_customer_is_absent(book):
    assert load(None, load_ground(dt.date(2025, 1, 5)), from_log=True).figures() == []


def test_orders_of_the_last_365_days_count(book):
    for days in (364, 365):
        factories.order(book, 1, "won", NOW - dt.timedelta(days=days))

    [figures] = load(None, load_ground(TODAY), from_log=True).figures()

    assert figures.facts.orders_won == 2  # that of the fixture and that of 364 days ago


def test_an_absence_entered_while_a_run_is_under_way_counts_or_leaves_figures_stale(book):
    rep = rep_of(book).user
    run()
    ground = load_ground(TODAY)
    due = DueTouch.objects.order_by("due_on").first()
    add_absence(
        actor=rep, now=NOW, user=rep, starts_on=due.due_on, ends_on=due.due_on + dt.timedelta(days=20), kind="holiday"
    )

    action.recompute_chunk([book.pk], ground=ground, now=NOW)

    later = DueTouch.objects.get(pk=due.pk).due_on
    assert not is_stale(book, TODAY)
    assert later > due.due_on
    run()
    assert DueTouch.objects.get(pk=due.pk).due_on == later
