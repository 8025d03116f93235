"""Creating, changing, moving and archiving customers; potential."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import transaction

from customers.actions.customers import (
    archive_customer,
    change_customer,
    create_customer,
    move_to_team,
    note_potential,
    restore_customer,
)
from customers.models import Assignment, Customer, CustomerTeam, StagePeriod
from territory.conflicts import Conflict
from tests import factories
from tests.customers.actions.conftest import NOW, TODAY

pytestmark = pytest.mark.django_db


def create(actor, **fields):
    options = {name: fields.pop(name) for name in ("owner", "team", "potential") if name in fields}
    return create_customer(actor=actor, now=NOW, values={"name": "Acme", **fields}, **options)


def test_who_creates_a_customer_becomes_its_lead_in_their_team(cast, heard):
    customer = create(cast.rep)
    assert (customer.team, customer.stage) == (cast.exeter, "prospect")
    lead = Assignment.objects.get(customer=customer)
    assert (lead.membership, lead.kind, lead.starts_on) == (cast.rep_membership, "lead", TODAY)
    assert CustomerTeam.objects.get(customer=customer).team == cast.exeter
    assert heard == [[customer.pk]]


def test_with_a_support_profile_the_owner_must_be_named(cast, refused):
    with refused("owner"):
        create(cast.coordinator)
    customer = create(cast.coordinator, owner=cast.rep_membership)
    assert Assignment.objects.get(customer=customer).membership == cast.rep_membership


def test_who_may_support_only_cannot_be_the_owner(cast, refused):
    with refused("owner"):
        create(cast.rep, owner=cast.technician_membership)


def test_of_several_memberships_the_earliest_current_one_that_may_own_counts(cast):
    user = factories.person()
    factories.membership(user, cast.leeds, profile="support")
    second = factories.membership(user, cast.exeter, starts_on=dt.date(2026, 1, 1))
    factories.membership(user, cast.north, starts_on=dt.date(2026, 2, 1))
    factories.membership(user, cast.south_west, starts_on=dt.date(2025, 1, 1), ends_on=dt.date(2026, 1, 1))
    assert Assignment.objects.get(customer=create(user)).membership == second


def test_a_new_customer_begins_today_unless_a_since_is_given(cast):
    create(cast.rep, name="New")
    create(cast.rep, name="Old", since=dt.date(2020, 1, 1))
    began = dict(StagePeriod.objects.values_list("customer__name", "began_at__date"))
    assert began["Old"] == dt.date(2020, 1, 1)


def test_a_potential_given_at_once_holds_since_always_and_sets_the_tier(cast):
    factories.tiers()
    customer = create(cast.rep, potential=Decimal(16000))
    assert (customer.tier.name, customer.yearly_value) == ("B", 16000)
    assert customer.potentials.get().noted_on is None


def test_a_new_customer_leaves_one_history_entry_by_its_creator(cast):
    customer = create(cast.rep)
    assert [(entry.history_user, entry.history_date) for entry in customer.history.all()] == [(cast.rep, NOW)]


def test_errors_of_fields_are_named_and_nothing_is_written(cast, refused):
    before = Customer.objects.count()
    with refused("name"):
        create(cast.rep, name="")
    with refused("since"):
        create(cast.rep, since=TODAY + dt.timedelta(days=1))
    create(cast.rep, external_id="X1")
    with refused("external_id"):
        create(cast.rep, external_id="X1")
    assert Customer.objects.count() == before + 1


def test_an_empty_external_id_is_none(cast):
    assert create(cast.rep, external_id="").external_id is None
    assert create(cast.rep, external_id="").external_id is None


def test_fields_that_are_not_a_person_s_to_write_are_refused(cast):
    with pytest.raises(TypeError):
        create(cast.rep, stage="customer")


def test_changing_a_customer_raises_its_version_and_finds_by_the_new_name(cast, heard):
    row = cast.own
    change_customer(actor=cast.rep, now=NOW, customer=row, version=1, values={"name": "Café", "town": "Exeter"})
    row.refresh_from_db()
    assert (row.name, row.version, row.search_text) == ("Café", 2, "cafe exeter")
    assert heard == [[row.pk]]
    assert row.history.count() == 2


def test_a_change_from_an_old_version_writes_nothing(cast):
    change_customer(actor=cast.rep, now=NOW, customer=cast.own, version=1, values={"name": "First"})
    stale = Customer.objects.get(pk=cast.own.pk)
    with pytest.raises(Conflict) as conflict, transaction.atomic():
        change_customer(actor=cast.mate, now=NOW, customer=stale, version=1, values={"name": "Second"})
    assert conflict.value.row.name == "First"
    assert Customer.objects.get(pk=cast.own.pk).name == "First"


def test_a_new_since_rebuilds_the_stages(cast):
    values = {"since": dt.date(2019, 1, 1)}
    change_customer(actor=cast.rep, now=NOW, customer=cast.own, version=1, values=values)
    assert StagePeriod.objects.get(customer=cast.own).began_at.date() == dt.date(2019, 1, 1)


def test_moving_to_a_team_keeps_the_one_before(cast, heard):
    CustomerTeam.objects.create(customer=cast.own, team=cast.exeter)
    moved = move_to_team(actor=cast.manager, now=NOW, customer=cast.own, team=cast.south_west)
    assert (moved.team, moved.version) == (cast.south_west, 2)
    assert list(CustomerTeam.objects.filter(customer=cast.own).values_list("team__name", "starts_on")) in (
        [("Exeter", None), ("South West", TODAY)],
        [("South West", TODAY), ("Exeter", None)],
    )
    assert heard == [[cast.own.pk]]


def test_a_move_dated_before_the_latest_one_changes_only_the_past(cast):
    move_to_team(actor=cast.manager, now=NOW, customer=cast.own, team=cast.south_west)
    past = dt.date(2026, 6, 1)
    customer = move_to_team(actor=cast.manager, now=NOW, customer=cast.own, team=cast.leeds, on=past)
    assert customer.team == cast.south_west


def test_a_move_is_not_in_the_future_nor_to_an_archived_team(cast, refused):
    with refused("on"):
        move_to_team(actor=cast.manager, now=NOW, customer=cast.own, team=cast.leeds, on=TODAY + dt.timedelta(days=1))
    gone = factories.team("Gone", archived_at=NOW)
    with refused("team"):
        move_to_team(actor=cast.manager, now=NOW, customer=cast.own, team=gone)


def test_an_archived_customer_can_be_brought_back(cast, heard):
    archive_customer(actor=cast.rep, now=NOW, customer=cast.own)
    archive_customer(actor=cast.rep, now=NOW, customer=cast.own)
    assert not Customer.objects.live().filter(pk=cast.own.pk).exists()
    restore_customer(actor=cast.rep, now=NOW, customer=cast.own)
    assert Customer.objects.live().filter(pk=cast.own.pk).exists()
    assert heard == [[cast.own.pk], [cast.own.pk]]


def test_a_potential_is_noted_for_today_and_corrected_on_the_same_day(cast):
    factories.tiers()
    note_potential(actor=cast.rep, now=NOW, customer=cast.own, amount=Decimal(50000), source="their buyer")
    row = note_potential(actor=cast.rep, now=NOW, customer=cast.own, amount=Decimal(6000))
    cast.own.refresh_from_db()
    assert (cast.own.tier.name, cast.own.yearly_value) == ("C", 6000)
    assert (cast.own.potentials.get(), row.noted_on, row.history.count()) == (row, TODAY, 2)


def test_a_potential_is_neither_negative_nor_noted_in_the_future(cast, refused):
    with refused("amount"):
        note_potential(actor=cast.rep, now=NOW, customer=cast.own, amount=Decimal(-1))
    with refused("noted_on"):
        note_potential(actor=cast.rep, now=NOW, customer=cast.own, amount=Decimal(1), noted_on=dt.date(2027, 1, 1))
