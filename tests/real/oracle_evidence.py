"""What evidence on the touches of loan-calls must be, with pandas from the definitions alone (domain 3.1); shares no code.

Each prospect has one selling course: from the first instant of the day it was registered to its first won order or to lost.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from tests.real.oracle_loan_calls import local_day

FEWEST_WINS, PRIOR = 10, 30


class EvidenceOracle:
    """As of a day; no course has ended 365 days ago, so the sample is of the last 730 days."""

    def __init__(self, folder: Path, rules: dict, day: str) -> None:
        read = {
            name: pd.read_csv(folder / f"{name}.csv", dtype=str) for name in ("prospects", "orders", "touches", "lost")
        }
        self.day = pd.Timestamp(day)
        self.bounds = sorted(((float(row["lower_bound"]), row["name"]) for row in rules["tiers"]), reverse=True)
        self.courses = self._courses(read)
        self.touches = self._touches(read["touches"])

    def _tier(self, amount: float) -> str:
        return next(name for bound, name in self.bounds if amount >= bound)

    def _courses(self, read: dict[str, pd.DataFrame]) -> pd.DataFrame:
        """By prospect: tier, outcome, end and business."""
        frame = read["prospects"].set_index("prospect")
        frame["since"] = local_day(frame["registered_at"])
        frame = frame[frame["since"] <= self.day]
        frame["tier"] = frame["amount_requested"].astype(float).map(self._tier)
        orders = read["orders"][read["orders"]["status"] == "won"].copy()
        orders = orders[local_day(orders["closed_at"]) <= self.day]
        orders["closed_at"] = pd.to_datetime(orders["closed_at"], utc=True)
        orders["amount"] = orders["amount"].astype(float)
        lost = read["lost"][local_day(read["lost"]["lost_at"]) <= self.day]
        frame["won_at"] = orders.groupby("prospect")["closed_at"].min()
        frame["business"] = orders.groupby("prospect")["amount"].sum()
        frame["lost_at"] = pd.to_datetime(lost.groupby("prospect")["lost_at"].min(), utc=True)
        frame["won"] = frame["won_at"].notna() & ~(frame["lost_at"] < frame["won_at"])
        frame["ended_at"] = frame["won_at"].where(frame["won"], frame["lost_at"])
        frame["business"] = frame["business"].where(frame["won"], 0.0)
        frame["began_at"] = frame["since"].dt.tz_localize("Europe/Amsterdam").dt.tz_convert("UTC")
        return frame.sort_index()

    def _touches(self, touches: pd.DataFrame) -> pd.DataFrame:
        """Those within their course, numbered by type."""
        frame = touches.drop(columns="ended_at").join(
            self.courses[["tier", "won", "business", "began_at", "ended_at"]], on="prospect", how="inner"
        )
        frame["at"] = pd.to_datetime(frame["started_at"], utc=True)
        frame = frame[local_day(frame["started_at"]) <= self.day]
        frame = frame[(frame["at"] >= frame["began_at"]) & ~(frame["at"] > frame["ended_at"])]
        frame = frame.sort_values(["at", "touch"])
        frame["n"] = frame.groupby(["prospect", "activity"]).cumcount() + 1
        return frame

    @property
    def ended(self) -> pd.DataFrame:
        return self.courses[self.courses["ended_at"].notna()]

    @property
    def made(self) -> pd.DataFrame:
        """The touches of ended courses; `is_last`: no other of its type came before the end."""
        made = self.touches[self.touches["ended_at"].notna()].copy()
        made["is_last"] = made["n"] == made.groupby(["prospect", "activity"])["n"].transform("max")
        return made

    def nth_touch(self) -> pd.DataFrame:
        made = self.made
        made["wins"] = made["won"] & made["is_last"]
        found = made.groupby(["activity", "tier", "n"])["wins"].agg(reached="size", wins="sum").reset_index()
        over_all = found.groupby(["activity", "n"])[["reached", "wins"]].transform("sum")
        rate = over_all["wins"] / over_all["reached"]
        found["chance"] = (found["wins"] + PRIOR * rate) / (found["reached"] + PRIOR)
        return found.rename(columns={"activity": "type"})

    def equal_credit(self) -> pd.DataFrame:
        """By type and tier: value and interval, those over all tiers where wins are too few."""
        made = self.made
        made["credit"] = (made["business"] * made["won"]) / made.groupby("prospect")["touch"].transform("size")
        keys, tiers = self.ended.index, [name for _bound, name in self.bounds]
        drawn = np.random.Generator(np.random.PCG64(1)).multinomial(len(keys), np.full(len(keys), 1 / len(keys)), 1000)
        rows = []
        for activity, of_type in made.groupby("activity"):
            for tier in tiers:
                own = of_type[of_type["tier"] == tier]
                wins = own[own["won"]]["prospect"].nunique()
                used = own if wins >= FEWEST_WINS else of_type
                by_course = used.groupby("prospect")["credit"].agg(["sum", "size"]).reindex(keys, fill_value=0)
                with np.errstate(invalid="ignore"):
                    values = (drawn @ by_course["sum"].to_numpy()) / (drawn @ by_course["size"].to_numpy())
                low, high = np.nanpercentile(values, [10, 90])
                rows.append(
                    (
                        activity,
                        tier,
                        used["credit"].sum() / len(used),
                        low,
                        high,
                        len(own),
                        wins,
                        int(wins < FEWEST_WINS),
                    )
                )
        columns = ["type", "tier", "equal_credit", "low", "high", "touches", "wins", "pooled"]
        return pd.DataFrame(rows, columns=columns)

    def credited(self) -> tuple[float, float]:
        """The business of those won with touches, all of which is credit, and of those without any."""
        touched = self.courses.index.isin(self.touches["prospect"].unique())
        return self.courses.loc[touched, "business"].sum(), self.courses.loc[~touched, "business"].sum()
