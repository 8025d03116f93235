"""Who sees the norms of the company: how many touches and how many days it takes until prospects become customers."""

from accounts.models import User
from accounts.permissions import Act, Area, Reach, scope

# What such a figure is made of.
AREAS = (Area.CUSTOMERS, Area.TOUCHES, Area.ORDERS)
WIDE = (Reach.BELOW, Reach.ALL)


def sees_norms(user: User) -> bool:
    """Whoever leads: sees customers, touches and orders of teams below theirs or of all. The figures are of all teams."""
    return all(any(grant.reach in WIDE for grant in scope(user, area, Act.SEE).grants) for area in AREAS)


def sees_norm_amounts(user: User) -> bool:
    """Whoever leads and sees amounts as widely: the amounts that such figures are about."""
    return sees_norms(user) and any(grant.reach in WIDE for grant in scope(user, Area.AMOUNTS, Act.SEE).grants)


def sees_norm_costs(user: User) -> bool:
    """Whoever leads and sees cost rates as widely: what sales cost."""
    return sees_norms(user) and any(grant.reach in WIDE for grant in scope(user, Area.COST, Act.SEE).grants)
