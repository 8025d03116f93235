"""Single contact: a customer of one of the highest tiers whom we know through one person only.

Decisions where the definition leaves room:

- It is about the stage customer: a prospect is asked for more contacts by the gaps on its page.
- Current is who is known by the day and has not left by it. Exactly one: with none at all nothing is known of the customer's
  people, which an import leaves as it is found, and is another matter.
- Its cause began when the contact became the only one, the customer a customer, and its tier one of the highest.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from typing import Any, NamedTuple

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from customers.models import Contact
from planning.models import Situation
from planning.situations.day import Day, latest
from planning.situations.kind import Finding, Kind, Look
from planning.situations.threshold import Threshold, Unit
from territory.rows import among

TIERS = Threshold(
    "single_contact_tiers", gettext_lazy("On so many of the highest tiers"), Unit.NUMBER, 2, least=0, most=20
)
SEVERAL, NONE_LEFT, OTHER_TIER = "several contacts", "no contact", "other tier or stage"


class Known(NamedTuple):
    """A contact that was known by the day; `left_on` only where they had left by it."""

    pk: int
    since: dt.date | None
    left_on: dt.date | None
    decides: bool


class SingleContact(Kind):
    """Subject: a customer."""

    key = "single_contact"
    label = gettext_lazy("single contact")
    icon = "person"
    help = gettext_lazy("A customer of the highest tiers has one current contact. 0 tiers: it is not looked for.")
    thresholds = (TIERS,)
    loud = False
    gone = OTHER_TIER
    reasons = {
        SEVERAL: gettext_lazy("another contact is known"),
        NONE_LEFT: gettext_lazy("no contact is left"),
        OTHER_TIER: gettext_lazy("its tier or stage changed"),
    }

    def look(self, day: Day, was_open: Collection[str] = ()) -> Look:
        highest = TIERS.of(day.settings)
        customers = day.of_tiers(highest)
        people = contacts_by(day, customers)
        current = {pk: [row for row in rows if row.left_on is None] for pk, rows in people.items()}
        single = [pk for pk in customers if len(current.get(pk, ())) == 1]
        on_tiers = day.on_tiers_since(single, highest)
        found = []
        for pk in single:
            standing, others = customers[pk], [row for row in people[pk] if row.left_on is not None]
            [contact] = current[pk]
            left_on = latest(row.left_on for row in others)
            finding = Finding(
                subject=subject_of(pk),
                team=standing.team,
                customer=pk,
                evidence={
                    "contact": contact.pk,
                    "left": len(others),
                    "last_left_on": None if left_on is None else left_on.isoformat(),
                },
                weight=day.weight(pk),
                opened_on=latest([contact.since, left_on, on_tiers.get(pk), day.day_of(standing.began_at)]),
            )
            found.append(finding)
        subjects = {subject_of(pk): pk for pk in customers}
        ended = {
            subject: SEVERAL if current.get(subjects[subject]) else NONE_LEFT
            for subject in was_open
            if subject in subjects
        }
        return Look(found, ended)

    def shown(self, row: Situation, user: User) -> dict[str, Any]:
        return contact_shown(row, user)

    def words(self, row: Situation, today: dt.date) -> str:
        left = row.evidence["left"]
        if not left:
            return _("1 current contact")
        return ngettext("1 current contact, %(n)s left", "1 current contact, %(n)s left", left) % {"n": left}


def subject_of(customer: int) -> str:
    return f"customer {customer}"


def contact_shown(row: Situation, user: User) -> dict[str, Any]:
    """The contact that it is about; None where they were erased or are out of sight."""
    contacts = Contact.objects.visible_to(user).filter(customer=row.customer_id, pk=row.evidence["contact"])
    return {"contact": contacts.select_related("role").first()}


def contacts_by(day: Day, customers: Collection[int]) -> dict[int, list[Known]]:
    """Those of these customers that were known by the day, in one query."""
    rows = Contact.objects.live().filter(Q(since__isnull=True) | Q(since__lte=day.on), among("customer_id", customers))
    found: dict[int, list[Known]] = defaultdict(list)
    for customer, pk, since, left_on, decides in rows.order_by("pk").values_list(
        "customer_id", "pk", "since", "left_on", "decides"
    ):
        gone = left_on is not None and left_on <= day.on
        found[customer].append(Known(pk, since, left_on if gone else None, decides))
    return found
