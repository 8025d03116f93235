"""Who sees, changes and decides which expenses: the table's line, its ‡ and its §."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from customers.models import Expense, ExpenseStatus
from territory import clock
from tests import factories


@pytest.fixture
def spent(cast):
    """Submitted expenses: on customers, an order and teams, by different people."""
    return {
        "own": factories.expense(cast.rep, status="submitted", customer=cast.own),
        "order": factories.expense(cast.rep, status="submitted", order=factories.order(cast.own)),
        "mate": factories.expense(cast.mate, status="submitted", customer=cast.team_mates),
        "team": factories.expense(cast.manager, status="submitted", team=cast.exeter),
        "foreign": factories.expense(cast.other_rep, status="submitted", customer=cast.foreign),
    }


def _names(rows, spent) -> set[str]:
    keys = set(rows.values_list("pk", flat=True))
    return {name for name, row in spent.items() if row.pk in keys}


SEES = {
    "salesperson": {"own", "order"},
    "team-mate": {"mate"},
    "coordinator": set(),
    "technical support": {"own", "order"},
    "manager": {"own", "order", "mate", "team"},
    "other team's manager": {"foreign"},
    "administrator": {"own", "order", "mate", "team", "foreign"},
    "deactivated": set(),
}


def test_a_person_sees_what_their_role_reaches(cast, spent):
    seen = {name: _names(Expense.objects.visible_to(person), spent) for name, person in cast.everyone().items()}
    assert seen == SEES


def test_an_author_sees_their_own_on_a_customer_they_see_no_longer(cast, spent):
    cast.own.assignments.all().delete()
    assert _names(Expense.objects.visible_to(cast.rep), spent) == {"own", "order"}


def test_one_changes_only_ones_own_until_it_is_submitted(cast, spent):
    """‡ of the table."""
    draft = factories.expense(cast.rep, customer=cast.own)
    assert list(Expense.objects.editable_by(cast.rep)) == [draft]
    for name, person in cast.everyone().items():
        assert name == "salesperson" or not Expense.objects.editable_by(person).exists(), name
    assert not Expense.objects.editable_by(cast.manager).exists()
    for status in ("submitted", "approved", "refused"):
        row = factories.expense(cast.rep, status=status, customer=cast.own)
        assert row not in Expense.objects.editable_by(cast.rep), status


def test_one_approves_by_reach_and_never_ones_own(cast, spent):
    """§ of the table."""
    decides = {name: _names(Expense.objects.approvable_by(person), spent) for name, person in cast.everyone().items()}
    assert decides == {name: set() for name in SEES} | {
        "manager": {"own", "order", "mate"},
        "other team's manager": {"foreign"},
        "administrator": {"own", "order", "mate", "team", "foreign"},
    }
    of_admin = factories.expense(cast.admin, status="submitted", customer=cast.own)
    assert of_admin in Expense.objects.approvable_by(cast.manager)
    assert of_admin not in Expense.objects.approvable_by(cast.admin)


def test_only_what_was_submitted_waits_for_approval(cast):
    for status in ("draft", "approved", "refused"):
        factories.expense(cast.rep, status=status, customer=cast.own)
    archived = factories.expense(cast.rep, status="submitted", customer=cast.own, archived_at=clock.now())
    assert archived not in Expense.objects.approvable_by(cast.admin)
    assert not Expense.objects.approvable_by(cast.admin).exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": 0},
        {"amount": -1},
        {"customer": None},
        {"km": 12, "kind": "other"},
        {"km": 0},
        {"status": "submitted"},
        {"status": "approved", "submitted_at": dt.datetime(2026, 6, 1, tzinfo=dt.UTC)},
        {"submitted_at": dt.datetime(2026, 6, 1, tzinfo=dt.UTC)},
    ],
)
def test_the_database_refuses_what_cannot_be(cast, wrong):
    row = factories.expense(cast.rep, customer=cast.own)
    with pytest.raises(IntegrityError), transaction.atomic():
        Expense.objects.filter(pk=row.pk).update(**wrong)


def test_the_database_refuses_two_subjects(cast):
    row = factories.expense(cast.rep, customer=cast.own)
    for more in ({"team": cast.exeter}, {"order": factories.order(cast.own)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Expense.objects.filter(pk=row.pk).update(**more)


def test_the_database_refuses_a_decision_by_the_author_and_a_refusal_without_reason(cast):
    row = factories.expense(cast.rep, status="submitted", customer=cast.own)
    decided = {"decided_at": clock.now(), "decided_by": cast.rep}
    with pytest.raises(IntegrityError), transaction.atomic():
        Expense.objects.filter(pk=row.pk).update(status="approved", **decided)
    with pytest.raises(IntegrityError), transaction.atomic():
        Expense.objects.filter(pk=row.pk).update(status="refused", **decided | {"decided_by": cast.manager})


def test_only_approved_expenses_count(cast):
    rows = {status: factories.expense(cast.rep, 10, status, customer=cast.own) for status in ExpenseStatus.values}
    factories.expense(cast.rep, 10, "approved", customer=cast.own, archived_at=clock.now())
    assert list(Expense.objects.counting()) == [rows["approved"]]
