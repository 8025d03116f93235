"""Plans of visits in words."""

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from planning.actions.visit_moves import Accepted, Broke, Change
from territory.formats.numbers import number_text


def length_text(seconds: float) -> str:
    """A length of time: 40 min, 1 h 45 min, 2 h."""
    minutes = round(seconds / 60)
    hours, rest = divmod(minutes, 60)
    if not hours:
        return _("%(n)d min") % {"n": minutes}
    return _("%(h)d h %(n)d min") % {"h": hours, "n": rest} if rest else _("%(h)d h") % {"h": hours}


def km_text(metres: float) -> str:
    """A way: 33 km; below 1 km 0.4 km."""
    km = metres / 1000
    return _("%(n)s km") % {"n": f"{km:.1f}" if 0 < km < 1 else number_text(round(km))}


def broken_words(wish: str, seconds: float) -> str:
    """A wish that is not kept."""
    length = length_text(-(-seconds // 60) * 60)
    words = {
        "hours": _("%(n)s too late for their visiting hours") if seconds else _("they receive nobody on this day"),
        "time": _("%(n)s later than agreed"),
        "day": _("not on the day it is planned for"),
        "home": _("back %(n)s after the end of work"),
        "lunch": _("lunch is not possible in time"),
        "busy": _("you are busy then"),
    }
    return words.get(wish, wish) % {"n": length}


WHY = {
    "no place": lambda: _("nobody knows where it is"),
    "closed": lambda: _("they receive nobody on the days to come"),
    "agreed": lambda: _("was agreed, but is not possible"),
    "too little": lambda: _("brings too little for the drive"),
    "no time": lambda: _("no time left for it"),
    "by hand": lambda: _("taken out by hand"),
}


def why_words(why: str) -> str:
    """Why a visit is not in the plan."""
    return WHY[why]() if why in WHY else ""


def change_words(change: Change) -> str:
    """What a change did: minutes and kilometres, then what is not kept."""
    minutes, km = round(change.seconds / 60), change.metres / 1000
    parts = []
    if minutes:
        parts.append(
            _("%(n)d min more driving") % {"n": minutes}
            if minutes > 0
            else _("%(n)d min less driving") % {"n": -minutes}
        )
    if abs(km) >= 0.5:
        parts.append(
            _("%(n)s more") % {"n": km_text(change.metres)}
            if km > 0
            else _("%(n)s less") % {"n": km_text(-change.metres)}
        )
    said = ", ".join(parts) if parts else _("No more driving")
    told = [said, *_broken(change.broken)]
    if change.left_out:
        told.append(_("Left out: %(names)s") % {"names": ", ".join(change.left_out)})
    return ". ".join(told) + "."


def _broken(broken: Iterable[Broke]) -> list[str]:
    return [
        f"{each.customer}: {broken_words(each.wish, each.minutes * 60)}"
        if each.customer
        else broken_words(each.wish, each.minutes * 60).capitalize()
        for each in broken
    ]


STALE = {
    "hours": lambda: _("your hours, absences or base"),
    "roads": lambda: _("how long journeys take"),
    "share": lambda: _("what an hour on the road has to bring"),
    "visits": lambda: _("visits that are due or planned"),
}


def stale_words(reasons: Iterable[str]) -> str:
    """What has changed since a plan was made."""
    return _("Changed since it was planned: %(what)s.") % {"what": ", ".join(STALE[each]() for each in reasons)}


def accepted_words(done: Accepted) -> str:
    """What accepting did."""
    if not done.made and not done.cancelled and not done.left:
        return _("Nothing new: it was accepted already.")
    words = ngettext("%(n)d visit planned", "%(n)d visits planned", done.made) % {"n": done.made}
    if done.cancelled:
        words += ", " + ngettext("%(n)d cancelled", "%(n)d cancelled", done.cancelled) % {"n": done.cancelled}
    if done.left:
        told = ngettext("%(n)d left alone, changed meanwhile", "%(n)d left alone, changed meanwhile", done.left)
        words += ", " + told % {"n": done.left}
    return words
