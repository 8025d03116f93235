"""Expenses as they are noted, changed, submitted and decided; what races, and what is sent twice."""

import datetime as dt
import uuid
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from customers.actions import expenses as actions
from customers.actions.expenses import ExpenseEntry
from customers.actions.writing import ConflictError
from customers.models import Expense, Receipt
from customers.receipts import checked
from territory.conflicts import Conflict
from territory.mail.sending import deliver_waiting
from tests import factories
from tests.customers.actions.conftest import NOW, TODAY
from tests.customers.actions.test_racing import race
from tests.factories import receipts as files

LATER = NOW + dt.timedelta(hours=1)


def entry(cast, **fields):
    values = {"spent_on": TODAY, "amount": Decimal("12.50"), "kind": "travel", "customer": cast.own}
    return ExpenseEntry(**(values | fields))


def noted(cast, actor=None, number=1, **more):
    said = more.pop("entry", None) or entry(cast)
    return actions.note_expense(actor=actor or cast.rep, now=NOW, uuid=uuid.UUID(int=number), entry=said, **more)


def events(expense):
    return [(row.status, row.history_user, row.history_date) for row in expense.history.order_by("history_id")]


class TestNote:
    def test_a_draft_with_its_receipt(self, cast):
        row = noted(cast, receipt=checked(files.JPEG))
        assert (row.author, row.status, row.amount, row.customer) == (cast.rep, "draft", Decimal("12.50"), cast.own)
        assert (row.receipt_type, row.receipt_digest) == ("image/jpeg", checked(files.JPEG).digest)
        assert bytes(Receipt.objects.get(expense=row).content) == checked(files.JPEG).content
        assert events(row) == [("draft", cast.rep, NOW)]

    def test_submitted_at_once_is_one_event(self, cast):
        row = noted(cast, submit=True)
        assert (row.status, row.submitted_at) == ("submitted", NOW)
        assert events(row) == [("submitted", cast.rep, NOW)]

    def test_the_same_sent_twice_is_one(self, cast):
        photo = checked(files.JPEG)
        assert noted(cast, receipt=photo) == noted(cast, receipt=photo)
        assert Expense.objects.count() == Receipt.objects.count() == 1

    @pytest.mark.parametrize("other", [{"amount": Decimal(13)}, {"note": "Taxi"}, {"kind": "demo"}])
    def test_the_same_number_for_something_else_is_refused(self, cast, other):
        noted(cast)
        with pytest.raises(ConflictError):
            noted(cast, entry=entry(cast, **other))
        with pytest.raises(ConflictError):
            noted(cast, receipt=checked(files.PDF))
        with pytest.raises(ConflictError):
            noted(cast, cast.mate)

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"amount": Decimal(0)}, "amount"),
            ({"amount": Decimal("-1")}, "amount"),
            ({"amount": Decimal("0.001")}, "amount"),
            ({"kind": "bribe"}, "kind"),
            ({"spent_on": TODAY + dt.timedelta(days=3)}, "spent_on"),
            ({"customer": None}, "__all__"),
        ],
    )
    def test_what_cannot_be_is_refused_at_its_field(self, cast, wrong, field):
        with pytest.raises(ValidationError) as refused:
            noted(cast, entry=entry(cast, **wrong))
        assert field in refused.value.error_dict
        assert not Expense.objects.exists()

    def test_two_subjects_are_refused(self, cast):
        with pytest.raises(ValidationError):
            noted(cast, entry=entry(cast, team=cast.exeter))

    def test_a_touch_with_another_customer_is_refused(self, cast):
        touch = factories.touch(cast.team_mates, cast.rep)
        with pytest.raises(ValidationError) as refused:
            noted(cast, entry=entry(cast, touch=touch))
        assert "customer" in refused.value.error_dict

    def test_the_way_to_a_touch_is_noted_once(self, cast):
        touch = factories.touch(cast.own, cast.rep, travel=30)
        way = entry(cast, touch=touch, km=Decimal(40))
        noted(cast, entry=way)
        with pytest.raises(ValidationError, match="noted already"):
            noted(cast, entry=way, number=2)
        noted(cast, cast.mate, entry=way, number=3)


