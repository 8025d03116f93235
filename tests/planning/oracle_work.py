"""The value of work done in plain pandas, straight from the tables and the definition: nothing of the engine, no SQL."""

import datetime as dt
from decimal import Decimal

import pandas as pd

from accounts.models import Membership
from customers.models import StagePeriod, TierPeriod, Touch, TouchPerson
from planning.models import TouchValue
from territory import clock
from tests.planning.oracle import table


def work_value(first: dt.date, last: dt.date, by: str, *, repeats_once: bool) -> pd.DataFrame:
    """Touches, value and minutes by who (person or team), type and tier. Knows one membership a person."""
    touches = _judged(first, last)
    parts = table(TouchPerson, "touch_id", "user_id", "duration_seconds")
    both = touches.merge(parts, left_on="pk", right_on="touch_id", how="left", suffixes=("", "_own"))
    teams = dict(Membership.objects.values_list("user_id", "team_id"))
    if by == "type":
        both["who"], both["seconds"] = float("nan"), both.duration_seconds
        both = both.drop_duplicates("pk")
    else:
        both["who"] = both.user_id if by == "person" else both.user_id.map(teams)
        both["seconds"] = both.duration_seconds_own.fillna(both.duration_seconds)
    both["who"] = both.who.astype(float).fillna(0).astype(int)
    both["minutes"] = both.seconds.where(~both.is_implausible, 0) / 60
    both = both.sort_values(["at", "pk"], kind="stable")
    counts = ~both.duplicated(["who", "pk"])
    if repeats_once:
        counts &= ~both.duplicated(["who", "customer_id", "type_id", "day"])
    both["worth"] = both.worth.where(counts, Decimal(0))
    both["tier"] = both.tier.astype(float).fillna(0).astype(int)
    groups = both.groupby(["who", "type_id", "tier"])
    return pd.DataFrame({"touches": groups.pk.nunique(), "value": groups.worth.sum(), "minutes": groups.minutes.sum()})


def _judged(first: dt.date, last: dt.date) -> pd.DataFrame:
    zone = clock.company_zone()
    rows = table(Touch, "pk", "customer_id", "type_id", "at", "duration_seconds", "is_implausible")
    rows["day"] = rows["at"].dt.tz_convert(zone).dt.date
    rows = rows[(rows.day >= first) & (rows.day <= last)].copy()
    tiers = table(TierPeriod, "customer_id", "tier_id", "starts_on")
    stages = table(StagePeriod, "customer_id", "stage", "began_at")
    values = table(TouchValue, "touch_type_id", "tier_id", "stage", "starts_on", "amount")

    def judge(row):
        own = tiers[(tiers.customer_id == row.customer_id) & (tiers.starts_on <= row.day)].sort_values("starts_on")
        ends = clock.end_of_day(row.day, zone)
        held = stages[(stages.customer_id == row.customer_id) & (stages.began_at < ends)].sort_values("began_at")
        tier = own.tier_id.iloc[-1] if len(own) else None
        if held.empty:
            return tier, Decimal(0)
        audience = "customer" if held.stage.iloc[-1] == "customer" else "prospect"
        alike = values[
            (values.touch_type_id == row.type_id) & (values.stage == audience) & (values.starts_on <= row.day)
        ]
        latest = alike.sort_values("starts_on").groupby("tier_id").amount.last()
        if tier in latest.index:
            return tier, latest[tier]
        return tier, sum(latest, Decimal(0)) / len(latest) if len(latest) else Decimal(0)

    judged = [judge(row) for row in rows.itertuples()]
    rows["tier"], rows["worth"] = [tier for tier, _worth in judged], [worth for _tier, worth in judged]
    return rows
