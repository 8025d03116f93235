"""Tells the managers of an order's team and of all teams above of a large pending order: each once an order."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Membership, User
from accounts.permissions import Act, Area, may, teams_within
from accounts.queries import MANAGING
from customers.models import Order
from planning.models import Situation, SituationKind
from territory import clock
from territory.formats.numbers import money_text, percent_text
from territory.mail import kinds, outbox
from territory.mail.kinds import Kind, Message
from territory.rows import on_day

LARGE_ORDER = "large_order"


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


def _manages(user: User) -> bool:
    """Who may acknowledge situations is who is told of them."""
    return may(user, Area.BUDGETS, Act.CHANGE)


def tell_managers(opened: Collection[tuple[int, Collection[int]]], *, now: dt.datetime) -> None:
    """`opened`: orders of which a situation opened, each with its team and all teams above. In the same transaction."""
    if not opened:
        return
    managers = _managers({team for _order, teams in opened for team in teams})
    for order, teams in dict(opened).items():
        told = {person.pk: person for team in teams for person in managers[team]}
        outbox.post(kind=LARGE_ORDER, to=told.values(), key=f"large-order:{order}", now=now, facts={"order": order})


def _managers(teams: set[int]) -> dict[int, list[User]]:
    seats = Membership.objects.filter(
        on_day(clock.company_today()), team__in=teams, role__function__in=MANAGING, user__is_active=True
    )
    found = defaultdict(list)
    for seat in seats.select_related("user").order_by("pk"):
        found[seat.team_id].append(seat.user)
    return found


def _compose(user: User, facts: dict[str, Any]) -> Message | None:
    """The open situations of the order that the manager sees now; figures only of teams whose amounts they may see."""
    seen = Situation.objects.open().visible_to(user).filter(kind=SituationKind.LARGE_ORDER, order=facts["order"])
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
