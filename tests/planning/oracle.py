"""Budgets, due touches and workload in plain pandas, straight from the tables and the definitions: nothing of the engine.

Written to be read beside the definitions and to disagree where the product is wrong. It knows one zone, no covers and no
planned touches. Stages and tiers are read from their stored history.
"""

import datetime as dt
import functools
import math
from fractions import Fraction

import numpy as np
import pandas as pd

from accounts.models import Absence, Membership, User
from customers.models import (
    Assignment,
    Contact,
    Customer,
    InternalWork,
    Order,
    StagePeriod,
    TierPeriod,
    Touch,
    TouchPerson,
)
from planning import models as planning
from territory import clock

PERIOD_DAYS = {"day": 1, "week": 7, "month": 30.4375, "quarter": 91.3125, "year": 365.25}
PER_MONTH = {"day": 21.75, "week": 4.348, "month": 1, "quarter": 1 / 3, "year": 1 / 12}


def table(model, *fields):
    """A table as a frame, whatever its number of rows."""
    return pd.DataFrame.from_records(model.objects.order_by("pk").values_list(*fields), columns=list(fields))


class Oracle:
    """All figures of a day."""

    def __init__(self, on: dt.date) -> None:
        self.on, self.zone = on, clock.company_zone()
        self.until = clock.end_of_day(on, self.zone)
        self.customers = self._customers()
        self.assignments = self._assignments()
        self.rules = self._rules()
        self.own_rules = self._own_rules()
        self.touches = self._touches()
        self.bases = table(User, "pk", "base_latitude", "base_longitude").set_index("pk")

    # What is there on the day

    def _customers(self) -> pd.DataFrame:
        rows = table(Customer, "pk", "external_id", "name", "team_id", "latitude", "longitude").set_index("pk")
        stages = table(StagePeriod, "customer_id", "stage", "began_at")
        stages = stages[stages.began_at < self.until].sort_values("began_at").groupby("customer_id").last()
        tiers = table(TierPeriod, "customer_id", "tier_id", "starts_on")
        tiers = tiers[tiers.starts_on <= self.on].sort_values("starts_on").groupby("customer_id").last()
        return rows.join(stages, how="inner").join(tiers[["tier_id"]])

    def _assignments(self) -> pd.DataFrame:
        fields = ["pk", "customer_id", "kind", "share", "starts_on", "ends_on"]
        member = ["membership__user_id", "membership__role_id", "membership__team_id"]
        rows = table(Assignment, *fields, *member)
        rows.columns = [*fields, "user", "role", "team"]
        rows = rows[rows.starts_on.isna() | (rows.starts_on.fillna(self.on) <= self.on)]
        rows = rows[rows.ends_on.isna() | (rows.ends_on.fillna(self.on) >= self.on)]
        rows["share"] = rows["share"].astype(float)
        group = rows.groupby(["customer_id", "role"])["share"]
        left = 1 - group.transform("sum")
        unset = group.transform(lambda shares: shares.isna().sum())
        rows["share"] = rows["share"].fillna(left / unset.replace(0, 1))
        rows["since"] = rows.starts_on.fillna(dt.date.min)
        return rows

    def _rules(self) -> pd.DataFrame:
        rows = table(
            planning.ContactRule,
            "pk",
            "tier_id",
            "stage",
            "role_id",
            "touch_type_id",
            "count",
            "period",
            "duration_seconds",
            "touch_type__travels",
        ).rename(columns={"pk": "rule", "touch_type_id": "type", "touch_type__travels": "travels", "role_id": "role"})
        rows["interval"] = rows.period.map(PERIOD_DAYS) / rows["count"]
        rows["monthly"] = rows["count"] * rows.period.map(PER_MONTH)
        rows["each"] = rows.duration_seconds / 60
        return rows

    def _own_rules(self) -> pd.DataFrame:
        """Those of customers that have begun by the day."""
        fields = ["pk", "customer_id", "role_id", "touch_type_id", "count", "period", "duration_seconds"]
        rows = table(planning.CustomerRule, *fields, "starts_on", "ends_on", "archived_at", "touch_type__travels")
        names = {"pk": "rule", "role_id": "role", "touch_type_id": "type", "touch_type__travels": "travels"}
        rows = rows[rows.archived_at.isna() & (rows.starts_on <= self.on)].rename(columns=names)
        rows["holds"] = rows.ends_on.isna() | (rows.ends_on.fillna(self.on) >= self.on)
        rows["interval"] = rows.period.map(PERIOD_DAYS) / rows["count"].replace(0, np.nan)
        rows["monthly"] = rows["count"] * rows.period.map(PER_MONTH)
        rows["each"] = rows.duration_seconds / 60
        return rows

    def rules_of(self, pk: int) -> pd.DataFrame:
        """The rules that hold for a customer: those of its tier and stage, and in their places its own; from when on they ask."""
        customer, own = self.customers.loc[pk], self.own_rules[self.own_rules.customer_id == pk]
        rules = self.rules[(self.rules.tier_id == customer.tier_id) & (self.rules.stage == customer.stage)]
        now, over = own[own.holds], own[~own.holds]
        taken = set(zip(now.role, now.type, strict=True))
        stay = [place not in taken for place in zip(rules.role, rules.type, strict=True)]
        after = {
            (row.role, row.type): row.ends_on + dt.timedelta(days=1) for row in over.sort_values("ends_on").itertuples()
        }
        rows = [(row, after.get((row.role, row.type)), False) for row in rules[stay].itertuples()]
        rows += [(row, row.starts_on, True) for row in now[now["count"] > 0].itertuples()]
        names = ["rule", "role", "type", "travels", "interval", "monthly", "each"]
        values = [(*(getattr(row, name) for name in names), first, own) for row, first, own in rows]
        return pd.DataFrame(values, columns=[*names, "asks_from", "own"])

    def _touches(self) -> pd.DataFrame:
        """One row a person, one row without a person where that is unknown."""
        rows = table(
            Touch,
            "pk",
            "customer_id",
            "type_id",
            "at",
            "duration_seconds",
            "travel_seconds",
            "is_implausible",
            "outcome",
        )
        people = table(TouchPerson, "touch_id", "user_id", "role_id", "duration_seconds", "travel_seconds")
        rows = rows[rows["at"] < self.until]
        both = rows.merge(people, left_on="pk", right_on="touch_id", how="left", suffixes=("", "_own"))
        known = both.user_id.notna()
        time = np.where(known, both.duration_seconds_own, both.duration_seconds)
        travel = np.where(known, both.travel_seconds_own, both.travel_seconds)
        both["spent"] = (np.where(both.is_implausible, 0, time) + travel) / 60
        both["unknown"] = ~known
        return both

    # Travel

    def travel(self, customer: int, role: int) -> float:
        """Minutes there and back."""
        place = self.customers.loc[customer, ["latitude", "longitude"]]
        mine = self.assignments[self.assignments.customer_id == customer]
        own = mine[mine.role == role]
        if own.empty:
            own = mine[mine.kind.isin(["sole", "lead"])].assign(share=1.0)
        if own.empty or place.isna().any():
            return 0.0
        minutes = [self._trip(self.bases.loc[user], place) for user in own.user]
        return float(np.average(minutes, weights=own.share if own.share.sum() else None))

    @staticmethod
    def _trip(base, place) -> float:
        if base.isna().any():
            return 0.0
        lat1, lon1, lat2, lon2 = np.radians([base.base_latitude, base.base_longitude, place.latitude, place.longitude])
        cosine = math.sin(lat1) * math.sin(lat2) + math.cos(lat1) * math.cos(lat2) * math.cos(lon1 - lon2)
        return 6371 * math.acos(min(1.0, cosine)) * 1.3 / 50 * 60 * 2

    # Budgets

    @functools.cached_property
    def budgets(self) -> pd.DataFrame:
        """One row per customer and role: parts, actual, status."""
        rows = [self._budget(pk, role) for pk in self.customers.index for role in self._roles()]
        return pd.DataFrame([row for row in rows if row and row["minutes"] > 0])

    @staticmethod
    def _roles() -> list[int]:
        kinds = (
            planning.ContactRule, planning.CustomerRule, planning.OrderRule, planning.ContactLoad, planning.TeamSellingLoad,
        )  # fmt: skip
        return sorted({role for kind in kinds for role in kind.objects.values_list("role_id", flat=True)})

    def _budget(self, pk: int, role: int) -> dict | None:
        customer = self.customers.loc[pk]
        rules = self.rules_of(pk)
        rules = rules[rules.role == role]
        if customer.stage in ("lapsed", "lost") and rules.empty:
            return None
        touch = (rules.monthly * rules.each).sum()
        travel = (rules.monthly * rules.travels).sum() * self.travel(pk, role)
        other = self._orders(pk, role) + self._contacts(pk, role) + self._team_selling(pk, role)
        minutes = touch + travel + other
        actual = self._actual(pk, role, customer, rules.interval.max() if len(rules) else 0)
        return {
            "customer": pk,
            "role": role,
            "minutes": minutes,
            "touch": touch,
            "travel": travel,
            "other": other,
            "actual": actual,
            "status": self._status(actual, minutes),
        }

    def _orders(self, pk: int, role: int) -> float:
        rule = planning.OrderRule.objects.filter(role=role, tier=self.customers.loc[pk, "tier_id"]).first()
        rule = rule or planning.OrderRule.objects.filter(role=role, tier__isnull=True).first()
        start = clock.start_of_day(self.on - dt.timedelta(days=364), self.zone)
        won = Order.objects.filter(customer=pk, status="won", closed_at__gte=start, closed_at__lt=self.until).count()
        return won / 12 * rule.duration_seconds / 60 if rule else 0.0

    def _contacts(self, pk: int, role: int) -> float:
        total = 0.0
        for load in planning.ContactLoad.objects.filter(role=role):
            rows = Contact.objects.filter(customer=pk, role=load.contact_role_id)
            here = [c for c in rows if (not c.since or c.since <= self.on) and (not c.left_on or c.left_on > self.on)]
            total += len(here) * load.duration_seconds / 60
        return total

    def _team_selling(self, pk: int, role: int) -> float:
        people = self.assignments[self.assignments.customer_id == pk].user.nunique()
        seconds = planning.TeamSellingLoad.objects.filter(role=role).values_list("duration_seconds", flat=True)
        return max(0, people - 1) * sum(seconds) / 60

    def _actual(self, pk: int, role: int, customer, longest: float) -> float | None:
        began = customer.began_at.to_pydatetime()
        first = max(self.on - dt.timedelta(days=max(90, math.ceil(longest)) - 1), began.astimezone(self.zone).date())
        days = (self.on - first).days + 1
        if days < 30:
            return None
        start = max(clock.start_of_day(first, self.zone), began)
        mine = self.touches[self.touches.customer_id == pk]
        mine = mine[(mine.role_id == role) & (mine["at"] >= start)]
        work = InternalWork.objects.filter(customer=pk, role=role, spent_on__range=(first, self.on))
        minutes = mine.spent.sum() + sum(work.values_list("duration_seconds", flat=True)) / 60
        return minutes * 30.4375 / days

    @staticmethod
    def _status(actual: float | None, minutes: float) -> str:
        if actual is None:
            return "too early"
        return "over" if actual > 1.25 * minutes else "under" if actual < 0.75 * minutes else "as planned"

    # Due touches

    def due(self) -> pd.DataFrame:
        """One row per customer and rule that applies."""
        rows = pd.DataFrame(
            {"customer": pk, **self.customers.loc[pk].to_dict(), **rule}
            for pk in self.customers.index
            for rule in self.rules_of(pk).to_dict("records")
        )
        return pd.DataFrame([self._due(row) for row in rows.itertuples()])

    def _due(self, row) -> dict:
        mine = self.assignments[self.assignments.customer_id == row.customer]
        own = mine[mine.role == row.role]
        touches = self.touches[(self.touches.customer_id == row.customer) & (self.touches.type_id == row.type)]
        touches = touches[touches.outcome != "no_answer"]
        if not own.empty:
            touches = touches[(touches.role_id == row.role) | touches.unknown]
            person = own.sort_values(["share", "since", "pk"], ascending=[False, True, True]).user.iloc[0]
        else:
            owners = mine[mine.kind.isin(["sole", "lead"])]
            person = owners.user.iloc[0] if len(owners) else None
        if touches.empty:
            due = row.began_at.astimezone(self.zone).date()
        else:
            step = max(1, math.floor(Fraction(row.interval) + Fraction(1, 2)))
            due = touches["at"].max().astimezone(self.zone).date() + dt.timedelta(days=step)
        due = self._worked(due if pd.isna(row.asks_from) else max(due, row.asks_from), person)
        overdue = (self.on - due).days
        minutes = row.each + (self.travel(row.customer, row.role) if row.travels else 0)
        urgency = min(3, max(0, 1 + overdue / row.interval))
        score = self._value(row) * urgency / max(1, minutes)
        return {"customer": row.customer, "rule": (row.own, row.rule), "person": person, "due": due, "score": score}

    def _worked(self, day: dt.date, person) -> dt.date:
        spans = list(Absence.objects.filter(user=person).values_list("starts_on", "ends_on")) if person else []
        holidays = set(planning_holidays())
        while day.weekday() > 4 or day in holidays or any(first <= day <= last for first, last in spans):
            day += dt.timedelta(days=1)
        return day

    def _value(self, row) -> float:
        stage = "customer" if row.stage == "customer" else "prospect"
        values = planning.TouchValue.objects.filter(touch_type=row.type, stage=stage, starts_on__lte=self.on)
        latest = {value.tier_id: float(value.amount) for value in values.order_by("starts_on")}
        return latest.get(row.tier_id, sum(latest.values()) / len(latest) if latest else 0.0)

    # Workload

    def workload(self, monday: dt.date) -> pd.DataFrame:
        """One row a person, and one a team for what is unstaffed: minutes of that week."""
        shares = self.budgets.merge(
            self.assignments, left_on=["customer", "role"], right_on=["customer_id", "role"], how="left"
        )
        shares["part"] = shares.share.fillna(0)
        for part in ("touch", "travel", "other"):
            shares[part] = shares[part] * shares.part / 4.348
        people = shares.dropna(subset="user").groupby("user")[["touch", "travel", "other"]].sum()
        rows = []
        for user in sorted(set(Membership.objects.values_list("user_id", flat=True))):
            mine = people.loc[user] if user in people.index else pd.Series({"touch": 0.0, "travel": 0.0, "other": 0.0})
            capacity, present = self._capacity(user, monday)
            rows.append(
                {"person": user, "work": mine.sum() + self._team_load(user), "capacity": capacity, "present": present}
            )
        return pd.DataFrame(rows).set_index("person")

    def unstaffed(self) -> float:
        """Minutes a week of roles without a person, everyone present."""
        budgets = self.budgets
        given = self.assignments.groupby(["customer_id", "role"]).share.sum()
        left = [1 - given.get((row.customer, row.role), 0.0) for row in budgets.itertuples()]
        return float((budgets.minutes * left).sum() / 4.348)

    def _capacity(self, user: int, monday: dt.date) -> tuple[float, int]:
        spans = list(Absence.objects.filter(user=user).values_list("starts_on", "ends_on"))
        days = [monday + dt.timedelta(days=n) for n in range(5)]
        days = [d for d in days if d not in set(planning_holidays()) and not any(a <= d <= b for a, b in spans)]
        total, present = 0.0, set()
        for member in Membership.objects.filter(user=user):
            here = [
                d
                for d in days
                if (not member.starts_on or member.starts_on <= d) and (not member.ends_on or d <= member.ends_on)
            ]
            total += float(member.weekly_hours * member.selling_share) * 60 * len(here) / 5
            present |= set(here)
        return total, len(present)

    @staticmethod
    def _team_load(user: int) -> float:
        total = 0.0
        for member in Membership.objects.filter(user=user):
            others = set(Membership.objects.filter(team=member.team_id).values_list("user_id", flat=True)) - {user}
            seconds = planning.TeamLoad.objects.filter(role=member.role_id).values_list("duration_seconds", flat=True)
            total += len(others) * sum(seconds) / 60 / 4.348
        return total


def planning_holidays() -> list[dt.date]:
    from territory.company.models import Holiday

    return list(Holiday.objects.values_list("on", flat=True))
