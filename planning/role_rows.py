"""What planning keeps for each role: contact rules, order rules and loads, which a new role may start with."""

import datetime as dt
from collections import Counter

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from simple_history.utils import bulk_create_with_history

from accounts import role_rows
from accounts.models import Role, User
from accounts.permissions import Area
from planning.actions.rules import raise_rules_version
from planning.models import ContactLoad, ContactRule, OrderRule, TeamLoad, TeamSellingLoad

MODELS = (ContactRule, OrderRule, ContactLoad, TeamSellingLoad, TeamLoad)


def counts() -> Counter[int]:
    """How many rows each role has, in one query; a role without any is left out."""
    first, *others = (_counted(model._default_manager.order_by()) for model in MODELS)
    found: Counter[int] = Counter()
    for role, rows in first.union(*others, all=True):
        found[role] += rows
    return found


def _counted(rows: QuerySet) -> QuerySet:
    return rows.values_list("role_id").annotate(Count("pk"))


def copy(*, like: Role, role: Role, actor: User | None, now: dt.datetime) -> None:
    """Write the rows of `like` for `role` too. Part of an action. Where there are any, all figures are stale."""
    what = _("rules and loads of %(like)s copied to %(role)s") % {"like": like, "role": role}
    rows = {model: list(model._default_manager.filter(role=like).order_by("pk")) for model in MODELS}
    if not any(rows.values()):
        return
    # The version first, as with every change of rules.
    raise_rules_version(actor=actor, now=now, what=what)
    for model, found in rows.items():
        for row in found:
            row.pk, row.role, row.version = None, role, 1  # type: ignore[attr-defined]
            row._state.adding = True
        bulk_create_with_history(found, model, default_user=actor, default_date=now, default_change_reason=what[:100])


def register() -> None:
    """Offer these rows to whoever adds a role."""
    role_rows.keep(
        role_rows.RoleRows(
            label=gettext_lazy("Copy its contact rules, order rules and loads as well"),
            help_text=gettext_lazy(
                "How many rows stands beside each role. Customers are then asked for the work of both roles: where nobody in "
                "one of them works, it counts as unstaffed. So copy them for a role that works beside the other; where it "
                "takes the other's place, remove the other's rules afterwards."
            ),
            area=Area.RULES,
            counts=counts,
            copy=copy,
        )
    )
