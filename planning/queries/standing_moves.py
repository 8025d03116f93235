"""Who moved between stages and tiers when: every beginning of a period after the one before it (domain 3.6)."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, TextChoices
from django.db.models.functions import ExtractMonth, ExtractYear
from django.utils.translation import gettext_lazy as _

from customers.models import Stage, StagePeriod, TierPeriod
from customers.scope import EVERYTHING
from territory.together import prepared


class Move(TextChoices):
    """What happened to a customer. Each beginning of a stage is exactly one of the first five."""

    NEW = "new", _("new prospects")
    WON = "won", _("became customers")
    BACK = "back", _("came back")
    LAPSED = "lapsed", _("lapsed")
    LOST = "lost", _("lost")
    UP = "up", _("up a tier")
    DOWN = "down", _("down a tier")

    @property
    def is_of_tiers(self) -> bool:
        return self in (Move.UP, Move.DOWN)


def stage_move(stage: str, before: str | None) -> Move:
    """What the beginning of a stage after another (None: nothing) is."""
    if stage == Stage.LAPSED:
        return Move.LAPSED
    if stage == Stage.LOST:
        return Move.LOST
    if before is None and stage == Stage.PROSPECT:
        return Move.NEW
    return Move.WON if before in (None, Stage.PROSPECT) else Move.BACK


# The same as a condition on the beginning of a stage with the one `before` it.
_IS: dict[Move, Q] = {
    Move.NEW: Q(stage=Stage.PROSPECT, before__isnull=True),
    Move.WON: Q(stage=Stage.CUSTOMER) & (Q(before__isnull=True) | Q(before=Stage.PROSPECT)),
    Move.BACK: Q(stage__in=(Stage.PROSPECT, Stage.CUSTOMER), before__in=(Stage.LAPSED, Stage.LOST)),
    Move.LAPSED: Q(stage=Stage.LAPSED),
    Move.LOST: Q(stage=Stage.LOST),
    Move.UP: Q(tier__position__lt=F("place_before")),
    Move.DOWN: Q(tier__position__gte=F("place_before")),
}


def stage_moves(seen: Q, since: dt.datetime, until: dt.datetime, move: Move | None = None) -> QuerySet[StagePeriod]:
    """Beginnings of stages from an instant to before another, each with the stage `before`; of one kind, if one is named.

    `seen` is a condition on rows with a `customer`.
    """
    rows = StagePeriod.objects.filter(_live(seen), began_at__gte=since, began_at__lt=until)
    earlier = StagePeriod.objects.filter(customer=OuterRef("customer"), began_at__lt=OuterRef("began_at"))
    rows = rows.annotate(before=Subquery(earlier.order_by("-began_at").values("stage")[:1]))
    return rows.filter(_IS[move]) if move else rows


def tier_moves(seen: Q, first: dt.date, last: dt.date, move: Move | None = None) -> QuerySet[TierPeriod]:
    """Beginnings of another tier from a day to a day, with the place of the one before; up or down, if that is named."""
    rows = TierPeriod.objects.filter(_live(seen), starts_on__gte=first, starts_on__lte=last, tier__isnull=False)
    earlier = TierPeriod.objects.filter(customer=OuterRef("customer"), starts_on__lt=OuterRef("starts_on"))
    rows = rows.annotate(place_before=Subquery(earlier.order_by("-starts_on").values("tier__position")[:1]))
    return rows.filter(_IS[move], place_before__isnull=False) if move else rows


@prepared
def stage_moves_by_month(seen: Q, since: dt.datetime, until: dt.datetime, zone: ZoneInfo) -> QuerySet:
    """(year, month, stage, stage before, how many), months in the company's zone."""
    year, month = ExtractYear("began_at", tzinfo=zone), ExtractMonth("began_at", tzinfo=zone)
    rows = stage_moves(seen, since, until).annotate(year=year, month=month)
    return rows.order_by().values_list("year", "month", "stage", "before").annotate(Count("pk"))


@prepared
def tier_moves_by_month(seen: Q, first: dt.date, last: dt.date) -> QuerySet:
    """(year, month, place of the tier, place before or None, how many); 1 is the highest."""
    rows = tier_moves(seen, first, last).annotate(year=ExtractYear("starts_on"), month=ExtractMonth("starts_on"))
    return rows.order_by().values_list("year", "month", "tier__position", "place_before").annotate(Count("pk"))


def _live(seen: Q) -> Q:
    live = Q(customer__archived_at__isnull=True)
    return live if seen == EVERYTHING else live & seen
