"""The second factor: who has one, who must have one, and the mails about it."""

import datetime as dt
from typing import Any
from uuid import uuid4

from allauth.mfa import app_settings
from django.db.models.signals import post_delete, post_save
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Authenticator, User
from accounts.permissions import current_memberships
from territory import clock
from territory.company.models import Company
from territory.formats.days import full_text
from territory.mail import kinds, outbox
from territory.mail.kinds import Kind, Message

CHANGED = "sign_in_changed"
CODES = Authenticator.Type.RECOVERY_CODES
FACTORS = {
    Authenticator.Type.TOTP: gettext_lazy("Authenticator app"),
    CODES: gettext_lazy("Recovery codes"),
    Authenticator.Type.WEBAUTHN: gettext_lazy("Passkey"),
}
SENTENCES = {
    "totp_on": gettext_lazy("An authenticator app was turned on for your sign-in."),
    "totp_off": gettext_lazy("The authenticator app was turned off for your sign-in."),
    "webauthn_on": gettext_lazy("A passkey was added to your sign-in."),
    "webauthn_off": gettext_lazy("A passkey was removed from your sign-in."),
    "codes": gettext_lazy("New recovery codes were made for your sign-in. Those before no longer work."),
    "reset": gettext_lazy(
        "The second factor of your sign-in was taken away: authenticator app, recovery codes and passkeys no longer work, "
        "and you were signed out everywhere."
    ),
}


def register() -> None:
    """Mails about one's own sign-in are always sent, at once."""
    kinds.add(Kind(key=CHANGED, label=gettext_lazy("Changes of my sign-in"), choices=None, compose=_compose))
    post_save.connect(_added, sender=Authenticator, dispatch_uid="accounts mails second factors turned on")
    post_delete.connect(_removed, sender=Authenticator, dispatch_uid="accounts mails second factors turned off")


def factor_name(type: str) -> str:
    """What people call it."""
    return str(FACTORS[Authenticator.Type(type)])


def has_second_factor(user: User) -> bool:
    """Whether the person signs in with more than a password. Recovery codes alone are none."""
    return Authenticator.objects.filter(user_id=user.pk).exclude(type=CODES).exists()


def is_required(user: User) -> bool:
    """Whether one of the person's current roles asks for a second factor."""
    return any(seat.role.second_factor_required for seat in current_memberships(user))


def is_missing(user: User) -> bool:
    """Whether the person must set one up before anything else."""
    return is_required(user) and not has_second_factor(user)


def codes_left(row: Authenticator) -> int:
    """How many recovery codes are not used yet, without reading them."""
    return app_settings.RECOVERY_CODE_COUNT - int(row.data.get("used_mask", 0)).bit_count()


def tell(person: User, what: str, *, now: dt.datetime, by: User | None = None) -> None:
    """Mail the person that their sign-in changed; `what` is a key of SENTENCES."""
    facts = {"what": what, "at": now.isoformat(), "by": by.pk if by else None}
    outbox.post(kind=CHANGED, to=[person], key=f"sign-in-changed:{uuid4()}", now=now, facts=facts)


def _added(sender: type, instance: Any, created: bool, **_signal: Any) -> None:
    if created and instance.type != CODES:
        tell(instance.user, f"{instance.type}_on", now=clock.now())


def _removed(sender: type, instance: Any, **_signal: Any) -> None:
    if instance.type != CODES and not getattr(instance, "is_reset", False):
        tell(instance.user, f"{instance.type}_off", now=clock.now())


def _compose(person: User, facts: dict[str, Any]) -> Message:
    company = Company.current()
    by = User.objects.filter(pk=facts["by"]).first() if facts["by"] else None
    words = {
        "name": person.name,
        "what": SENTENCES[facts["what"]],
        "when": full_text(dt.datetime.fromisoformat(facts["at"])),
        "company": company.name if company else "Territory",
        "by": _(" by %(name)s") % {"name": by.name} if by else "",
    }
    text = _(
        "Hello %(name)s,\n\n"
        "%(what)s That was on %(when)s%(by)s, in Territory at %(company)s.\n\n"
        "If you know of it, you need not do anything. If not, change your password and tell an administrator at once.\n"
    )
    return Message(_("Your sign-in to Territory at %(company)s was changed") % words, text % words)
