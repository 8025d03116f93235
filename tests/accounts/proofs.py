"""What people prove besides the password, made in the test: codes of an app, and a passkey in software."""

import base64
import hashlib
import json
import os
import time

from allauth.mfa import app_settings
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData

from accounts.models import Authenticator, User
from accounts.second_factor_adapter import SecondFactor

FLAGS = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV


def code_of(secret: str, *, ago: int = 0) -> str:
    """The code that an app with this secret shows now, or showed `ago` codes ago."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // app_settings.TOTP_PERIOD - ago))


def turn_on_app(user: User) -> str:
    """An authenticator app of the person; returns its secret."""
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    stored = SecondFactor().encrypt(secret)
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": stored})
    return secret


def turn_on_codes(user: User) -> list[str]:
    """Recovery codes of the person."""
    data = {"seed": SecondFactor().encrypt("a" * 40), "used_mask": 0}
    row = Authenticator.objects.create(user=user, type=Authenticator.Type.RECOVERY_CODES, data=data)
    return row.wrap().generate_codes()


class Passkey:
    """A passkey as a device keeps it, for one person and one site."""

    def __init__(self, origin: str = "http://localhost:8000", site: str = "localhost") -> None:
        self.origin, self.site = origin, site
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = os.urandom(16)
        self.person = b""

    def made(self, options: dict) -> str:
        """The answer to what a page asks for when a passkey is added."""
        asked = options["publicKey"]
        self.person = _bytes(asked["user"]["id"])
        credential = AttestedCredentialData.create(
            Aaguid.NONE, self.id, ES256.from_cryptography_key(self.key.public_key())
        )
        data = AuthenticatorData.create(self._site_hash(), FLAGS | AuthenticatorData.FLAG.AT, 0, bytes(credential))
        response = {
            "clientDataJSON": _text(self._client_data("webauthn.create", asked["challenge"])),
            "attestationObject": _text(bytes(AttestationObject.create("none", data, {}))),
        }
        return self._credential(response)

    def used(self, options: dict) -> str:
        """The answer to what a page asks for when one signs in."""
        client = self._client_data("webauthn.get", options["publicKey"]["challenge"])
        data = bytes(AuthenticatorData.create(self._site_hash(), FLAGS, 1))
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": _text(client),
            "authenticatorData": _text(data),
            "signature": _text(signature),
            "userHandle": _text(self.person),
        }
        return self._credential(response)

    def _credential(self, response: dict) -> str:
        name = _text(self.id)
        whole = {"id": name, "rawId": name, "type": "public-key", "response": response, "clientExtensionResults": {}}
        return json.dumps(whole)

    def _client_data(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _site_hash(self) -> bytes:
        return hashlib.sha256(self.site.encode()).digest()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def turn_on_passkey(user: User, name: str = "Phone") -> Passkey:
    """A passkey of the person, as if it had been added on its page."""
    from allauth.account.utils import user_pk_to_url_str

    passkey = Passkey()
    person = _text(user_pk_to_url_str(user).encode())
    made = json.loads(passkey.made({"publicKey": {"user": {"id": person}, "challenge": _text(b"0" * 16)}}))
    Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data={"name": name, "credential": made})
    return passkey
