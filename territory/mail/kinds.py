"""Which kinds of mails there are. A room registers its own from its app config's `ready()`, without being known here:

    from territory.mail import kinds

    kinds.add(kinds.Kind(key="import_finished", label=_("An import of mine finished"), choices=kinds.AT_ONCE_OR_DIGEST))

Then `territory.mail.outbox.post(kind="import_finished", ...)` in the transaction of the cause.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from msgspec import Struct


class When(models.TextChoices):
    """When a person is mailed."""

    AT_ONCE = "at_once", _("at once")
    DIGEST = "digest", _("in the morning digest")
    NEVER = "never", _("never")


AT_ONCE_OR_DIGEST = (When.AT_ONCE, When.DIGEST, When.NEVER)
DIGEST_ONLY = (When.DIGEST, When.NEVER)


class Message(Struct, frozen=True):
    """A mail in the recipient's words. `text` is plain; links in it start with SITE_URL."""

    subject: str
    text: str


def everyone(user: Any) -> bool:
    return True


class Kind(Struct, frozen=True, kw_only=True):
    """A kind of mail.

    choices:  what a person may choose on their profile; the first is what holds until they do, unless `first` says
              otherwise. None: not offered, always mailed at once (links for signing in).
    compose:  (recipient, facts) -> Message when it is sent, or None when it has become pointless or the person may no
              longer see it: then it is dropped, and may be posted again. Decides by `accounts.permissions` what is shown.
              Without it a mail is what `post` was given.
    collect:  (recipient, local day) -> Message or None, asked once each morning of who chose the digest: for what
              nobody posts, such as today's due touches.
    offered:  whom the profile offers the choice.
    secret:   the text carries a link for signing in: it is written when sent and never kept (but in the demo).
    lasting:  the row stays as a memory of having been sent, without its text; else it is forgotten after 90 days.
    """

    key: str
    label: Any
    help: Any = ""
    choices: tuple[When, ...] | None = AT_ONCE_OR_DIGEST
    first: When | None = None
    compose: Callable[[Any, dict], Message | None] | None = None
    collect: Callable[[Any, dt.date], Message | None] | None = None
    offered: Callable[[Any], bool] = everyone
    secret: bool = False
    lasting: bool = False

    @property
    def at_first(self) -> When:
        """What holds for who has not chosen."""
        return self.first or (self.choices[0] if self.choices else When.AT_ONCE)


_kinds: dict[str, Kind] = {}


def add(kind: Kind) -> None:
    """Register a kind, once; keys are unique."""
    if _kinds.setdefault(kind.key, kind) is not kind:
        raise ValueError(f"there is a kind of mail “{kind.key}” already")


def get(key: str) -> Kind:
    """The kind of this key; KeyError where nobody registered it."""
    return _kinds[key]


def all_kinds() -> list[Kind]:
    """All of them, in the order of their registration."""
    return list(_kinds.values())


def offered_to(user: Any) -> list[Kind]:
    """What the person may choose about."""
    return [kind for kind in _kinds.values() if kind.choices and kind.offered(user)]


def label_of(key: str) -> str:
    """What people call it; the key where nobody registered it any more."""
    return str(_kinds[key].label) if key in _kinds else key
