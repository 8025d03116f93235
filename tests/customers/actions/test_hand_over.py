"""Handing over: what goes, as what, with what; what stays and why; twice is once; and somebody leaving."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.person_history import person_history
from customers.actions.foreseen import foresee
from customers.actions.hand_over import Changed, hand_over
from customers.actions.leaving import leave
from customers.models import Assignment, Customer, PlannedTouch
from territory.formats.days import day_text
from tests import factories
from tests.accounts.signing_in import client_of
from tests.customers.actions.conftest import NOW, TODAY

DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


def shown(cast, receiver=None, on=TODAY, actor=None):
    receiver = receiver or cast.mate_membership
    return foresee(actor=actor or cast.manager, person=cast.rep, receiver=receiver, on=on).moves


def carry(cast, chosen=None, on=TODAY, receiver=None, with_orders=True):
    receiver = receiver or cast.mate_membership
    if chosen is None:
        rows = shown(cast, receiver, on)
        chosen = {row.assignment.pk: row.assignment.version for row in rows if not row.stays}
    return hand_over(
        actor=cast.manager, now=NOW, person=cast.rep, receiver=receiver, on=on, chosen=chosen, with_orders=with_orders
    )


def staff(customer, on=TODAY):
    rows = Assignment.objects.on(on).filter(customer=customer).order_by("pk")
    return [(row.membership.user.name, row.kind) for row in rows]


def test_the_owner_changes_on_the_day_and_not_before(cast):
    done = carry(cast, on=TODAY + 3 * DAY)
    assert (done.customers, staff(cast.own)[0], staff(cast.own, TODAY + 2 * DAY)[0]) == (
        1, ("Rep", "lead"), ("Rep", "lead"),
    )  # fmt: skip
    assert staff(cast.own, TODAY + 3 * DAY) == [("Technician", "support"), ("Mate", "lead")]


def test_every_row_has_its_history_entry(cast):
    carry(cast)
    entries = Assignment.history.filter(customer=cast.own).order_by("history_id")
    assert [(row.history_type, row.history_user) for row in entries if row.history_user] == [
        ("~", cast.manager),
        ("+", cast.manager),
    ]


def told(person, viewer):
    return [(entry.what, entry.by) for entry in person_history(person, viewer) if not entry.kind]


def test_both_people_s_histories_say_who_handed_over_what_to_whom(cast):
    factories.planned_touch(cast.own, cast.rep, TODAY + DAY)
    factories.order(cast.own, salesperson=cast.rep)
    factories.order(cast.own, salesperson=cast.rep)
    carry(cast, on=TODAY)
    what = "1 customer, 1 planned touch, 2 orders"
    assert told(cast.rep, cast.admin) == [(f"Handed over to Mate from {day_text(TODAY)} on: {what}", cast.manager)]
    assert told(cast.mate, cast.admin) == [(f"Took over from Rep from {day_text(TODAY)} on: {what}", cast.manager)]
    assert told(cast.technician, cast.admin) == []
    page = client_of(cast.admin).get(reverse("person_detail", args=[cast.mate.pk])).content.decode()
    assert f"on: {what}" in page


def test_share_and_last_day_are_kept(cast):
    Assignment.objects.filter(customer=cast.own, kind="lead").update(share="0.75", ends_on=TODAY + 9 * DAY)
    carry(cast)
    row = Assignment.objects.get(customer=cast.own, membership=cast.mate_membership)
    assert (f"{row.share:.2f}", row.ends_on) == ("0.75", TODAY + 9 * DAY)


def test_a_sole_contact_becomes_lead_where_the_receiver_may_be_no_more(cast):
    Assignment.objects.filter(customer=cast.own, kind="lead").update(kind="sole")
    cast.mate_membership.profile = "lead"
    assert [row.kind for row in shown(cast)] == ["lead"]


def test_an_owned_customer_cannot_go_to_who_may_support_only(cast):
    (row,) = shown(cast, cast.technician_membership)
    assert row.stays == "Technician may be support at most."
    with pytest.raises(Changed):
        carry(cast, {row.assignment.pk: 1}, receiver=cast.technician_membership)


def test_a_supporting_assignment_goes_as_one(cast):
    helped = factories.customer("Helped", owner=cast.mate_membership)
    factories.assign(helped, cast.rep_membership, kind="support")
    coordinator = cast.coordinator.memberships.get()
    row = next(row for row in shown(cast, coordinator) if row.customer == helped)
    carry(cast, {row.assignment.pk: 1}, receiver=coordinator)
    assert staff(helped) == [("Mate", "lead"), ("Coordinator", "support")]


def test_where_the_receiver_works_already_only_this_part_ends(cast):
    helped = factories.customer("Helped", owner=cast.mate_membership)
    factories.assign(helped, cast.rep_membership, kind="support")
    assert [row.as_what for row in shown(cast)] == ["works on it already: this part ends", "lead"]
    carry(cast)
    assert staff(helped) == [("Mate", "lead")]


def test_a_supporting_receiver_becomes_the_owner(cast):
    factories.assign(cast.own, cast.mate_membership, kind="support")
    carry(cast)
    assert staff(cast.own) == [("Technician", "support"), ("Mate", "lead")]


def test_planned_touches_of_that_day_and_later_go_with_it(cast):
    soon = factories.planned_touch(cast.own, cast.rep, TODAY + DAY)
    later = factories.planned_touch(cast.own, cast.rep, TODAY + 5 * DAY)
    others = factories.planned_touch(cast.own, cast.technician, TODAY + 5 * DAY)
    elsewhere = factories.planned_touch(cast.team_mates, cast.rep, TODAY + 5 * DAY)
    assert [row.planned for row in shown(cast, on=TODAY + 3 * DAY)] == [1]
    assert carry(cast, on=TODAY + 3 * DAY).planned == 1
    for row in (soon, later, others, elsewhere):
        row.refresh_from_db()
    assert [row.assignee.name for row in (soon, later, others, elsewhere)] == ["Rep", "Mate", "Technician", "Rep"]
    assert (later.version, later.history.first().history_user) == (2, cast.manager)


def test_overdue_ones_go_too_when_it_is_at_once(cast):
    late = factories.planned_touch(cast.own, cast.rep, TODAY - 5 * DAY)
    carry(cast)
    late.refresh_from_db()
    assert late.assignee == cast.mate


@pytest.mark.parametrize(("wanted", "who"), [(True, "Mate"), (False, "Rep")])
def test_pending_orders_go_if_wanted_and_ended_ones_never(cast, wanted, who):
    pending = factories.order(cast.own, 500, salesperson=cast.rep)
    won = factories.order(cast.own, 500, "won", salesperson=cast.rep)
    assert carry(cast, with_orders=wanted).orders == int(wanted)
    pending.refresh_from_db()
    won.refresh_from_db()
    assert (pending.salesperson.name, won.salesperson.name) == (who, "Rep")


def test_sent_twice_is_done_once(cast):
    chosen = {row.assignment.pk: row.assignment.version for row in shown(cast)}
    carry(cast, chosen)
    before = Assignment.history.count()
    again = carry(cast, chosen)
    assert (again.customers, again.already, Assignment.history.count()) == (0, 1, before)
    assert len(told(cast.mate, cast.admin)) == 1


def test_what_changed_since_it_was_shown_is_not_done(cast):
    chosen = {row.assignment.pk: row.assignment.version for row in shown(cast)}
    Assignment.objects.filter(customer=cast.own, kind="lead").update(version=2)
    with pytest.raises(Changed):
        carry(cast, chosen)
    assert staff(cast.own)[0] == ("Rep", "lead")


def test_all_or_nothing(cast):
    other = factories.customer("Another", owner=cast.rep_membership)
    chosen = {row.assignment.pk: row.assignment.version for row in shown(cast)}
    with pytest.raises(Changed):
        carry(cast, chosen | {98_765: 1})
    assert staff(other) == [("Rep", "lead")]


def test_customers_that_the_actor_may_not_change_are_not_mentioned(cast):
    leeds = factories.membership(cast.rep, cast.leeds)
    factories.customer("Northern", owner=leeds)
    archived = factories.customer("Archived", owner=cast.rep_membership, archived_at=NOW)
    assert [row.customer.name for row in shown(cast, actor=cast.other_manager)] == ["Northern"]
    assert archived not in [row.customer for row in shown(cast)]
    assert "Northern" not in [row.customer.name for row in shown(cast, actor=cast.coordinator)]


def test_a_foreign_assignment_is_answered_like_one_that_nobody_has(cast):
    foreign = cast.foreign.assignments.get()
    for pk in (foreign.pk, 98_765):
        with pytest.raises(Changed):
            carry(cast, {pk: 1})


def test_figures_of_what_went_are_told_of(cast, heard):
    carry(cast)
    assert [cast.own.pk] in heard


def test_leaving_hands_over_ends_the_rest_and_deactivates(cast):
    kept = factories.customer("Kept", owner=cast.rep_membership)
    row = next(row for row in shown(cast) if row.customer == cast.own)
    done = leave(
        actor=cast.admin, now=NOW, today=TODAY, person=cast.rep, last_day=TODAY, receiver=cast.mate_membership,
        chosen={row.assignment.pk: 1},
    )  # fmt: skip
    cast.rep.refresh_from_db()
    cast.rep_membership.refresh_from_db()
    assert (done.customers, cast.rep.is_active, cast.rep_membership.ends_on) == (1, False, TODAY)
    assert staff(cast.own) == [("Technician", "support"), ("Mate", "lead")]
    assert (staff(kept), staff(kept, TODAY + DAY)) == ([("Rep", "lead")], [])


def test_leaving_without_a_last_day_leaves_memberships_as_they_are(cast):
    leave(actor=cast.admin, now=NOW, today=TODAY, person=cast.rep)
    cast.rep_membership.refresh_from_db()
    assert (cast.rep_membership.ends_on, staff(cast.own)[0]) == (None, ("Rep", "lead"))


def test_a_membership_that_begins_later_stands_in_the_way_and_nothing_is_done(cast):
    factories.membership(cast.rep, cast.leeds, starts_on=TODAY + 30 * DAY)
    with pytest.raises(ValidationError):
        leave(actor=cast.admin, now=NOW, today=TODAY, person=cast.rep, last_day=TODAY)
    cast.rep.refresh_from_db()
    assert (cast.rep.is_active, staff(cast.own, TODAY + DAY)[0]) == (True, ("Rep", "lead"))


def test_the_last_administrator_does_not_leave(cast):
    chosen = {row.assignment.pk: 1 for row in shown(cast)}
    with pytest.raises(ValidationError):
        leave(actor=None, now=NOW, today=TODAY, person=cast.admin, receiver=cast.mate_membership, chosen=None)
    assert chosen
    assert Customer.objects.count() == 3


def elsewhere(cast):
    """Something planned and pending of the rep's on a customer that a mate owns, and on one that nobody does."""
    nobodys = factories.customer("Nobody's", team=cast.exeter)
    planned = [factories.planned_touch(row, cast.rep, TODAY + 2 * DAY) for row in (cast.team_mates, nobodys)]
    orders = [factories.order(row, 500, salesperson=cast.rep) for row in (cast.team_mates, nobodys)]
    factories.planned_touch(cast.foreign, cast.rep, TODAY)
    factories.planned_touch(factories.customer("Archived", team=cast.exeter, archived_at=NOW), cast.rep, TODAY)
    return planned, orders


