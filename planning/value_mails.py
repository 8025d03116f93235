"""A monthly note to those who approve: which official values lie outside the interval of what touches brought."""

import datetime as dt
from collections import defaultdict
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import Membership, User
from accounts.permissions import Act, Area, Reach
from accounts.reaches import reach_of
from planning.queries.touch_values import EVIDENCE_AREAS, Line, lines_outside, may_approve, sees_evidence
from planning.value_words import interval_text, worth_text
from territory import clock
from territory.formats.numbers import money_text
from territory.mail import kinds, outbox
from territory.mail.kinds import Kind, Message
from territory.rows import on_day

VALUES_OUTSIDE = "touch_values_outside"

# A mail is for a glance; the page has them all.
MOST_LINES = 15


def register() -> None:
    kinds.add(
        Kind(
            key=VALUES_OUTSIDE,
            label=gettext_lazy("Official touch values outside their interval"),
            help=gettext_lazy("Once a month, where there are any whose suggestion nobody has rejected."),
            compose=_compose,
            offered=_approves,
            lasting=True,
        )
    )


def _approves(user: User) -> bool:
    return may_approve(user) and sees_evidence(user)


def tell_approvers(*, now: dt.datetime) -> int:
    """Leave a note to everyone who approves, once a month whatever runs twice; returns how many lines lie outside."""
    on = clock.day_of(now, clock.company_zone())
    outside = len(lines_outside(on))
    if outside:
        key = f"touch-values-outside:{on:%Y-%m}"
        outbox.post(kind=VALUES_OUTSIDE, to=_approvers(on), key=key, now=now)
    return outside


def _approvers(on: dt.date) -> list[User]:
    """Who may approve for the whole company and sees all that evidence is made of, by all their memberships together."""
    needed = [(Area.TOUCH_VALUES, Act.APPROVE), *((area, Act.SEE) for area in EVIDENCE_AREAS)]
    seats = Membership.objects.filter(on_day(on), user__is_active=True).select_related("role", "user").order_by("pk")
    may: dict[User, set[tuple[str, str]]] = defaultdict(set)
    for seat in seats:
        may[seat.user] |= {each for each in needed if reach_of(seat.role.access, *each) == Reach.ALL}
    return [user for user, acts in may.items() if len(acts) == len(needed)]


def _compose(user: User, facts: dict[str, Any]) -> Message | None:
    """The lines as they are when it is sent; nothing where none is outside any more, or the person may not approve now."""
    if not _approves(user):
        return None
    found = lines_outside(clock.company_today())
    if not found:
        return None
    number = len(found)
    lines = [
        ngettext(
            "%(n)s official value of a touch lies outside the 80 %% interval of what the log shows:",
            "%(n)s official values of touches lie outside the 80 %% interval of what the log shows:",
            number,
        )
        % {"n": number},
        "",
        *(_line(row) for row in found[:MOST_LINES]),
    ]
    if number > MOST_LINES:
        lines.append(ngettext("and %(n)s more", "and %(n)s more", number - MOST_LINES) % {"n": number - MOST_LINES})
    link = outbox.link(reverse("touch_values"))
    lines += [
        "",
        _("Adopt, set another or reject, each with its effect before it is saved: %(link)s") % {"link": link},
        "",
    ]
    subject = ngettext(
        "%(n)s official touch value is outside its interval",
        "%(n)s official touch values are outside their interval",
        number,
    )
    return Message(subject % {"n": number}, "\n".join(lines))


def _line(row: Line) -> str:
    return _("- %(type)s, tier %(tier)s, %(stage)s: %(official)s; the log shows %(value)s (%(interval)s)") % {
        "type": row.touch_type,
        "tier": row.tier,
        "stage": row.stage_name,
        "official": money_text(row.official.amount if row.official else None),
        "value": worth_text(row.evidence.value if row.evidence else None),
        "interval": interval_text(row.evidence),
    }
