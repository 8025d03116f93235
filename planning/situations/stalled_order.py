"""Stalled order: nobody was reached for longer than 90 % of normal sales of its type and tier ever went without a touch.

How the norm is found: `planning.engine.stalled`. Decisions where the definition leaves room:

- The order's touches are those on its customer that are not for another order. Without any since its opening: since then.
- Never before so many days (14): where sales are touched every few days, a week's silence is no news.
- It resolves with the next touch that reaches somebody, or when the order ends. The norm moves a little each night, and so it
  stays one until the silence is no longer than 90 % of the limit.
"""

import datetime as dt
import math
from collections.abc import Collection
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from planning.engine.stalled import EVERYONE, OWN, SALE_TYPE, Norm, Norms
from planning.loaders.silences import OpenSale, open_sales, won_sales
from planning.models import Situation
from planning.situations.day import Day
from planning.situations.kind import Finding, Kind, Look
from planning.situations.threshold import Threshold, Unit
from territory.formats.numbers import number_text, rounded

SHARE = Threshold(
    "stalled_order_share",
    gettext_lazy("Longer without a touch than so many per cent of normal sales ever were"),
    Unit.SHARE,
    Decimal("0.9"),
    most=1,
)
DAYS = Threshold("stalled_order_days", gettext_lazy("Never up to so many days"), Unit.NUMBER, 14, least=0, most=3650)
# Of the limit: an open one stays while the silence is longer than that.
LEAVES_AT = Fraction(9, 10)
TOUCHED, ENDED, NO_NORM = "touched", "order ended", "too few sales"


class StalledOrder(Kind):
    """Subject: an order."""

    key = "stalled_order"
    label = gettext_lazy("stalled order")
    icon = "hourglass-split"
    help = gettext_lazy("Nobody was reached about a pending order for longer than normal sales go without a touch.")
    thresholds = (SHARE, DAYS)
    gone = ENDED
    reasons = {
        TOUCHED: gettext_lazy("somebody was reached"),
        ENDED: gettext_lazy("the order ended"),
        NO_NORM: gettext_lazy("there are too few sales to tell"),
    }

    def look(self, day: Day, was_open: Collection[str] = ()) -> Look:
        norms = Norms(won_sales(day.ground), Fraction(SHARE.of(day.settings)))
        found, ended = [], {}
        for sale in open_sales(day.ground, from_log=day.from_log):
            subject, norm = f"order {sale.pk}", norms.of(sale.sale_type, sale.tier)
            if norm is None:
                ended[subject] = NO_NORM
                continue
            limit = max(norm.days, Fraction(DAYS.of(day.settings)))
            silent = (day.on - sale.since).days
            if silent > (LEAVES_AT * limit if subject in was_open else limit):
                found.append(_finding(subject, sale, norm, limit, silent))
            else:
                ended[subject] = TOUCHED
        return Look(found, {subject: because for subject, because in ended.items() if subject in was_open})

    def shown(self, row: Situation, user: User) -> dict[str, Any]:
        return {"basis": self.basis(row)}

    def words(self, row: Situation, today: dt.date) -> str:
        figures = row.evidence
        days = max(0, (today - dt.date.fromisoformat(figures["since"])).days)
        limit = _days_text(Decimal(figures["limit"]))
        return ngettext(
            "%(days)s day without a touch, normal up to %(limit)s",
            "%(days)s days without a touch, normal up to %(limit)s",
            days,
        ) % {"days": days, "limit": limit}

    @staticmethod
    def basis(row: Situation) -> str:
        """Which sales the norm rests on, in words."""
        words = {
            OWN: _("%(n)s sales of its type and tier, closed in 365 days"),
            SALE_TYPE: _("%(n)s sales of its type, closed in 365 days: too few on its tier"),
            EVERYONE: _("%(n)s sales of all types, closed in 365 days: too few of its type"),
        }
        return words[row.evidence["basis"]] % {"n": row.evidence["sales"]}


def _days_text(days: Decimal) -> str:
    """With the decimal that tells it from a silence of whole days."""
    return number_text(days, 0 if days == days.to_integral_value() else 1)


def _finding(subject: str, sale: OpenSale, norm: Norm, limit: Fraction, silent: int) -> Finding:
    return Finding(
        subject=subject,
        team=sale.team,
        customer=sale.customer,
        order=sale.pk,
        evidence={
            "since": sale.since.isoformat(),
            "touched": sale.touched,
            "norm": str(rounded(norm.days, 1)),
            "limit": str(rounded(limit, 1)),
            "until": str(rounded(LEAVES_AT * limit, 1)),
            "sales": norm.sales,
            "basis": norm.basis,
        },
        # Not the silence itself, which grows by a day each day.
        weight=-float(sale.since.toordinal()),
        opened_on=sale.since + dt.timedelta(days=math.floor(limit) + 1) if silent > limit else None,
    )