class TestChange:
    def change(self, cast, row, version=None, actor=None, **more):
        said = more.pop("entry", None) or entry(cast, amount=Decimal(20))
        return actions.change_expense(
            actor=actor or cast.rep, now=LATER, expense=row, version=version or row.version, entry=said, **more
        )

    def test_a_draft_and_its_receipt(self, cast):
        row = noted(cast, receipt=checked(files.JPEG))
        row = self.change(cast, row, receipt=checked(files.PDF), submit=True)
        assert (row.amount, row.status, row.receipt_type, row.version) == (20, "submitted", "application/pdf", 2)
        assert bytes(Receipt.objects.get().content) == files.PDF
        assert events(row) == [("draft", cast.rep, NOW), ("submitted", cast.rep, LATER)]

    def test_without_a_new_receipt_the_old_one_stays(self, cast):
        row = self.change(cast, noted(cast, receipt=checked(files.JPEG)))
        assert (row.receipt_type, Receipt.objects.count()) == ("image/jpeg", 1)
        row = self.change(cast, row, without_receipt=True)
        assert (row.receipt_type, row.receipt_digest, Receipt.objects.count()) == ("", "", 0)

    @pytest.mark.parametrize("status", ["submitted", "approved", "refused"])
    def test_nothing_once_it_is_submitted(self, cast, status):
        row = factories.expense(cast.rep, status=status, customer=cast.own)
        with pytest.raises(ValidationError, match="by now"):
            self.change(cast, row)

    def test_never_anothers(self, cast):
        row = noted(cast)
        for actor in (cast.mate, cast.manager, cast.admin):
            with pytest.raises(PermissionDenied):
                self.change(cast, row, actor=actor)

    def test_from_an_older_version_is_a_conflict(self, cast):
        row = noted(cast)
        self.change(cast, row)
        with pytest.raises(Conflict):
            self.change(cast, row, version=1)


