"""Calls beside the visits of a week: each in time that these leave free, on the day it is due or a later one."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from planning.engine.visits.week import Window

# A gap of fewer seconds is not worth beginning in.
SHORTEST = 900


class Call(NamedTuple):
    """Something to be done from anywhere: on which day it is due, and how many seconds it takes."""

    due_on: dt.date
    seconds: int


class Calls(NamedTuple):
    """So many calls one after the other."""

    window: Window
    number: int


def free_windows(works: Window, taken: Iterable[Window], shortest: int = 1) -> Iterator[Window]:
    """What is left of the hours of work, pieces of at least so many seconds."""
    at = works.opens
    for opens, closes in (*sorted(taken), Window(works.closes, works.closes)):
        if min(opens, works.closes) - at >= shortest:
            yield Window(at, min(opens, works.closes))
        at = max(at, closes)


def place_calls(days: Iterable[tuple[dt.date, Sequence[Window]]], calls: Iterable[Call]) -> dict[dt.date, list[Calls]]:
    """By day with free windows: the calls that fit, first those due first, each as early as it can be from its day on."""
    waiting = sorted(calls)
    found: dict[dt.date, list[Calls]] = {}
    for date, windows in days:
        for opens, closes in windows:
            at, number, later = opens, 0, []
            for call in waiting:
                if call.due_on <= date and at + call.seconds <= closes:
                    at, number = at + call.seconds, number + 1
                else:
                    later.append(call)
            waiting = later
            if number:
                found.setdefault(date, []).append(Calls(Window(opens, at), number))
    return found
