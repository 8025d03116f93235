"""How long and how far it is from place to place: the one question that plans of visits and territories ask.

A file of one's own is believed first, then the server of routes (what it said before, else it is asked and its answer kept),
then the great circle. Places are rounded to 0.0001 degrees (11 m) for file and server, so that a pair is found again.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import structlog
from django.db.models import Q, QuerySet
from msgspec import Struct

from customers.models import DataFile, DataFileState
from planning.engine.journeys import Band, Journeys, journeys_by_great_circle
from planning.engine.travel import Place
from planning.models import JourneyPair, PlanningSettings, RoutingServer, SpeedBand
from planning.routing import BLOCK, SECONDS, SERVERS, Table
from territory import clock
from territory.outside import Refused, Unreachable
from territory.rows import among
from territory.together import Prepared, prepared

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Journeys", "Place", "Roads", "journeys_between", "roads_print", "roads_questions"]

TRAVEL_TIMES = "travel_times"
SERVER, FILE = "server", "file"

# Roads change: what a server said longer ago is forgotten at night, and asked anew.
KEPT_FOR = dt.timedelta(days=180)
# All questions of one call to the server, and how long it is left alone after it failed.
ALL_SECONDS = 60.0
SILENT_SECONDS = 60.0
# Pairs a statement.
BATCH = 2_000

ROUNDED = 10_000
_ROW = 360 * ROUNDED + 1

logger = structlog.get_logger(__name__)
_silent_until: dict[int, float] = {}


def key_of(place: Place) -> int:
    """A place as one number."""
    return (round(place[0] * ROUNDED) + 90 * ROUNDED) * _ROW + round(place[1] * ROUNDED) + 180 * ROUNDED


def place_of(key: int) -> Place:
    """The place that a number stands for."""
    latitude, longitude = divmod(key, _ROW)
    return (latitude - 90 * ROUNDED) / ROUNDED, (longitude - 180 * ROUNDED) / ROUNDED


def journeys_between(origins: Sequence[Place], destinations: Sequence[Place]) -> Journeys:
    """Seconds and metres one way from every origin to every destination, each a known (latitude, longitude).

    Not to be asked within a transaction: a server may take a minute, and what it says is kept in the database.
    `source` names who says so, joined by + where several do; `fell_back` where a file or server is set up and does not
    know all pairs, so that some are from the great circle.
    """
    return Roads.current().between(origins, destinations)


class Roads(Struct, frozen=True):
    """Who is asked for journeys, read once for several questions: speeds and detour, the server of routes, the file in use."""

    bands: Sequence[Band]
    detour: float
    server: RoutingServer | None
    file: int | None

    @classmethod
    def current(cls) -> Roads:
        return cls(
            [
                Band(float(start), float(kmh))
                for start, kmh in SpeedBand.objects.order_by().values_list("from_km", "kmh")
            ],
            float(PlanningSettings.current().detour_factor),
            _servers().first(),
            _files().values_list("pk", flat=True).first(),
        )

    def between(self, origins: Sequence[Place], destinations: Sequence[Place]) -> Journeys:
        """As `journeys_between` has it."""
        plain = journeys_by_great_circle(origins, destinations, self.detour, self.bands)
        if (self.server is None and self.file is None) or not plain.seconds.size:
            return plain
        return _Known(origins, destinations, plain).told_by(self.server, self.file)


def _servers() -> QuerySet[RoutingServer]:
    return RoutingServer.objects.exclude(kind="").filter(pk=1)


def _files() -> QuerySet[DataFile]:
    return DataFile.objects.filter(kind=TRAVEL_TIMES, state=DataFileState.IN_USE)


def roads_questions() -> list[Prepared]:
    """What tells whether journeys are still as they were, to be asked together with others."""
    return [_detours(), _speeds(), _revisions(), _files_in_use()]


@prepared
def _detours() -> QuerySet:
    return PlanningSettings.objects.order_by().values_list("detour_factor", flat=True)


@prepared
def _speeds() -> QuerySet:
    return SpeedBand.objects.order_by("pk").values_list("pk", "version")


@prepared
def _revisions() -> QuerySet:
    return _servers().order_by().values_list("revision", flat=True)


@prepared
def _files_in_use() -> QuerySet:
    return _files().order_by("pk").values_list("pk", flat=True)


def roads_print(answers: Sequence[Sequence[object]]) -> list[list[str]]:
    """What `roads_questions` were answered, to be kept and compared."""
    return [[str(row) for row in rows] for rows in answers]


class _Pairs(NamedTuple):
    """What is known of each pair of different places; -1: nothing."""

    seconds: np.ndarray
    metres: np.ndarray


class _Known:
    """The journeys of one question, filled in from file and server."""

    def __init__(self, origins: Sequence[Place], destinations: Sequence[Place], plain: Journeys) -> None:
        import numpy as np

        self.plain = plain
        self.origins, self.rows = np.unique(np.array([key_of(place) for place in origins]), return_inverse=True)
        self.ends, self.columns = np.unique(np.array([key_of(place) for place in destinations]), return_inverse=True)
        size = len(self.origins), len(self.ends)
        self.seconds, self.metres = np.full(size, -1, dtype=np.int64), np.full(size, -1, dtype=np.int64)
        # One is where one is.
        same = self.origins[:, None] == self.ends[None, :]
        self.seconds[same] = self.metres[same] = 0
        self.sources: list[str] = []

    def told_by(self, server: RoutingServer | None, file: int | None) -> Journeys:
        """All that file and server know, the rest as the great circle has it."""
        import numpy as np

        self._read(server, file)
        if (
            server is not None
            and (self.seconds < 0).any()
            and time.monotonic() >= _silent_until.get(server.revision, 0)
        ):
            self._ask(server)
        seconds, metres = (found[np.ix_(self.rows, self.columns)] for found in (self.seconds, self.metres))
        missing = seconds < 0
        fell_back = bool(missing.any())
        sources = [*sorted(self.sources), *([self.plain.source] if fell_back or not self.sources else [])]
        return Journeys(
            np.where(missing, self.plain.seconds, seconds),
            np.where(metres < 0, self.plain.metres, metres),
            "+".join(sources),
            fell_back,
        )

    def _read(self, server: RoutingServer | None, file: int | None) -> None:
        """What is kept, in one statement: a file goes before a server."""
        wanted = Q(of=file) if file is not None else Q()
        if server is not None:
            wanted |= Q(revision=server.revision)
        pairs = JourneyPair.objects.filter(
            wanted, among("origin", self.origins.tolist()), among("destination", self.ends.tolist())
        )
        found = list(pairs.order_by().values_list("of", "origin", "destination", "seconds", "metres"))
        for source, rows in (
            (SERVER, [row[1:] for row in found if row[0] is None]),
            (FILE, [row[1:] for row in found if row[0] is not None]),
        ):
            self._put(source, rows)

    def _put(self, source: str, rows: Sequence[tuple[int, int, int, int | None]]) -> None:
        import numpy as np

        if not rows:
            return
        known = np.array([(start, end, time, -1 if far is None else far) for start, end, time, far in rows])
        at = np.searchsorted(self.origins, known[:, 0]), np.searchsorted(self.ends, known[:, 1])
        self.seconds[at], self.metres[at] = known[:, 2], known[:, 3]
        if source not in self.sources:
            self.sources.append(source)

    def _ask(self, server: RoutingServer) -> None:
        """Ask for what is missing, in blocks; the first that fails ends it, and the server is left alone for a while."""
        import numpy as np

        missing = self.seconds < 0
        rows, columns = (np.flatnonzero(missing.any(axis=axis)) for axis in (1, 0))
        until = time.monotonic() + ALL_SECONDS
        for top in range(0, len(rows), BLOCK):
            for left in range(0, len(columns), BLOCK):
                some, others = rows[top : top + BLOCK], columns[left : left + BLOCK]
                if not missing[np.ix_(some, others)].any():
                    continue
                try:
                    self._ask_block(server, some.tolist(), others.tolist(), until)
                except (Refused, Unreachable) as error:
                    _silent_until[server.revision] = time.monotonic() + SILENT_SECONDS
                    logger.warning("no answer from the server of routes", error=type(error).__name__)
                    return

    def _ask_block(self, server: RoutingServer, rows: list[int], columns: list[int], until: float) -> None:
        left = until - time.monotonic()
        if left <= 0:
            raise Unreachable
        origins, ends = self.origins[rows].tolist(), self.ends[columns].tolist()
        table = asked_of(
            server, [place_of(key) for key in origins], [place_of(key) for key in ends], min(left, SECONDS)
        )
        said = [
            (start, end, *cell)
            for start, line in zip(origins, table, strict=True)
            for end, cell in zip(ends, line, strict=True)
            if cell is not None and start != end
        ]
        known = {
            (self.origins[row], self.ends[column])
            for row in rows
            for column in columns
            if self.seconds[row, column] >= 0
        }
        new = [row for row in said if row[:2] not in known]
        self._put(SERVER, new)
        now = clock.now()
        JourneyPair.objects.bulk_create(
            (
                JourneyPair(
                    revision=server.revision, origin=start, destination=end, seconds=seconds, metres=metres, said_at=now
                )
                for start, end, seconds, metres in new
            ),
            batch_size=BATCH,
            ignore_conflicts=True,
        )


def asked_of(server: RoutingServer, origins: Sequence[Place], destinations: Sequence[Place], seconds: float) -> Table:
    """What the server of routes says; raises Refused or Unreachable."""
    return SERVERS[server.kind](server.address, server.spoken_profile, origins, destinations, seconds)


def be_heard_again() -> None:
    """Ask a server anew that did not answer a moment ago."""
    _silent_until.clear()
