"""The preview of a hand-over: what goes, what was ticked, and what changed since it was ticked."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.utils.translation import gettext as _
from msgspec import Struct

from accounts.models import User
from customers.actions.foreseen import HandOver, Move
from customers.models import Assignment, AssignmentKind, Customer
from territory.formats.days import day_text
from territory.formats.numbers import percent_text
from territory.together import together

# Rows drawn one by one; whoever works on more has one box for the rest, which keeps the page small.
SHOWN = 120
STAYING_SHOWN = 40


class Since(Struct, frozen=True):
    """An assignment that was ticked and is not as it was shown: what it was then, beside what is there now."""

    customer: str
    was: str
    now: str


class Row(Struct, frozen=True):
    """A line of the preview: what would become of an assignment, whether it is ticked, and what changed since it was."""

    move: Move
    ticked: bool
    since: Since | None = None


class Preview(Struct, frozen=True):
    """What a hand-over would do, as it is shown. `rest`: what one box stands for; `gone`: what was ticked and is the
    person's no longer.
    """

    seen: HandOver
    going: list[Row]
    rest: list[Move]
    rest_ticked: bool
    staying: list[Row]
    gone: list[Since]

    @property
    def staying_shown(self) -> list[Row]:
        return self.staying[:STAYING_SHOWN]

    @property
    def staying_rest(self) -> int:
        return len(self.staying[STAYING_SHOWN:])

    @property
    def others_shown(self) -> list:
        return self.seen.others[:STAYING_SHOWN]

    @property
    def others_rest(self) -> int:
        return len(self.seen.others[STAYING_SHOWN:])

    @property
    def rest_keys(self) -> str:
        return " ".join(move.key for move in self.rest)

    @property
    def ticked(self) -> list[Move]:
        """What would be handed over as it is ticked."""
        return [row.move for row in self.going if row.ticked] + (self.rest if self.rest_ticked else [])

    @property
    def sums(self) -> dict[str, int]:
        """How many of what is ticked."""
        found = self.ticked
        owned = sum(move.assignment.kind != AssignmentKind.SUPPORT for move in found)
        return {
            "customers": len({move.customer.pk for move in found}),
            "owned": owned,
            "supported": len(found) - owned,
            "planned": sum(move.planned for move in found),
            "orders": sum(move.orders for move in found),
        }

    @property
    def other_sums(self) -> dict[str, int]:
        """How much there is on customers that the person does not work on."""
        return {
            "planned": sum(row.planned for row in self.seen.others),
            "orders": sum(row.orders for row in self.seen.others),
        }


def preview(actor: User, seen: HandOver, ticked: Mapping[int, int] | None) -> Preview:
    """The preview with these assignments ticked (primary key -> version as shown); None: with all of them."""
    ticks: Mapping[int, int] = ticked or {}
    since = _since(actor, seen, ticks)
    rows = [
        Row(move, ticked is None or move.assignment.pk in ticks, since.pop(move.assignment.pk, None))
        for move in seen.moves
    ]
    going = [row for row in rows if not row.move.stays]
    # What changed comes first; what is ticked otherwise than the rest is drawn one by one.
    changed, same = [row for row in going if row.since], [row for row in going if not row.since]
    tail = same[SHOWN:]
    rest_ticked = 2 * sum(row.ticked for row in tail) > len(tail)
    rest = [row for row in tail if row.ticked == rest_ticked]
    return Preview(
        seen=seen,
        going=changed + same[:SHOWN] + [row for row in tail if row.ticked != rest_ticked],
        rest=[row.move for row in rest],
        rest_ticked=rest_ticked,
        staying=sorted((row for row in rows if row.move.stays), key=lambda row: not (ticks and row.ticked)),
        gone=list(since.values()),
    )


def _since(actor: User, seen: HandOver, ticked: Mapping[int, int]) -> dict[int, Since]:
    """What of the ticked is not as it was shown, by primary key; of customers that the actor may change."""
    known = {move.assignment.pk: move.assignment for move in seen.moves}
    other = [pk for pk, version in ticked.items() if pk not in known or known[pk].version != version]
    if not other:
        return {}
    shown, owners = _then_and_now(actor, seen, other)
    found = {}
    for entry in shown:
        if entry.version == ticked[entry.id]:
            row = known.get(entry.id)
            now = as_what(row) if row else owners.get(entry.customer_id, _("nobody's"))
            found[entry.id] = Since(entry.customer.name, as_what(entry), now)
    for pk in other:
        if pk in known and pk not in found:
            found[pk] = Since(known[pk].customer.name, "", as_what(known[pk]))
    return found


def _then_and_now(actor: User, seen: HandOver, assignments: Collection[int]) -> tuple[list, dict[int, str]]:
    """What these assignments ever were, and who owns their customers now."""
    customers = Customer.objects.editable_by(actor).order_by().values("pk")
    shown = Assignment.history.filter(id__in=assignments, customer__in=customers).select_related("customer")
    owners = Assignment.objects.on(seen.on).owners().filter(customer__in=shown.order_by().values("customer"))
    entries, rows = together(shown.order_by("history_id"), owners.select_related("membership__user").order_by("pk"))
    words = {
        row.customer_id: _("%(kind)s %(name)s")
        % {"kind": AssignmentKind(row.kind).label, "name": row.membership.user.name}
        for row in rows
    }
    return entries, words


def as_what(row: Assignment) -> str:
    """As what, with which share and when somebody works on a customer, in words."""
    parts = [str(AssignmentKind(row.kind).label)]
    if row.share is not None:
        parts.append(percent_text(row.share))
    if row.starts_on is not None:
        parts.append(_("from %(day)s") % {"day": day_text(row.starts_on)})
    if row.ends_on is not None:
        parts.append(_("until %(day)s") % {"day": day_text(row.ends_on)})
    return ", ".join(parts)
