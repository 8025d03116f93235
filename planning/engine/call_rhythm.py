"""The contact rule that asks for so many times the touches of another, in whole numbers (domain 3.2)."""

from planning.engine.rhythm import times_per_month

#: a whole count in the rule's own period may miss what was planned by so much; else it is counted by the year
MISSES = 0.02


def yearly(count: int, period: str) -> float:
    """How many touches a year a rule asks for."""
    return float(times_per_month(count, period) * 12)


def scaled(count: int, period: str, times: float) -> tuple[int, str]:
    """Count and period of the rule that asks for `times` the touches; a count of 0: no rule at all."""
    wanted = count * times
    if round(wanted) and abs(round(wanted) - wanted) <= MISSES * wanted:
        return round(wanted), period
    return round(yearly(count, period) * times), "year"
