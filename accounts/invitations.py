"""Links by which a person chooses a password: their first, when they are invited, or a new one.

The link is made when the mail is sent and stands nowhere else. It ends with its first use, a day after it was sent, when the
address changes or the person is deactivated; an invitation also when they are invited again.
"""

import datetime as dt
from typing import Any
from uuid import uuid4

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.db.models import Max, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from territory.company.models import Company
from territory.mail import kinds, outbox
from territory.mail.kinds import Kind, Message
from territory.mail.models import Mail, MailState

INVITATION = "invitation"
NEW_PASSWORD = "new_password"  # noqa: S105  a kind of mail


def register() -> None:
    """Always mailed, at once: without them nobody signs in."""
    kinds.add(
        Kind(
            key=INVITATION,
            label=gettext_lazy("Invitation"),
            choices=None,
            compose=_invitation,
            secret=True,
            lasting=True,
        )
    )
    kinds.add(
        Kind(key=NEW_PASSWORD, label=gettext_lazy("New password"), choices=None, compose=_new_password, secret=True)
    )


def post_invitation(person: User, *, actor: User | None, now: dt.datetime) -> None:
    """Mail the person how to get in; in a transaction in which `person` has no usable password.

    Another random unusable password ends every link sent before; an invitation that was not sent yet is taken back.
    """
    person.set_unusable_password()
    User.objects.filter(pk=person.pk).update(password=person.password)
    Mail.objects.filter(recipient=person, kind=INVITATION).exclude(state=MailState.SENT).delete()
    facts = {"by": actor.pk if actor else None}
    outbox.post(kind=INVITATION, to=[person], key=f"invitation:{uuid4()}", now=now, facts=facts)


def post_new_password(person: User, *, now: dt.datetime) -> None:
    """Mail the person a link to choose a new password."""
    outbox.post(kind=NEW_PASSWORD, to=[person], key=f"new-password:{uuid4()}", now=now)


def with_invited_at(people: QuerySet[User]) -> QuerySet[User]:
    """People, each with `invited_at`: when they were last invited, or None."""
    invited = Mail.objects.filter(recipient=OuterRef("pk"), kind=INVITATION).order_by()
    latest = invited.values("recipient").annotate(latest=Max("created_at")).values("latest")
    return people.annotate(invited_at=Subquery(latest))


def invited_at(person: User) -> dt.datetime | None:
    """When the person was last invited."""
    return Mail.objects.filter(recipient=person, kind=INVITATION).aggregate(latest=Max("created_at"))["latest"]


def _password_link(person: User) -> str:
    token = app_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(person)
    return get_adapter().get_reset_password_from_key_url(f"{user_pk_to_url_str(person)}-{token}")


def _hours() -> str:
    hours = settings.PASSWORD_RESET_TIMEOUT // 3600
    return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}


def _company() -> str:
    company = Company.current()
    return company.name if company else "Territory"


def _invitation(person: User, facts: dict[str, Any]) -> Message | None:
    if person.has_usable_password():
        return None
    by = User.objects.filter(pk=facts["by"]).first()
    words = {
        "name": person.name,
        "by": by.name if by else _("An administrator"),
        "company": _company(),
        "site": settings.SITE_URL,
        "link": _password_link(person),
        "hours": _hours(),
        "email": person.email,
    }
    text = _(
        "Hello %(name)s,\n\n"
        "%(by)s invites you to Territory at %(company)s: it shows which customers to call on next, how much time each of them"
        " asks for, and who has room.\n\n"
        "Choose a password to get in:\n\n"
        "%(link)s\n\n"
        "The link works once, for %(hours)s. Afterwards you sign in at %(site)s with %(email)s and your password.\n\n"
        "If you did not expect this, you need not do anything: without a password nobody gets in.\n"
    )
    return Message(_("%(by)s invites you to Territory at %(company)s") % words, text % words)


def _new_password(person: User, facts: dict[str, Any]) -> Message:
    words = {"name": person.name, "company": _company(), "link": _password_link(person), "hours": _hours()}
    text = _(
        "Hello %(name)s,\n\n"
        "somebody, probably you, asked for a new password for Territory at %(company)s. Choose it here:\n\n"
        "%(link)s\n\n"
        "The link works once, for %(hours)s. If it was not you, you need not do anything: your password stays as it is.\n"
    )
    return Message(_("A new password for Territory at %(company)s") % words, text % words)
