"""Tells managers: of a large pending order those of its team and of all teams above, each once an order; of other kinds that
ask for it those of the team, in their morning digest, one mail a run."""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from accounts.permissions import Act, Area, may, teams_within
from customers.models import Order
from planning.loaders.orders import team_lines
from planning.models import Situation
from planning.situations.turns import managers_of
from territory import clock
from territory.formats.numbers import money_text, percent_text
from territory.mail import kinds, outbox
from territory.mail.kinds import DIGEST_ONLY, Kind, Message

LARGE_ORDER = "large_order"
NEW_ONES = "situations"
# A mail is for a glance; the page has them all.
MOST_LINES = 15


def register() -> None:
    kinds.add(
        Kind(
            key=LARGE_ORDER,
            label=gettext_lazy("Special situations of my teams"),
            help=gettext_lazy("A large pending order, once for each order."),
            compose=_compose,
            offered=_manages,
            lasting=True,
        )
    )
    kinds.add(
        Kind(
            key=NEW_ONES,
            label=gettext_lazy("New special situations of my teams"),
            help=gettext_lazy("Contacts who left, people away, new markets: what was found since the last digest."),
            choices=DIGEST_ONLY,
            compose=_compose_new,
            offered=_manages,
        )
    )


def _manages(user: User) -> bool:
    """Who may acknowledge situations is who is told of them."""
    return may(user, Area.BUDGETS, Act.CHANGE)


def tell_managers(opened: Collection[tuple[int, Collection[int]]], *, now: dt.datetime) -> None:
    """`opened`: orders of which a situation opened, each with its team and all teams above. In the same transaction."""
    if not opened:
        return
    day = clock.day_of(now, clock.company_zone())
    managers = managers_of({team for _order, teams in opened for team in teams}, day)
    for order, teams in dict(opened).items():
        told = {person.pk: person for team in teams for person in managers[team]}
        outbox.post(kind=LARGE_ORDER, to=told.values(), key=f"large-order:{order}", now=now, facts={"order": order})


def _compose(user: User, facts: dict[str, Any]) -> Message | None:
    """The open situations of the order that the manager sees now; figures only of teams whose amounts they may see."""
    seen = Situation.objects.open().visible_to(user).filter(kind=LARGE_ORDER, order=facts["order"])
    situations = list(seen.select_related("customer", "team", "order__salesperson").order_by("-team__path", "pk"))
    if not situations:
        return None
    order, customer = situations[0].order, situations[0].customer
    sees_amount = Order.objects.amounts_visible_to(user).filter(pk=order.pk).exists()
    teams = set(teams_within(user, Area.AMOUNTS, Act.SEE).values_list("pk", flat=True)) if sees_amount else set()
    with_figures = [situation for situation in situations if situation.team_id in teams]
    words = {"customer": customer.name, "salesperson": order.salesperson.name if order.salesperson else _("nobody")}
    lines = [_("A large order is pending with %(customer)s, sold by %(salesperson)s.") % words, ""]
    if with_figures:
        lines += [_("Amount: %(amount)s") % {"amount": money_text(order.amount)}]
        lines += [_share_line(situation) for situation in with_figures]
        lines += [""]
    lines += [_("See it and acknowledge it: %(link)s") % {"link": _link(situations[0])}, ""]
    return Message(_("Large order pending: %(customer)s") % words, "\n".join(lines))


def _share_line(situation: Situation) -> str:
    if situation.share is None:
        return _("%(team)s: has sold nothing so far") % {"team": situation.team.name}
    words = {"team": situation.team.name, "share": percent_text(situation.share)}
    return _("%(team)s: %(share)s of what it won in the last 365 days") % words


def _link(situation: Situation) -> str:
    return outbox.link(reverse("situation_detail", args=[situation.pk]))


def tell_of_new(new: Sequence[Situation], *, now: dt.datetime) -> None:
    """Leave one mail a run to the managers of these teams, where a team has none to those of the nearest above that has some."""
    if not new:
        return
    lines = team_lines()
    day = clock.day_of(now, clock.company_zone())
    managers = managers_of({team for row in new for team in lines[row.team_id]}, day)
    nearest = (next((managers[team] for team in lines[row.team_id] if managers[team]), []) for row in new)
    told = {person.pk: person for people in nearest for person in people}
    key = f"situations:{now.isoformat()}"
    outbox.post(kind=NEW_ONES, to=told.values(), key=key, now=now, facts={"found_at": now.isoformat()})


def _compose_new(user: User, facts: dict[str, Any]) -> Message | None:
    """Those of a run that are still open and that the manager sees now, with figures as far as they may see these."""
    # Kinds tell of themselves by this module, and what reads them knows them all.
    from planning.queries.situations import lines_of, named
    from planning.situations.registry import KINDS

    digested = [kind.key for kind in KINDS if kind.digested]
    rows = Situation.objects.open().visible_to(user).filter(found_at=dt.datetime.fromisoformat(facts["found_at"]))
    found = lines_of(named(rows.filter(kind__in=digested).most_pressing()), user)
    if not found:
        return None
    texts = [
        f"- {line.row.about}: {line.row.get_kind_display()}{f', {line.words}' if line.words else ''}" for line in found
    ]
    more = len(found) - MOST_LINES
    if more > 0:
        texts[MOST_LINES:] = [ngettext("and %(n)s more", "and %(n)s more", more) % {"n": more}]
    link = outbox.link(reverse("situation_list"))
    subject = ngettext("%(n)s new special situation", "%(n)s new special situations", len(found)) % {"n": len(found)}
    return Message(subject, "\n".join([*texts, "", _("See them: %(link)s") % {"link": link}, ""]))
