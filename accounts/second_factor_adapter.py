"""How allauth's second factors behave here: names from the company, passkeys bound to SITE_URL, secrets encrypted."""

import base64
import hashlib
import logging

from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Authenticator, User
from territory.checked import host_of
from territory.company.models import Company

log = logging.getLogger(__name__)


class SecondFactor(DefaultMFAAdapter):
    """Everyone may turn a factor on; their address was entered by an administrator."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("That is not right. Take the code that is shown now; each works once."),
    }

    def get_totp_issuer(self) -> str:
        return self._get_site_name()

    def _get_site_name(self) -> str:
        # Never the request's host, which the client chooses. An issuer holds no colon.
        company = Company.current()
        return f"Territory {company.name if company else ''}".replace(":", " ").strip()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {"id": host_of(settings.SITE_URL), "name": self._get_site_name()}

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return gettext("Passkey") if number == 1 else gettext("Passkey %(n)s") % {"n": number}

    def encrypt(self, text: str) -> str:
        """Who reads the database alone, or a copy of it, cannot make codes."""
        return _ciphers().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The secret; where SECRET_KEY was changed a random one, which fits no code."""
        from cryptography.fernet import InvalidToken

        try:
            return _ciphers().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            log.warning("a second factor cannot be read: SECRET_KEY is another one than when it was turned on")
            from allauth.mfa.totp.internal.auth import generate_totp_secret

            return generate_totp_secret()


def _ciphers():
    """Fernet with a key of SECRET_KEY's; older keys (SECRET_KEY_FALLBACKS) still read."""
    from cryptography.fernet import Fernet, MultiFernet  # late: a tenth of a second that the start does not need

    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = (hashlib.sha256(f"territory.second-factor:{key!s}".encode()).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
