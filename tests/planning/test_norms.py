"""Who sees the norms of the company."""

import pytest

from planning.queries.norms import sees_norms
from tests import factories

pytestmark = pytest.mark.django_db


def test_norms_are_for_who_leads(cast):
    seen = {name: sees_norms(getattr(cast, name)) for name in ("rep", "coordinator", "technician", "manager", "admin")}

    assert seen == {"rep": False, "coordinator": False, "technician": False, "manager": True, "admin": True}


@pytest.mark.parametrize("narrow", ["customers", "touches", "orders"])
def test_a_reach_over_ones_own_team_alone_is_too_narrow_in_any_area(cast, narrow):
    access = {area: {"see": "team" if area == narrow else "below"} for area in ("customers", "touches", "orders")}
    seat = factories.membership(factories.person("Clerk"), cast.exeter, role=factories.role("Clerk", access=access))

    assert not sees_norms(seat.user)
