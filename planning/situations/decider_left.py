"""Decider left: who decided at a customer left, and nobody who decides is known.

Decisions where the definition leaves room:

- It is about prospects and customers, of every tier: a lapsed or lost one is won again by other means.
- It stands for so many days after they left, that day included (90); with another current contact who decides it resolves.
- Of several who left the last one's day counts: since then nobody is known who decides.
"""

import datetime as dt
from collections.abc import Collection
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from customers.models import Contact, Stage
from planning.models import Situation
from planning.situations.day import Day
from planning.situations.kind import Finding, Kind, Look
from planning.situations.single_contact import contact_shown, contacts_by, subject_of
from planning.situations.threshold import Threshold, Unit
from territory.formats.days import full_text

DAYS = Threshold(
    "decider_left_days", gettext_lazy("For so many days after they left"), Unit.NUMBER, 90, least=0, most=3650
)
STAGES = (Stage.PROSPECT, Stage.CUSTOMER)
SOMEBODY_DECIDES, LONG_AGO, OTHER_STAGE = "somebody decides", "long ago", "other stage"


class DeciderLeft(Kind):
    """Subject: a customer."""

    key = "decider_left"
    label = gettext_lazy("decider left")
    icon = "person-dash"
    help = gettext_lazy(
        "A contact who decides has left, and no other current one is known to decide. 0 days: it is not looked for."
    )
    thresholds = (DAYS,)
    digested = True
    gone = LONG_AGO
    reasons = {
        SOMEBODY_DECIDES: gettext_lazy("somebody who decides is known"),
        LONG_AGO: gettext_lazy("it is long ago, or they did not leave"),
        OTHER_STAGE: gettext_lazy("its stage changed"),
    }

    def look(self, day: Day, was_open: Collection[str] = ()) -> Look:
        since = day.on - dt.timedelta(days=DAYS.of(day.settings) - 1)
        left = Contact.objects.live().filter(decides=True, left_on__range=(since, day.on)).order_by()
        customers = [
            pk
            for pk in sorted(set(left.values_list("customer_id", flat=True)))
            if pk in day.standings and day.standings[pk].stage in STAGES
        ]
        found, ended = [], {}
        for pk, people in contacts_by(day, customers).items():
            deciders = [row for row in people if row.decides]
            if any(row.left_on is None for row in deciders):
                ended[subject_of(pk)] = SOMEBODY_DECIDES
            else:
                last = max((row for row in deciders if row.left_on is not None), key=lambda row: (row.left_on, row.pk))
                left_on = last.left_on or day.on
                finding = Finding(
                    subject=subject_of(pk),
                    team=day.standings[pk].team,
                    customer=pk,
                    evidence={
                        "contact": last.pk,
                        "left_on": left_on.isoformat(),
                        "deciders_left": len(deciders),
                        "contacts": sum(row.left_on is None for row in people),
                        "days": DAYS.of(day.settings),
                    },
                    weight=day.weight(pk),
                    opened_on=left_on,
                )
                found.append(finding)
        return Look(found, {**{subject: self._gone(subject, day) for subject in was_open}, **ended})

    def _gone(self, subject: str, day: Day) -> str:
        standing = day.standings.get(int(subject.split()[1]))
        return LONG_AGO if standing is not None and standing.stage in STAGES else OTHER_STAGE

    def shown(self, row: Situation, user: User) -> dict[str, Any]:
        return contact_shown(row, user)

    def words(self, row: Situation, today: dt.date) -> str:
        left_on = dt.date.fromisoformat(row.evidence["left_on"])
        return _("left on %(day)s, nobody who decides is known") % {"day": full_text(left_on)}
