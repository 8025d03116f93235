"""The pages of "Where we stand" and the cards on its front page; a page of its own adds its line here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _
from msgspec import Struct

from accounts.models import User
from planning.queries.norms import sees_norm_costs, sees_norms


def everyone(user: User) -> bool:
    """Whoever may open the front page."""
    return True


class Tab(Struct, frozen=True):
    """A page beside the others, and who it is meant for."""

    url_name: str
    label: Any
    meant: Callable[[User], bool] = everyone


TABS = (
    Tab("standing", _("At a glance")),
    Tab("standing_counts", _("Counts")),
    Tab("normal_sale", _("The normal sale"), sees_norms),
    Tab("what_moves_it", _("What moves it"), sees_norms),
    Tab("cost_of_sale", _("Cost of sale"), sees_norm_costs),
    Tab("involvement", _("Involvement"), sees_norms),
    Tab("time_to_business", _("Time to business"), sees_norms),
    Tab("touches_to_customer", _("Touches to a customer"), sees_norms),
)
