"""What budgets, workload and due lists of loan-calls must be: python3 oracle_loan_calls.py PREPARED RULES.json 2012-01-05

Written with pandas from the definitions alone (domain 2, 3.1 to 3.3), on the prepared files and the rules. It shares no
code with the product, and knows nothing of it. What the mappings assume holds here too: one team, everyone a
salesperson since ever with 36 hours a week for customers, owners since always, no places, no contacts, no absences.
"""

import json
import math
import sys
from pathlib import Path

import pandas as pd

ZONE = "Europe/Amsterdam"
ROLE = "Salesperson"
HOURS = 36
PERIOD_DAYS = {"day": 1, "week": 7, "month": 30.4375, "quarter": 91.3125, "year": 365.25}
PERIODS_PER_MONTH = {"day": 21.75, "week": 4.348, "month": 1, "quarter": 1 / 3, "year": 1 / 12}
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
DAY = pd.Timedelta(days=1)


def local_day(at: pd.Series) -> pd.Series:
    """The day of an instant in Amsterdam, as a midnight without zone."""
    return pd.to_datetime(at, utc=True).dt.tz_convert(ZONE).dt.tz_localize(None).dt.normalize()


class Oracle:
    """All figures as of a day."""

    def __init__(self, folder: Path, rules: dict, day: str) -> None:
        self.rules = rules
        self.day = pd.Timestamp(day)
        read = {
            name: pd.read_csv(folder / f"{name}.csv", dtype=str)
            for name in ("prospects", "owners", "orders", "touches", "lost", "agents")
        }
        self.agents = list(read["agents"]["agent"])
        self.owner = dict(zip(read["owners"]["prospect"], read["owners"]["agent"], strict=True))
        self.orders = self._won(read["orders"])
        self.touches = self._touches(read["touches"])
        self.customers = self._customers(read["prospects"], read["lost"])

    # --- Facts up to the day ---

    def _won(self, orders: pd.DataFrame) -> pd.DataFrame:
        won = orders[orders["status"] == "won"].copy()
        won["at"] = pd.to_datetime(won["closed_at"], utc=True)
        won["on"] = local_day(won["closed_at"])
        won["amount"] = won["amount"].astype(float)
        return won[won["on"] <= self.day].sort_values("at")

    def _touches(self, touches: pd.DataFrame) -> pd.DataFrame:
        frame = touches.copy()
        frame["at"] = pd.to_datetime(frame["started_at"], utc=True)
        frame["on"] = local_day(frame["started_at"])
        seconds = (pd.to_datetime(frame["ended_at"], utc=True) - frame["at"]).dt.total_seconds()
        frame["implausible"] = seconds > 8 * 3600
        frame["minutes"] = (seconds / 60).where(~frame["implausible"], 0.0)
        return frame[frame["on"] <= self.day]

    def _customers(self, prospects: pd.DataFrame, lost: pd.DataFrame) -> pd.DataFrame:
        """Stage, since when, and tier of everyone known on the day."""
        frame = pd.DataFrame({"prospect": prospects["prospect"], "since": local_day(prospects["registered_at"])})
        frame["potential"] = prospects["amount_requested"].astype(float)
        frame = frame[frame["since"] <= self.day]
        won_by = dict(iter(self.orders.groupby("prospect")))
        gone = pd.DataFrame(
            {
                "prospect": lost["prospect"],
                "at": pd.to_datetime(lost["lost_at"], utc=True),
                "on": local_day(lost["lost_at"]),
            }
        )
        gone_by = dict(iter(gone[gone["on"] <= self.day].groupby("prospect")))
        rows = [self._standing(row, won_by.get(row.prospect), gone_by.get(row.prospect)) for row in frame.itertuples()]
        return pd.DataFrame(rows).set_index("prospect")

    def _standing(self, row, won: pd.DataFrame | None, gone: pd.DataFrame | None) -> dict:
        events = []
        if won is not None:
            events += [(at, 1, "customer", on) for at, on in zip(won["at"], won["on"], strict=True)]
        if gone is not None:
            events += [(at, 2, "lost", on) for at, on in zip(gone["at"], gone["on"], strict=True)]
        history = self._history(row.since, sorted(events))
        stage, began = history[-1][1], history[-1][0]
        value = self._value(row, won, history, self.day)
        return {
            "prospect": row.prospect,
            "stage": stage,
            "began_at": began,
            "began_on": began.tz_convert(ZONE).tz_localize(None).normalize(),
            "tier": self._tier(value),
            "since": row.since,
            "potential": row.potential,
            "history": history,
        }

    def _history(self, since: pd.Timestamp, events: list) -> list:
        """Instants and the stages that begin there: prospect since ever, lapsed on the 365th day after the last order."""
        history = [(self._midnight(since), "prospect")]
        last_won = None
        for at, _rank, stage, on in [*events, (self._midnight(self.day + DAY), 9, "", self.day + DAY)]:
            if last_won is not None and history[-1][1] == "customer" and self._midnight(last_won + 365 * DAY) <= at:
                lapses = self._midnight(last_won + 365 * DAY)
                if lapses < self._midnight(self.day + DAY):
                    history.append((lapses, "lapsed"))
            if stage == "customer":
                last_won = on
            if stage and stage != history[-1][1]:
                history.append((at, stage))
        return history

    def _midnight(self, day: pd.Timestamp) -> pd.Timestamp:
        return day.tz_localize(ZONE).tz_convert("UTC")

    def _value(self, row, won: pd.DataFrame | None, history: list, day: pd.Timestamp) -> float:
        """The yearly value that the tier of a day rests on: orders closed before that day, potential noted by it."""
        ends = self._midnight(day + DAY)
        stage, began = next((stage, at) for at, stage in reversed(history) if at < ends)
        before = won[won["on"] < day] if won is not None else pd.DataFrame({"on": [], "amount": []})
        if stage == "lost":
            first = began.tz_convert(ZONE).tz_localize(None).normalize()
            return row.potential if first <= row.since else self._value(row, won, history, first - DAY)
        if stage == "prospect" or before.empty:
            return row.potential
        if stage == "lapsed":
            return self._earned(row, before, before["on"].max() + DAY)
        return self._earned(row, before, day)

    def _earned(self, row, before: pd.DataFrame, day: pd.Timestamp) -> float:
        year = before[(before["on"] >= day - 365 * DAY) & (before["on"] < day)]["amount"].sum()
        return max(year, row.potential) if (day - before["on"].min()).days < 365 else year

    def _tier(self, value: float) -> str:
        tiers = sorted(((float(row["lower_bound"]), row["name"]) for row in self.rules["tiers"]), reverse=True)
        return next((name for bound, name in tiers if bound <= value), tiers[-1][1])

    # --- Activity goals ---

    def goals(self, touch_type: str, count: int, since: str) -> pd.DataFrame:
        """person, starts, goal, asked, done of each week with a day since then, for the same goal of everyone a week."""
        made = self.touches[(self.touches["activity"] == touch_type) & self.touches["agent"].notna()]
        histories = self.customers["history"].to_dict()
        prospects = [
            next((stage for began, stage in reversed(histories.get(name, [])) if began <= at), None) == "prospect"
            for name, at in zip(made["prospect"], made["at"], strict=True)
        ]
        made = made[prospects]
        weeks = made["on"] - pd.to_timedelta(made["on"].dt.dayofweek, unit="D")
        done = made.groupby([made["agent"], weeks]).size().to_dict()
        first = pd.Timestamp(since)
        mondays = pd.date_range(first - first.dayofweek * DAY, self.day, freq="7D")
        holidays = {pd.Timestamp(row["on"]) for row in self.rules["holidays"]}
        names = self.rules["working_days"]
        rows = []
        for monday in mondays:
            days = [monday + n * DAY for n, name in enumerate(WEEKDAYS) if name in names]
            worked = [day for day in days if day not in holidays]
            asked = math.floor(count * len(worked) / len(days) + 0.5)
            rows += [(agent, str(monday.date()), count, asked, done.get((agent, monday), 0)) for agent in self.agents]
        return pd.DataFrame(rows, columns=["person", "starts", "goal", "asked", "done"])

    # --- Budgets ---

    def _rules_of(self, customer) -> list[dict]:
        return [r for r in self.rules["contact_rules"] if r["tier"] == customer.tier and r["stage"] == customer.stage]

    def _order_minutes(self, role: str, tier: str) -> float:
        own = [r for r in self.rules["order_rules"] if r["role"] == role and r["tier"] == tier]
        every = [r for r in self.rules["order_rules"] if r["role"] == role and r["tier"] is None]
        return float((own or every or [{"minutes": 0}])[0]["minutes"])

    def budgets(self) -> pd.DataFrame:
        """customer, role, minutes, touch_minutes, travel_minutes, other_minutes, actual, status."""
        year = self.orders[self.orders["on"] > self.day - 365 * DAY]
        per_month = year.groupby("prospect").size() / 12
        by_customer = dict(iter(self.touches.groupby("prospect")))
        roles = {r["role"] for r in self.rules["contact_rules"]} | {r["role"] for r in self.rules["order_rules"]}
        found = []
        for customer in self.customers.itertuples():
            touches = by_customer.get(customer.Index)
            rules = self._rules_of(customer)
            for role in roles:
                own = [r for r in rules if r["role"] == role]
                if customer.stage in ("lapsed", "lost") and not own:
                    continue
                touch = sum(r["count"] * PERIODS_PER_MONTH[r["period"]] * r["minutes"] for r in own)
                other = per_month.get(customer.Index, 0.0) * self._order_minutes(role, customer.tier)
                if touch + other > 0:
                    actual, status = self._actual(customer, role, own, touches, touch + other)
                    found.append((customer.Index, role, touch + other, touch, 0.0, other, actual, status))
        columns = [
            "customer",
            "role",
            "minutes",
            "touch_minutes",
            "travel_minutes",
            "other_minutes",
            "actual",
            "status",
        ]
        return pd.DataFrame(found, columns=columns)

    def _actual(self, customer, role: str, own: list[dict], touches: pd.DataFrame | None, budget: float) -> tuple:
        longest = max((PERIOD_DAYS[r["period"]] / r["count"] for r in own), default=0)
        first = max(self.day - (max(90, math.ceil(longest)) - 1) * DAY, customer.began_on)
        days = (self.day - first).days + 1
        if days < 30:
            return None, "too early"
        minutes = 0.0
        if touches is not None and role == ROLE:
            within = touches[(touches["on"] >= first) & (touches["at"] >= customer.began_at) & touches["agent"].notna()]
            minutes = within["minutes"].sum()
        actual = minutes * 30.4375 / days
        settings = self.rules["settings"]
        if actual > float(settings["over_served_above"]) * budget:
            return actual, "over"
        return actual, "under" if actual < float(settings["under_served_below"]) * budget else "as planned"

    # --- Due ---

    def _is_working(self, day: pd.Timestamp) -> bool:
        holidays = {pd.Timestamp(row["on"]) for row in self.rules["holidays"]}
        return WEEKDAYS[day.weekday()] in self.rules["working_days"] and day not in holidays

    def _worth(self, touch_type: str, tier: str, stage: str) -> float:
        side = "customer" if stage == "customer" else "prospect"
        rows = [v for v in self.rules["touch_values"] if v["touch_type"] == touch_type and v["stage"] == side]
        rows = [v for v in rows if pd.Timestamp(v["starts_on"]) <= self.day]
        latest: dict[str, tuple[str, float]] = {}
        for value in rows:
            latest[value["tier"]] = max(
                latest.get(value["tier"], ("", 0.0)), (value["starts_on"], float(value["amount"]))
            )
        if tier in latest:
            return latest[tier][1]
        return sum(amount for _start, amount in latest.values()) / len(latest) if latest else 0.0

    def due(self) -> pd.DataFrame:
        """customer, touch_type, role, person, due, overdue_days, score."""
        last_by_agent = self.touches.groupby(["prospect", "activity"])["on"].max()
        found = []
        for customer in self.customers.itertuples():
            owner = self.owner.get(customer.Index)
            for rule in self._rules_of(customer):
                interval = PERIOD_DAYS[rule["period"]] / rule["count"]
                # Everyone who touches is a salesperson or unknown, so every touch of the type counts: for salespeople as
                # their own, for other roles because nobody is assigned in them.
                last = last_by_agent.get((customer.Index, rule["touch_type"]))
                due = customer.began_on if last is None else last + max(1, math.floor(interval + 0.5)) * DAY
                while not self._is_working(due):
                    due += DAY
                overdue = (self.day - due).days
                urgency = min(3.0, max(0.0, 1 + overdue / interval))
                worth = self._worth(rule["touch_type"], rule["tier"], rule["stage"])
                score = worth * urgency / max(1.0, float(rule["minutes"]))
                found.append(
                    (customer.Index, rule["touch_type"], rule["role"], owner, due.date().isoformat(), overdue, score)
                )
        return pd.DataFrame(found, columns=["customer", "touch_type", "role", "person", "due", "overdue_days", "score"])

    # --- Workload ---

    def workload(self) -> pd.DataFrame:
        """person (None: unstaffed), week, workload_minutes, prospecting, keeping, travel, team, set_aside, capacity, load."""
        budgets = self.budgets()
        budgets["prospecting"] = budgets["customer"].map(self.customers["stage"]) == "prospect"
        owner = budgets["customer"].map(self.owner)
        budgets["person"] = owner.where(budgets["role"] == ROLE)
        load = next((float(r["minutes"]) for r in self.rules["team_loads"] if r["role"] == ROLE), 0.0)
        team = load * (len(self.agents) - 1) / 4.348
        monday = self.day - self.day.weekday() * DAY
        found = []
        for person in [*self.agents, None]:
            own = budgets[budgets["person"] == person] if person else budgets[budgets["person"].isna()]
            prospecting = own[own["prospecting"]]["minutes"].sum() / 4.348
            keeping = own[~own["prospecting"]]["minutes"].sum() / 4.348
            for week in range(8):
                first = monday + 7 * week * DAY
                total = prospecting + keeping + (team if person else 0.0)
                present = sum(self._is_working(first + n * DAY) for n in range(7))
                capacity = HOURS * 60 * present / len(self.rules["working_days"]) if person else None
                parts = (total, prospecting, keeping, 0.0, team if person else 0.0, 0.0)
                found.append(
                    (person, first.date().isoformat(), *parts, capacity, total / capacity if capacity else None)
                )
        columns = [
            "person", "week", "workload_minutes", "prospecting", "keeping", "travel", "team", "set_aside", "capacity_minutes", "load",
        ]  # fmt: skip
        return pd.DataFrame(found, columns=columns)

    # --- Rhythm ---

    def spells(self, first: pd.Timestamp) -> pd.DataFrame:
        """Days from `first` on, both ends counted, by customer, stage and tier; these only change after orders and losses."""
        won_by = dict(iter(self.orders.groupby("prospect")))
        rows = []
        for customer in self.customers.itertuples():
            won = won_by.get(customer.Index)
            moved = [at.tz_convert(ZONE).tz_localize(None).normalize() for at, _stage in customer.history]
            after = [] if won is None else [on + DAY for on in won["on"]]
            begins = max(first, moved[0])
            cuts = sorted({begins, *(day for day in [*moved, *after] if begins < day <= self.day)})
            for day, following in zip(cuts, [*cuts[1:], self.day + DAY], strict=True):
                ends = self._midnight(day + DAY)
                stage = next(stage for at, stage in reversed(customer.history) if at < ends)
                tier = self._tier(self._value(customer, won, customer.history, day))
                rows.append((customer.Index, stage, tier, day, following - DAY))
        return pd.DataFrame(rows, columns=["prospect", "stage", "tier", "first", "last"])

    def rhythm(self, window: int = 90) -> pd.DataFrame:
        """tier, stage, role, type, interval, asked, made, adherence, kept_median: of each rule, in so many days.

        Everyone who touches is a salesperson or unknown and owners never change, so every touch counts for every rule.
        """
        first = self.day - (window - 1) * DAY
        spells = self.spells(first)
        touches = self.touches[self.touches["on"] >= first].merge(spells, on="prospect")
        touches = touches[touches["on"].between(touches["first"], touches["last"])].sort_values("at")
        days = pd.Series(pd.date_range(first, self.day))
        working = days[[self._is_working(day) for day in days]].to_numpy()
        found = []
        for rule in self.rules["contact_rules"]:
            interval = PERIOD_DAYS[rule["period"]] / rule["count"]
            own = spells[(spells["tier"] == rule["tier"]) & (spells["stage"] == rule["stage"])]
            number = (own["last"] - own["first"]).dt.days + 1
            if rule["period"] == "day":
                before, until = (
                    working.searchsorted(own[end].to_numpy(), side=side)
                    for end, side in (("first", "left"), ("last", "right"))
                )
                number = pd.Series(until - before, index=own.index)
            asked = number.groupby(own["prospect"]).sum() / interval
            made = touches[(touches["tier"] == rule["tier"]) & (touches["stage"] == rule["stage"])]
            made = made[made["activity"] == rule["touch_type"]]
            count = made.groupby("prospect").size().reindex(asked.index, fill_value=0)
            sums = asked.sum(), count.clip(upper=asked).sum()
            gaps = made.groupby("prospect")["on"].diff().dt.days
            key = (rule["tier"], rule["stage"], rule["role"], rule["touch_type"])
            found.append(
                (
                    *key,
                    interval,
                    *sums,
                    sums[1] / sums[0] if sums[0] else None,
                    gaps.median() if gaps.notna().any() else None,
                )
            )
        columns = ["tier", "stage", "role", "type", "interval", "asked", "made", "adherence", "kept_median"]
        return pd.DataFrame(found, columns=columns)

    def courses(self) -> pd.DataFrame:
        """Everyone's attempt to win: how it ended, the tier of its first day, and how many touches it had until then."""
        frame = self.customers.reset_index()
        ends = [row[1] if len(row) > 1 else (pd.NaT, "open") for row in frame["history"]]
        courses = pd.DataFrame(
            {
                "prospect": frame["prospect"],
                "tier": [self._tier(potential) for potential in frame["potential"]],
                "began": [row[0][0] for row in frame["history"]],
                "ended": pd.Series([at for at, _stage in ends], dtype="datetime64[us, UTC]"),
                "outcome": [{"customer": "won"}.get(stage, stage) for _at, stage in ends],
            }
        )
        made = self.touches.merge(courses, on="prospect")
        made = made[(made["at"] >= made["began"]) & (made["ended"].isna() | (made["at"] <= made["ended"]))]
        courses["touches"] = courses["prospect"].map(made.groupby("prospect").size()).fillna(0).astype(int)
        return courses

    def touches_to_customer(self) -> pd.DataFrame:
        """By tier, and over all without one: at risk and share won after n touches, lost a competing end."""
        courses = self.courses()
        found = []
        for tier in [*sorted(courses["tier"].unique()), None]:
            own = courses if tier is None else courses[courses["tier"] == tier]
            still, share = 1.0, 0.0
            for n in range(own["touches"].max() + 1):
                at_risk = (own["touches"] >= n).sum()
                ending = own[own["touches"] == n]["outcome"].value_counts()
                share += still * ending.get("won", 0) / at_risk
                still *= 1 - (ending.get("won", 0) + ending.get("lost", 0)) / at_risk
                found.append((tier, n, at_risk, share))
        return pd.DataFrame(found, columns=["tier", "n", "at_risk", "won_share"])

    def standing(self) -> dict[str, int]:
        """Customers by stage."""
        return self.customers.groupby("stage").size().to_dict()


if __name__ == "__main__":
    oracle = Oracle(Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text()), sys.argv[3])
    for frame in (oracle.budgets(), oracle.due(), oracle.workload()):
        sys.stdout.write(frame.to_string(max_rows=40) + "\n")
    sys.stdout.write(f"{oracle.standing()}\n")