def whose(rows):
    for row in rows:
        row.refresh_from_db()
    return [getattr(row, "assignee", None) or row.salesperson for row in rows]


def test_what_is_planned_and_pending_on_other_customers_is_seen_with_who_takes_it(cast):
    elsewhere(cast)
    coordinator = cast.coordinator.memberships.get()

    def seen(receiver):
        rows = foresee(actor=cast.manager, person=cast.rep, receiver=receiver, on=TODAY).others
        return [(row.customer.name, row.planned, row.orders, row.taker and row.taker.name) for row in rows]

    assert seen(coordinator) == [("Mate's customer", 1, 1, "Mate"), ("Nobody's", 1, 1, "Coordinator")]
    assert seen(None) == [("Mate's customer", 1, 1, "Mate"), ("Nobody's", 1, 1, None)]


def test_what_is_elsewhere_goes_to_the_owners_else_to_the_receiver(cast):
    planned, orders = elsewhere(cast)
    coordinator = cast.coordinator.memberships.get()
    said = {"actor": cast.manager, "now": NOW, "person": cast.rep, "receiver": coordinator, "on": TODAY, "chosen": {}}
    assert hand_over(**said, with_orders=True).elsewhere == 0
    assert whose(planned + orders) == [cast.rep] * 4
    assert hand_over(**said, with_orders=True, with_others=True).elsewhere == 4
    each = f"from {day_text(TODAY)} on: 1 planned touch, 1 order"
    assert {what for what, _by in told(cast.rep, cast.admin)} == {
        f"Handed over to Mate {each}",
        f"Handed over to Coordinator {each}",
    }
    assert whose(planned + orders) == [cast.mate, cast.coordinator] * 2
    assert planned[0].history.first().history_user == cast.manager
    assert PlannedTouch.objects.filter(customer=cast.foreign, assignee=cast.rep).count() == 1


def test_who_leaves_without_a_receiver_leaves_what_is_elsewhere_to_the_owners(cast):
    planned, orders = elsewhere(cast)
    leave(actor=cast.admin, now=NOW, today=TODAY, person=cast.rep, with_others=True)
    assert whose(planned + orders) == [cast.mate, cast.rep] * 2
