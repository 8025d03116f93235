"""Whom to ask for roads, and what is forgotten of what was said."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from planning.actions.rules import store_setting
from planning.loaders.journeys import KEPT_FOR, be_heard_again
from planning.models import JourneyPair, RoutingServer
from territory.again import give_way

# Rows a statement.
BATCH = 5_000


@transaction.atomic
def save_routing_server(*, row: RoutingServer, version: int | None, actor: User) -> RoutingServer:
    """Store whom to ask, as shown at `version`; raises Conflict. What was said so far counts no more."""
    row.revision = RoutingServer.objects.filter(pk=1).values_list("revision", flat=True).first() or 0
    row.revision += 1
    store_setting(row, None if row._state.adding else version, actor, "")
    be_heard_again()
    return row


def forget_old_journeys(now: dt.datetime) -> int:
    """What was said half a year ago, or by a server that is asked no more; returns how many."""
    revision = RoutingServer.objects.filter(pk=1).values_list("revision", flat=True).first() or 0
    old = Q(of__isnull=True) & (~Q(revision=revision) | Q(said_at__lt=now - KEPT_FOR))
    return forget_pairs(old)


def forget_pairs(condition: Q) -> int:
    """In pieces, so that others may write in between."""
    forgotten = 0
    while keys := list(JourneyPair.objects.filter(condition).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        JourneyPair.objects.filter(condition, pk__lte=keys[-1])._raw_delete("default")
        forgotten += len(keys)
        give_way()
    return forgotten
