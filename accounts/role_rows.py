"""What a room above keeps for each role, and a new role may start with a copy of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from accounts.models import Role, User
from accounts.permissions import Act, Area, may_all

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise


class RoleRows(Struct, frozen=True):
    """Rows that name a role: `counts` says how many each role has, `copy` writes those of one for another (keywords `like`,
    `role`, `actor`, `now`; within the transaction that adds the role). Who may change `area` for the whole company may.
    """

    label: StrPromise | str
    help_text: StrPromise | str
    area: Area
    counts: Callable[[], Mapping[int, int]]
    copy: Callable[..., None]


_kept: list[RoleRows] = []


def keep(rows: RoleRows) -> None:
    """Offer these rows; a room above does so from `ready()`."""
    _kept[:] = [rows]


def rows_for(user: User) -> RoleRows | None:
    """What the person may copy to a new role."""
    return next((rows for rows in _kept if may_all(user, rows.area, Act.CHANGE)), None)


def copy_rows(*, like: Role, role: Role, actor: User | None, now: dt.datetime) -> None:
    """Write for `role` what is kept for `like`."""
    for rows in _kept:
        rows.copy(like=like, role=role, actor=actor, now=now)
