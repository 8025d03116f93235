"""Today's due touches in the morning digest of who asked for them."""

import datetime as dt

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from accounts.permissions import Act, Area, may
from planning.queries.today import rows
from territory.mail import kinds, outbox
from territory.mail.kinds import DIGEST_ONLY, Kind, Message, When

# A mail is for a glance; the page has them all.
MOST_ROWS = 15


def register() -> None:
    kinds.add(
        Kind(
            key="due_touches",
            label=gettext_lazy("My due touches of the day"),
            choices=DIGEST_ONLY,
            first=When.NEVER,
            collect=_collect,
            offered=_has_touches,
        )
    )


def _has_touches(user: User) -> bool:
    return may(user, Area.TOUCHES, Act.SEE)


def _collect(user: User, day: dt.date) -> Message | None:
    """Best first, as Today shows them; no amounts."""
    found = rows(user)
    if not found:
        return None
    lines = [f"- {row.customer.name}: {row.lateness or row.touch_type.name}" for row in found[:MOST_ROWS]]
    more = len(found) - MOST_ROWS
    if more > 0:
        lines.append(ngettext("and %(n)s more", "and %(n)s more", more) % {"n": more})
    subject = ngettext("%(n)s touch is due today", "%(n)s touches are due today", len(found)) % {"n": len(found)}
    return Message(subject, "\n".join([*lines, "", _("Today: %(link)s") % {"link": outbox.link(reverse("today"))}, ""]))