class TestSteps:
    def test_submit_now_take_back_refuse_mend(self, cast, mailoutbox):
        row = noted(cast)
        row = actions.submit_expense(actor=cast.rep, now=NOW, expense=row, version=row.version)
        row = actions.take_back_expense(actor=cast.rep, now=NOW, expense=row, version=row.version)
        assert (row.status, row.submitted_at) == ("draft", None)
        row = actions.submit_expense(actor=cast.rep, now=NOW, expense=row, version=row.version)
        row = actions.refuse_expense(
            actor=cast.manager, now=LATER, expense=row, version=row.version, reason=" No receipt. "
        )
        assert (row.status, row.reason, row.decided_by, row.decided_at) == (
            "refused",
            "No receipt.",
            cast.manager,
            LATER,
        )
        deliver_waiting()
        (mail,) = mailoutbox
        assert mail.to == [cast.rep.email]
        assert "No receipt." in mail.body
        assert f"/expenses/{row.pk}/" in mail.body
        row = actions.take_back_expense(actor=cast.rep, now=LATER, expense=row, version=row.version)
        assert (row.status, row.decided_by, row.reason) == ("draft", None, "No receipt.")
        row = actions.submit_expense(actor=cast.rep, now=LATER, expense=row, version=row.version)
        assert (row.status, row.reason) == ("submitted", "")
        row = actions.approve_expense(actor=cast.manager, now=LATER, expense=row, version=row.version)
        assert (row.status, row.decided_by) == ("approved", cast.manager)

    def test_a_refusal_taken_up_before_the_mail_went_out_is_told_nobody(self, cast, mailoutbox):
        row = factories.expense(cast.rep, status="submitted", customer=cast.own)
        row = actions.refuse_expense(actor=cast.manager, now=NOW, expense=row, version=1, reason="No")
        actions.take_back_expense(actor=cast.rep, now=NOW, expense=row, version=2)
        deliver_waiting()
        assert not mailoutbox

    def test_a_refusal_needs_a_reason(self, cast):
        row = factories.expense(cast.rep, status="submitted", customer=cast.own)
        with pytest.raises(ValidationError) as refused:
            actions.refuse_expense(actor=cast.manager, now=NOW, expense=row, version=1, reason="  ")
        assert "reason" in refused.value.error_dict

    def test_one_never_decides_ones_own(self, cast):
        """§: not even who may decide everything."""
        row = factories.expense(cast.admin, status="submitted", customer=cast.own)
        for decide in (actions.approve_expense, actions.refuse_expense):
            more = {"reason": "No"} if decide == actions.refuse_expense else {}
            with pytest.raises(PermissionDenied):
                decide(actor=cast.admin, now=NOW, expense=row, version=1, **more)

    def test_what_was_approved_by_mistake_can_be_refused_and_nothing_else(self, cast):
        row = factories.expense(cast.rep, status="approved", decided_by=cast.manager, customer=cast.own)
        with pytest.raises(ValidationError):
            actions.take_back_expense(actor=cast.rep, now=NOW, expense=row, version=1)
        row.refresh_from_db()
        row = actions.refuse_expense(
            actor=cast.admin, now=NOW, expense=row, version=row.version, reason="Somebody else's"
        )
        assert not Expense.objects.counting().exists()
        with pytest.raises(ValidationError):
            actions.approve_expense(actor=cast.admin, now=NOW, expense=row, version=row.version)

    def test_each_step_sent_twice_is_one(self, cast):
        row = noted(cast)
        for _ in range(2):
            actions.submit_expense(actor=cast.rep, now=NOW, expense=row, version=1)
        for _ in range(2):
            actions.approve_expense(actor=cast.manager, now=NOW, expense=row, version=2)
        assert [status for status, _by, _at in events(row)] == ["draft", "submitted", "approved"]
        with pytest.raises(Conflict):
            actions.approve_expense(actor=cast.admin, now=NOW, expense=row, version=2)

    def test_a_draft_is_put_away_and_brought_back(self, cast):
        row = noted(cast)
        assert actions.remove_expense(actor=cast.rep, now=NOW, expense=row)
        with pytest.raises(ValidationError):
            actions.submit_expense(actor=cast.rep, now=NOW, expense=row, version=1)
        assert actions.restore_expense(actor=cast.rep, now=NOW, expense=row)
        assert not actions.restore_expense(actor=cast.rep, now=NOW, expense=row)
        waiting = factories.expense(cast.rep, status="submitted", customer=cast.own)
        with pytest.raises(ValidationError):
            actions.remove_expense(actor=cast.rep, now=NOW, expense=waiting)

    def test_several_are_approved_and_what_changed_meanwhile_is_left(self, cast):
        rows = [factories.expense(cast.rep, status="submitted", customer=cast.own) for _ in range(3)]
        actions.take_back_expense(actor=cast.rep, now=NOW, expense=rows[1], version=1)
        asked = [(row, 1) for row in rows]
        done = actions.approve_expenses(actor=cast.manager, now=NOW, asked=asked)
        assert done == [rows[0], rows[2]]
        assert set(Expense.objects.counting()) == {rows[0], rows[2]}


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_ten_replays_at_a_time_are_one(self, cast):
        photo = checked(files.JPEG)
        results = race(*[lambda: noted(cast, receipt=photo)] * 10)
        assert len({result.pk for result in results}) == 1
        assert Expense.objects.count() == Receipt.objects.count() == 1

    def test_of_approval_and_refusal_at_a_time_one_is_a_conflict(self, cast):
        row = factories.expense(cast.rep, status="submitted", customer=cast.own)
        results = race(
            lambda: actions.approve_expense(actor=cast.manager, now=NOW, expense=row, version=1),
            lambda: actions.refuse_expense(actor=cast.admin, now=NOW, expense=row, version=1, reason="No"),
        )
        assert [type(result) for result in results].count(Conflict) == 1
        assert row.history.count() == 2

    def test_of_two_approvals_at_a_time_one_is_a_conflict(self, cast):
        row = factories.expense(cast.rep, status="submitted", customer=cast.own)
        results = race(
            *[
                lambda by=by: actions.approve_expense(actor=by, now=NOW, expense=row, version=1)
                for by in (cast.manager, cast.admin)
            ]
        )
        assert [type(result) for result in results].count(Conflict) == 1

    def test_of_taking_back_and_approval_at_a_time_one_is_a_conflict(self, cast):
        row = factories.expense(cast.rep, status="submitted", customer=cast.own)
        results = race(
            lambda: actions.approve_expense(actor=cast.manager, now=NOW, expense=row, version=1),
            lambda: actions.take_back_expense(actor=cast.rep, now=NOW, expense=row, version=1),
        )
        assert [type(result) for result in results].count(Conflict) == 1

    def test_the_way_noted_twice_at_once_is_noted_once(self, cast):
        touch = factories.touch(cast.own, cast.rep, travel=30)
        way = entry(cast, touch=touch, km=Decimal(40))
        results = race(*[lambda n=n: noted(cast, entry=way, number=n) for n in range(1, 5)])
        assert [type(result) for result in results].count(ValidationError) == 3
        assert Expense.objects.count() == 1
