"""What the table of access marks ¶ is done only after a proof: with an old sign-in no form changes people, roles, teams or costs."""

import pytest
from django.db import transaction

from accounts.models import Absence, Authenticator, Cover, Membership, Role, Team, User
from territory import clock
from tests.accounts.signing_in import client_of
from tests.two_teams import Shared, asks, company_asks, filled, side

MARKED = (User, Team, Role, Membership, Absence, Cover, Authenticator)


@pytest.fixture
def now(time_machine):
    time_machine.move_to("2026-06-09T09:00:00Z", tick=False)
    return clock.now()


def told() -> int:
    """How many changes of such rows history knows."""
    return sum(model.history.count() for model in MARKED)


def test_no_form_changes_what_is_marked_without_a_proof(cast, now):
    shared = Shared.made()
    it = side(cast.rep_membership, cast.own)
    every = [*asks(it, shared, cast.mate_membership), *company_asks(it, shared, cast.mate_membership)]
    fresh, late = client_of(cast.admin), client_of(cast.admin, signed_in_ago=3600)
    known, asked, wrong = told(), set(), []
    for ask in every:
        data = filled(fresh, ask)
        with transaction.atomic():
            answer = late.post(ask.url, data)
            if told() != known:
                wrong.append(f"{ask.name}: {answer.status_code}")
            transaction.set_rollback(True)
        if answer.status_code == 302 and answer.url.startswith("/accounts/reauthenticate/"):
            asked.add(ask.name)
    assert wrong == []
    assert {"person_edit", "membership_edit", "role_edit", "team_edit", "absence_edit", "cover_edit"} <= asked
    assert len(asked) >= 20, asked
