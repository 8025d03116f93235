"""What a person proves besides their password: an authenticator app, recovery codes, passkeys. The rows are allauth's."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.db.models.signals import pre_save
from simple_history import register

# Who turned what on and off, and when. Secrets are no part of it, nor is each use.
register(Authenticator, app="accounts", excluded_fields=["data", "last_used_at"])


def _only_on_and_off(sender: type, instance: Any, **_signal: Any) -> None:
    if not instance._state.adding:
        instance.skip_history_when_saving = True


pre_save.connect(_only_on_and_off, sender=Authenticator, dispatch_uid="accounts history of second factors")
