"""Rows a company starts with; an administrator's from then on."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _
from simple_history.utils import bulk_create_with_history

from accounts.models import Role, User
from accounts.reaches import plain
from accounts.starting_access import STARTING_ROLES


@transaction.atomic
def create_starting_roles(*, actor: User | None = None, now: dt.datetime | None = None) -> None:
    """Create the starting roles that are not there by name; nothing that exists is changed."""
    present = set(Role.objects.values_list("name", flat=True))
    rows = [
        Role(
            name=name,
            function=function,
            position=position,
            access=plain(access),
        )
        for position, (name, function, access) in enumerate(STARTING_ROLES, start=1)
        if name not in present
    ]
    bulk_create_with_history(
        rows, Role, default_user=actor, default_date=now, default_change_reason=_("Starting value")
    )
