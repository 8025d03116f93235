"""The three kinds of evidence of one line side by side, and the chance at the n-th touch with how many courses got that far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from msgspec import Struct

from accounts.models import User
from accounts.permissions import Act, Area, may_all
from planning.actions.evidence import ENGINE
from planning.engine.drift import Figure
from planning.models import EvidenceRun, TouchEvidence
from planning.queries.touch_values import Line
from territory.formats.numbers import number_text, percent_text
from territory.together import prepared

# Where selling should stop is not said of a touch that fewer courses reached.
FEWEST_COURSES = 10

# So many touches are shown: few courses get further, and the picture stays readable.
MOST_TOUCHES = 15


class EvidenceKind(Struct, frozen=True):
    """One way to say what a touch is worth. `figure` None: not known, and `note` says why."""

    name: str
    figure: Figure | None
    note: str


class NthRow(Struct, frozen=True):
    """Of courses that reached an n-th touch, how many it won; `value` is after the touch's cost (None: not the reader's)."""

    n: int
    reached: int
    wins: int
    chance: float
    low: float
    high: float
    value: float | None


class Kinds(Struct, frozen=True):
    """All of a line. `stops_at`: the touch from which on selling costs more than it brings, for who may see costs;
    `stop_rests_on`: the courses that reached it."""

    kinds: list[EvidenceKind]
    touches: list[NthRow]
    stops_at: int | None
    stop_rests_on: int
    finding: str
    reached_finding: str


@prepared
def chances_question(evidence: int) -> QuerySet:
    """The chances by n-th touch of a row of evidence, by its key."""
    return TouchEvidence.objects.filter(pk=evidence).values_list("chances", flat=True)


def kinds_of(user: User, line: Line, run: EvidenceRun, told: Sequence[Sequence[Mapping[str, Any]]]) -> Kinds | None:
    """Of the line's latest evidence, from the answer to `chances_question`; None without any. Values after costs only for
    who sees all costs."""
    found = line.evidence
    if found is None:
        return None
    chances = next(iter(told), [])
    sees_costs = may_all(user, Area.COST, Act.SEE)
    rows = [_row(each, sees_costs) for each in chances[:MOST_TOUCHES]]
    added: Mapping[str, Any] = run.samples.get(line.stage, {}).get("added", {})
    kinds = [
        _equal(found),
        _chance(found, sees_costs, run),
        _added(found, added, run),
    ]
    stop, courses = _stop(found, chances) if sees_costs else (None, 0)
    return Kinds(kinds, rows, stop, courses, _finding(rows), _reached_finding(rows))


def _stop(found: TouchEvidence, chances: Sequence[Mapping[str, Any]]) -> tuple[int | None, int]:
    """From which touch on selling costs more than it brings, where courses enough reached it, and how many did."""
    reached = next((row["reached"] for row in chances if row["n"] == found.stops_at), 0)
    return (found.stops_at, reached) if reached >= FEWEST_COURSES else (None, 0)


def _equal(found: TouchEvidence) -> EvidenceKind:
    if not found.touches:
        return EvidenceKind(_("Equal credit"), None, _("no course reached such a touch"))
    return EvidenceKind(
        _("Equal credit"), _figure(found.value, found.low, found.high), _("a win shared over its touches")
    )


def _figure(value: float | None, low: float | None, high: float | None) -> Figure | None:
    return None if value is None or low is None or high is None else Figure(value, low, high)


def _chance(found: TouchEvidence, sees_costs: bool, run: EvidenceRun) -> EvidenceKind:
    if found.chance is None:
        why = _("nothing was won: it cannot be told") if found.touches else _("no course reached such a touch")
        return EvidenceKind(_("Chance at the n-th touch"), None, _("from tonight on") if run.engine < ENGINE else why)
    share = percent_text(found.chance, 1)
    if not sees_costs:
        note = _("%(share)s of such touches win; what that is worth tells of costs") % {"share": share}
        return EvidenceKind(_("Chance at the n-th touch"), None, note)
    note = _("%(share)s of such touches win, less what a touch costs") % {"share": share}
    figure = _figure(found.chance_value, found.chance_low, found.chance_high)
    return EvidenceKind(_("Chance at the n-th touch"), figure, note)


def _added(found: TouchEvidence, said: Mapping[str, Any], run: EvidenceRun) -> EvidenceKind:
    figure = _figure(found.added_value, found.added_low, found.added_high)
    reasons = {
        "no wins": _("nothing was won: it cannot be told"),
        "only wins": _("everything was won: it cannot be told"),
        "no fit": _("the model found no answer"),
    }
    weeks = said.get("weeks", 0)
    rests = ngettext(
        "what one touch more adds, from %(n)s week of selling",
        "what one touch more adds, from %(n)s weeks of selling",
        weeks,
    ) % {"n": number_text(weeks)}
    late = _("from tonight on") if run.engine < ENGINE else _("not known")
    unknown = reasons.get(said.get("reason", ""), late)
    return EvidenceKind(_("Added chance"), figure, rests if figure else unknown)


def _row(row: Mapping[str, Any], sees_costs: bool) -> NthRow:
    names = ("n", "reached", "wins", "chance", "low", "high")
    return NthRow(*(row[name] for name in names), value=row["value"] if sees_costs else None)


def _finding(rows: Sequence[NthRow]) -> str:
    """What the curve shows, in one sentence."""
    if not rows:
        return ""
    best, last = max(rows, key=lambda row: row.chance), rows[-1]
    return _("The chance is highest at touch %(best)s (%(high)s); at touch %(last)s it is %(low)s.") % {
        "best": best.n,
        "high": percent_text(best.chance, 1),
        "last": last.n,
        "low": percent_text(last.chance, 1),
    }


def _reached_finding(rows: Sequence[NthRow]) -> str:
    if not rows:
        return ""
    return _("%(first)s courses had a first such touch, %(last)s reached touch %(n)s.") % {
        "first": number_text(rows[0].reached),
        "last": number_text(rows[-1].reached),
        "n": rows[-1].n,
    }


def left_out_words(run: EvidenceRun) -> str:
    """Touches that no figure counts, by reason: 15 touches: 3 in the future, 12 before the registration; 3 touches in the future."""
    reasons = {
        "future": _("%(n)s in the future"),
        "before": _("%(n)s before the customer's registration"),
        "outside": _("%(n)s while nothing was under way"),
        "repeats": _("%(n)s repeated on a day"),
    }
    counted = [(text, number) for name, text in reasons.items() if (number := run.left_out.get(name, 0))]
    if not counted:
        return ""
    whole = sum(number for _text, number in counted)
    if len(counted) == 1:
        return counted[0][0] % {"n": ngettext("%(n)s touch", "%(n)s touches", whole) % {"n": number_text(whole)}}
    parts = _(", ").join(text % {"n": number_text(number)} for text, number in counted)
    said = ngettext("%(n)s touch: %(parts)s", "%(n)s touches: %(parts)s", whole)
    return said % {"n": number_text(whole), "parts": parts}
