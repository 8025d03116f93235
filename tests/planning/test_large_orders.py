"""Large pending orders: opened for the team and all above, kept up to date, resolved by themselves, exactly one each."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from planning.actions.situations import acknowledge
from planning.loaders import load_ground
from planning.models import PlanningSettings, Situation
from planning.situations.day import Day
from planning.situations.large_order import LargeOrder
from planning.situations.runner import find_of_orders
from territory.conflicts import Conflict
from tests import factories

NOW = dt.datetime(2026, 6, 9, 10, 0, tzinfo=dt.UTC)
TODAY = NOW.date()


def ago(days):
    return NOW - dt.timedelta(days=days)


@pytest.fixture
def frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def teams(frozen, company):
    """West above Exeter and Bristol; Exeter sold 1,000,000 in the last year and something before."""
    west = factories.team("West")
    exeter, bristol = factories.team("Exeter", west), factories.team("Bristol", west)
    customer = factories.customer("Acme", team=exeter)
    factories.order(customer, 1, "won", ago(500))
    factories.order(customer, 1_000_000, "won", ago(100))
    return {"west": west, "exeter": exeter, "bristol": bristol, "customer": customer}


def pending(teams, amount, team="exeter", **fields):
    fields = {"opened_at": ago(0), **fields}
    return factories.order(teams["customer"], amount, team=teams[team], **fields)


def run(now=NOW):
    return find_of_orders(now=now)


def find_as_of(on):
    return LargeOrder().look(Day(load_ground(on), from_log=True)).found


def open_teams():
    return [row.team.name for row in Situation.objects.open().select_related("team").order_by("team__name")]


def test_21_percent_opens_for_the_team_and_all_above(teams):
    order = pending(teams, 210_000)

    assert run().opened == 2
    assert open_teams() == ["Exeter", "West"]
    row = Situation.objects.get(team=teams["exeter"])
    assert (row.kind, row.order, row.customer, row.opened_at) == ("large_order", order, teams["customer"], NOW)
    assert row.share == 0.21


def test_20_percent_does_not(teams):
    pending(teams, 200_000)

    assert run().opened == 0


def test_a_team_above_with_more_sales_has_none(teams):
    factories.order(teams["customer"], 500_000, "won", ago(50), team=teams["bristol"])
    pending(teams, 210_000)

    run()

    assert open_teams() == ["Exeter"]


def test_another_team_has_none(teams):
    factories.order(teams["customer"], 1, "won", ago(500), team=teams["bristol"])
    factories.order(teams["customer"], 1_000_000, "won", ago(200), team=teams["bristol"])
    pending(teams, 210_000, team="bristol")

    run()

    assert open_teams() == ["Bristol"]


def test_the_evidence_is_stored_in_figures(teams):
    pending(teams, 210_000, probability=Decimal("0.5"))

    run()

    evidence = Situation.objects.get(team=teams["exeter"]).evidence
    assert {key: evidence[key] for key in ("amount", "won", "sales", "share", "uplift", "scaled", "because")} == {
        "amount": "210000.00",
        "won": "1000000.00",
        "sales": "1000000.00",
        "share": "0.210000",
        "uplift": "0.105000",
        "scaled": False,
        "because": "above threshold",
    }


def test_twice_is_once(teams):
    pending(teams, 210_000)
    run()

    done = run()

    assert (done.opened, done.updated, done.resolved) == (0, 0, 0)
    assert Situation.objects.count() == 2


def test_the_database_refuses_a_second_open_one(teams):
    pending(teams, 210_000)
    run()
    row = Situation.objects.first()
    row.pk = None

    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_it_stays_open_down_to_15_percent_and_resolves_below(teams):
    order = pending(teams, 210_000)
    run()

    order.amount = 150_000
    order.save(update_fields=["amount"])
    assert run().updated == 2
    assert open_teams() == ["Exeter", "West"]

    order.amount = Decimal("149999.99")
    order.save(update_fields=["amount"])
    assert run().resolved == 2
    assert set(Situation.objects.values_list("resolved_at", "resolved_because")) == {(NOW, "below threshold")}


def test_between_15_and_20_percent_none_opens(teams):
    pending(teams, 190_000)

    assert run().opened == 0


@pytest.mark.parametrize("status", ["won", "lost"])
def test_it_resolves_when_the_order_ends(teams, status):
    order = pending(teams, 210_000)
    run()
    order.status, order.closed_at = status, NOW
    order.save(update_fields=["status", "closed_at"])

    run()

    assert open_teams() == []
    assert set(Situation.objects.values_list("resolved_because", flat=True)) == {"order ended"}


def test_passing_anew_opens_a_new_one(teams):
    order = pending(teams, 210_000)
    run()
    for amount in (100_000, 210_000):
        order.amount = amount
        order.save(update_fields=["amount"])
        run()

    assert Situation.objects.filter(team=teams["exeter"]).count() == 2
    assert open_teams() == ["Exeter", "West"]


@pytest.mark.parametrize(("amount", "opens"), [(10_000, True), (9_999, False)])
def test_a_team_without_sales_reads_first_sales_from_the_minimum(frozen, company, amount, opens):
    customer = factories.customer(team=factories.team("New"))
    factories.order(customer, amount)

    run()

    assert [row.evidence["because"] for row in Situation.objects.all()] == (["first sales"] if opens else [])
    assert [row.share for row in Situation.objects.all()] == ([None] if opens else [])


def test_thresholds_are_settings(teams):
    PlanningSettings.objects.create(situations={"large_order_above": "0.3000"})
    pending(teams, 210_000)

    assert run().opened == 0


def test_an_archived_order_is_none(teams):
    pending(teams, 210_000, archived_at=NOW)

    assert run().opened == 0


def test_it_opened_on_the_day_its_share_first_passed(teams):
    pending(teams, 210_000, opened_at=ago(20))

    run()

    assert {row.opened_at.date() for row in Situation.objects.all()} <= {ago(21).date(), ago(20).date()}
    assert [(found.evidence["amount"], found.opened_on) for found in find_as_of(TODAY)] == [
        ("210000.00", ago(20).date())
    ] * 2


def test_an_order_that_was_raised_opened_when_it_was_raised(teams, time_machine):
    time_machine.move_to(ago(30), tick=False)
    order = pending(teams, 100_000, opened_at=ago(30))
    time_machine.move_to(NOW, tick=False)
    order.amount = 300_000
    order.save()

    run()

    assert Situation.objects.get(team=teams["exeter"]).opened_at == NOW


@pytest.mark.parametrize("orders", [1, 3, 9])
def test_the_number_of_queries_does_not_grow(teams, orders, django_assert_num_queries):
    for _ in range(orders):
        pending(teams, 150_000)

    with django_assert_num_queries(23):
        run()


# As of a day


def test_as_of_a_day_an_order_that_ended_later_is_pending(teams):
    factories.order(teams["customer"], 300_000, "lost", ago(10), opened_at=ago(60))

    assert find_as_of(TODAY) == []
    assert {found.team for found in find_as_of(ago(30).date())} == {teams["exeter"].pk, teams["west"].pk}


def test_as_of_a_day_before_it_was_opened_there_is_none(teams):
    pending(teams, 210_000, opened_at=ago(20))

    assert find_as_of(ago(21).date()) == []


def test_as_of_a_day_the_amount_is_the_one_history_knows(teams, time_machine):
    time_machine.move_to(ago(30), tick=False)
    order = pending(teams, 100_000, opened_at=ago(30))
    time_machine.move_to(ago(10), tick=False)
    order.amount = 210_000
    order.save(update_fields=["amount"])
    time_machine.move_to(NOW, tick=False)

    assert find_as_of(ago(11).date()) == []
    assert {found.opened_on for found in find_as_of(TODAY)} == {ago(10).date()}


def test_as_of_a_day_before_history_the_earliest_known_amount_counts(teams):
    pending(teams, 210_000, opened_at=ago(20))

    assert {found.opened_on for found in find_as_of(ago(15).date())} == {ago(20).date()}


# Acknowledging


def test_it_is_acknowledged_with_a_note(teams):
    pending(teams, 210_000)
    run()
    person = factories.person()
    row = Situation.objects.first()

    acknowledge(situation=row, note=" I call them ", version=1, actor=person, now=NOW)

    row.refresh_from_db()
    assert (row.acknowledged_by, row.acknowledged_at, row.note, row.version) == (person, NOW, "I call them", 2)


def test_of_two_who_acknowledge_the_second_is_told(teams):
    pending(teams, 210_000)
    run()
    first, second = Situation.objects.all()[:1].get(), Situation.objects.all()[:1].get()
    acknowledge(situation=first, note="mine", version=1, actor=factories.person(), now=NOW)

    with pytest.raises(Conflict):
        acknowledge(situation=second, note="mine too", version=1, actor=factories.person(), now=NOW)


def test_a_resolved_one_cannot_be_acknowledged(teams):
    pending(teams, 210_000)
    run()
    row = Situation.objects.first()
    row.resolved_at = NOW

    with pytest.raises(ValidationError):
        acknowledge(situation=row, note="late", version=1, actor=factories.person(), now=NOW)


def test_acknowledged_it_still_resolves_and_keeps_the_note(teams):
    order = pending(teams, 210_000)
    run()
    for row in Situation.objects.all():
        acknowledge(situation=row, note="seen", version=1, actor=factories.person(), now=NOW)
    order.amount = 1
    order.save(update_fields=["amount"])

    run()

    assert set(Situation.objects.values_list("note", "resolved_because")) == {("seen", "below threshold")}
