"""Taking the second factor from somebody who lost it."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Authenticator, User
from accounts.second_factor import tell

from .people import end_sessions
from .saving import sign


@transaction.atomic
def reset_second_factor(*, actor: User | None, now: dt.datetime, person: User) -> None:
    """Take all second factors from somebody who lost them, and sign them out everywhere. `actor` None: the command line.

    Refused for oneself, who can turn them off with a proof, and where there is none.
    """
    if actor is not None and actor.pk == person.pk:
        raise ValidationError(_("Turn your own second factor off on your profile, or ask another administrator."))
    rows = list(Authenticator.objects.select_for_update().filter(user=person))
    if not rows:
        raise ValidationError(_("%(name)s has no second factor.") % {"name": person.name})
    for row in rows:
        row.is_reset = True
        sign(row, actor=actor, now=now)
        row.delete()
    end_sessions(person=person, now=now)
    tell(person, "reset", now=now, by=actor)
