"""The heart-beat of the process that gives the ticks: when it last gave one, where every other process can read it."""

import time

import structlog
from django.db import DatabaseError, close_old_connections

from territory import clock
from territory.jobs.models import Heartbeat

EVERY_SECONDS = 30.0

logger = structlog.get_logger(__name__)


class Heart:
    """Beats when a tick was given, at most every EVERY_SECONDS. A database that is away stops no tick."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._rests_until = 0.0

    def beat(self, **_signal: object) -> None:
        """Write it down."""
        if time.monotonic() < self._rests_until:
            return
        self._rests_until = time.monotonic() + EVERY_SECONDS
        close_old_connections()
        try:
            Heartbeat.objects.update_or_create(name=self._name, defaults={"at": clock.now()})
        except DatabaseError as error:
            logger.warning("heart-beat not written", error=type(error).__name__)
