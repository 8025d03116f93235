"""Files of travel times: from, to, minutes, kilometres, by external id of a customer or person, or by latitude and longitude."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from customers import data_files
from customers.imports.errors import CouldNot
from customers.models import Customer, DataFile
from customers.towns.reading import Problem, Text, degrees, table_of
from planning.actions.travel import forget_pairs
from planning.engine.travel import Place
from planning.loaders.journeys import TRAVEL_TIMES, key_of
from planning.models import JourneyPair
from planning.routing import MOST_METRES, MOST_SECONDS

# A matrix of 500 places; all of it is held in the worker's memory while it is read.
MOST_PAIRS = 250_000

COLUMNS = {
    "from": ("from", "origin", "start"),
    "to": ("to", "destination", "end"),
    "minutes": ("minutes", "min", "duration"),
    "km": ("km", "kilometres", "kilometers", "distance"),
}
REQUIRED = ("from", "to", "minutes")


class Pair(NamedTuple):
    origin: int
    destination: int
    seconds: int
    metres: int | None


def register() -> None:
    data_files.KINDS[TRAVEL_TIMES] = data_files.Kind(rows=pairs_of, keep=_keep, forget=_forget, options=("both_ways",))


def pairs_of(text: Text, file: DataFile) -> Iterator[Pair | Problem]:
    """The pairs of a file and what is wrong with other rows; with `both_ways` a pair counts back too unless that way is given."""
    lines = text.lines()
    first = next(lines, "")
    if not first.strip():
        raise CouldNot(_("The file is empty."))
    rows, position, named = table_of(first, lines, COLUMNS, REQUIRED)
    places = _places()
    seen: dict[tuple[int, int], tuple[int, int | None]] = {}
    for number, cells in rows:
        try:
            pair = _pair({name: cells[at] for name, at in position.items()}, places)
            if pair[:2] in seen:
                raise ValueError("to", _("this pair stands above already"))
        except ValueError as error:
            yield Problem(number, named.get(error.args[0], error.args[0]), error.args[1])
            continue
        seen[pair[:2]] = pair[2:]
        if len(seen) > MOST_PAIRS:
            raise CouldNot(_("The file has more than %(most)d pairs.") % {"most": MOST_PAIRS})
        yield pair
    if file.options.get("both_ways"):
        for (origin, destination), said in seen.items():
            if (destination, origin) not in seen:
                yield Pair(destination, origin, *said)


def _places() -> dict[str, Place | None]:
    """Where customers and people's bases are, by external id; None where two have the same, or nobody knows the place."""
    found: dict[str, Place | None] = {}
    customers = Customer.objects.live().filter(external_id__isnull=False)
    people = User.objects.filter(external_id__isnull=False)
    for rows in (
        customers.values_list("external_id", "latitude", "longitude"),
        people.values_list("external_id", "base_latitude", "base_longitude"),
    ):
        for name, latitude, longitude in rows.iterator():
            found[name] = None if name in found or latitude is None else (latitude, longitude)
    return found


def _pair(cells: dict[str, str], places: dict[str, Place | None]) -> Pair:
    """ValueError with the column and the reason."""
    origin, destination = (key_of(_place(cells[name], name, places)) for name in ("from", "to"))
    if origin == destination:
        raise ValueError("to", _("is the same place"))
    seconds = _number(cells["minutes"], "minutes", 60, MOST_SECONDS)
    metres = _number(cells["km"], "km", 1000, MOST_METRES) if cells.get("km") else None
    return Pair(origin, destination, seconds, metres)


def _place(text: str, column: str, places: dict[str, Place | None]) -> Place:
    if text in places:
        place = places[text]
        if place is None:
            raise ValueError(
                column, _("the place of “%(text)s” is not known, or two have this id") % {"text": text[:40]}
            )
        return place
    latitude, comma, longitude = text.partition(",")
    if not comma:
        raise ValueError(
            column, _("“%(text)s” is neither an external id nor a place like 53.959, -1.082") % {"text": text[:40]}
        )
    return degrees(latitude, column, 90), degrees(longitude, column, 180)


def _number(text: str, column: str, unit: int, most: int) -> int:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        raise ValueError(column, _("“%(text)s” is no number") % {"text": text[:40]}) from None
    if not 0 <= value * unit <= most:
        raise ValueError(column, _("%(text)s is below 0 or too large") % {"text": text[:40]})
    return round(value * unit)


def _keep(file: DataFile, pairs: Sequence[Pair]) -> int:
    rows = [
        JourneyPair(
            of=file,
            origin=pair.origin,
            destination=pair.destination,
            seconds=pair.seconds,
            metres=pair.metres,
            said_at=file.asked_at,
        )
        for pair in pairs
    ]
    with transaction.atomic():
        JourneyPair.objects.bulk_create(rows, batch_size=2_000)
    return len(rows)


def _forget(files: Sequence[int]) -> None:
    forget_pairs(Q(of__in=list(files)))
