"""What stands in the way of archiving a team or narrowing a job profile."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from accounts.actions import memberships, teams
from accounts.models import JobProfile
from tests import factories

NOW = dt.datetime(2026, 6, 9, 9, 0, tzinfo=dt.UTC)
TODAY = NOW.date()


@pytest.fixture(autouse=True)
def _frozen(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def empty(company):
    return factories.team("Empty")


def archive(team):
    teams.archive_team(actor=None, now=NOW, on=TODAY, team=team)
    team.refresh_from_db()
    return team.archived_at


def test_a_team_with_customers_is_not_archived(empty):
    row = factories.customer("Acme", team=empty)
    with pytest.raises(ValidationError, match="Customers belong to this team"):
        archive(empty)
    row.archived_at = NOW
    row.save(update_fields=["archived_at"])
    assert archive(empty) == NOW


def test_a_team_with_pending_orders_is_not_archived(empty, cast):
    factories.order(cast.own, 100, team=empty)
    with pytest.raises(ValidationError, match="Orders of this team are pending"):
        archive(empty)


def narrow(membership, profile):
    return memberships.change_membership(
        actor=None, now=NOW, on=TODAY, membership=membership, version=membership.version, profile=profile
    )


def test_a_job_profile_still_authorises_what_its_person_is(cast):
    with pytest.raises(ValidationError, match=r"Rep is lead on Own customer\. Change that first\."):
        narrow(cast.rep_membership, JobProfile.SUPPORT)


def test_what_has_ended_stands_in_no_profiles_way(cast):
    cast.own.assignments.update(ends_on=TODAY - dt.timedelta(days=1))
    cast.rep_membership.assignments.exclude(customer=cast.own).delete()
    assert narrow(cast.rep_membership, JobProfile.SUPPORT).profile == JobProfile.SUPPORT
