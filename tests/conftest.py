"""Fixtures everyone may use: the company, and a cast of people who stand for all who use the product."""

from dataclasses import dataclass

import pytest

from accounts.models import Membership, Team, User
from customers.models import Customer
from territory import clock, health
from tests import factories


@dataclass
class Cast:
    """Two regions. The rep, their mate, the coordinator and the technician are in Exeter; the manager above it in South West.

    The other rep is in Leeds, their manager above it in North. Each `*_membership` is that person's membership.
    """

    south_west: Team
    exeter: Team
    north: Team
    leeds: Team
    rep: User
    mate: User
    coordinator: User
    technician: User
    manager: User
    other_rep: User
    other_manager: User
    admin: User
    leaver: User
    rep_membership: Membership
    mate_membership: Membership
    technician_membership: Membership
    other_rep_membership: Membership
    own: Customer  # of the rep, the technician supports
    team_mates: Customer  # of the mate, same team
    foreign: Customer  # of the other rep, other team

    def everyone(self) -> dict[str, User]:
        """By the names of the access matrix."""
        return {
            "salesperson": self.rep,
            "team-mate": self.mate,
            "coordinator": self.coordinator,
            "technical support": self.technician,
            "manager": self.manager,
            "other team's manager": self.other_manager,
            "administrator": self.admin,
            "deactivated": self.leaver,
        }


@pytest.fixture(autouse=True)
def _well(monkeypatch):
    """In tests nothing ticks, so the health page would always say so; those of health itself look for themselves."""
    seen = health.Health(
        clock.now(), broker=True, ages=health.Ages(heard={"beat": clock.now(), "worker": clock.now()}, waits={})
    )
    monkeypatch.setattr(health, "look", lambda: seen)


@pytest.fixture
def company(db):
    """The company of the tests: GBP, Europe/London, Monday to Friday."""
    return factories.company()


@pytest.fixture
def cast(company) -> Cast:
    """People of two regions and three customers."""
    south_west = factories.team("South West")
    exeter = factories.team("Exeter", south_west)
    north = factories.team("North")
    leeds = factories.team("Leeds", north)

    rep, mate, coordinator, technician, manager, other_rep, other_manager, admin, leaver = factories.join(
        ("Rep", exeter, "Salesperson", {}),
        ("Mate", exeter, "Salesperson", {}),
        ("Coordinator", exeter, "Sales coordinator", {"profile": "support"}),
        ("Technician", exeter, "Technical support", {"profile": "support"}),
        ("Manager", south_west, "Sales manager", {}),
        ("Other rep", leeds, "Salesperson", {}),
        ("Other manager", north, "Sales manager", {}),
        ("Administrator", south_west, "Administrator", {}),
        ("Leaver", exeter, "Salesperson", {}),
    )
    leaver.user.is_active = False
    leaver.user.save(update_fields=["is_active"])
    own = factories.customer("Own customer", owner=rep)
    factories.assign(own, technician, kind="support")
    return Cast(
        south_west=south_west,
        exeter=exeter,
        north=north,
        leeds=leeds,
        rep=rep.user,
        mate=mate.user,
        coordinator=coordinator.user,
        technician=technician.user,
        manager=manager.user,
        other_rep=other_rep.user,
        other_manager=other_manager.user,
        admin=admin.user,
        leaver=leaver.user,
        rep_membership=rep,
        mate_membership=mate,
        technician_membership=technician,
        other_rep_membership=other_rep,
        own=own,
        team_mates=factories.customer("Mate's customer", owner=mate),
        foreign=factories.customer("Foreign customer", owner=other_rep),
    )
