"""What the pictures of curves share, of time to business and of touches to a customer."""

from customers.models import Tier

# Of so many curves at most the others stand faint behind each: pages stay small.
SIDE_BY_SIDE = 6


def tier_colour(tier: Tier | None) -> str:
    """The colour of a tier's curve; without a tier that of all together."""
    return f"tier-{'abcd'[min(max(tier.position, 1), 4) - 1]}" if tier else "accent"


def percent(share: float | None) -> float | None:
    """A share on a picture."""
    return None if share is None else round(share * 100, 1)
