"""Devices on which somebody signed in before. Guesses are counted for each of them apart, so that who guesses from
elsewhere cannot keep the person out (OWASP calls it device cookies).
"""

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

SALT = "territory.known-device"
KEPT_FOR = 60 * 60 * 24 * 365


def remember(response: HttpResponse, email: str) -> None:
    """Let the device prove next time that this address signed in on it."""
    response.set_cookie(
        settings.KNOWN_DEVICE_COOKIE_NAME,
        signing.dumps([_whose(email), secrets.token_urlsafe(12)], salt=SALT),
        max_age=KEPT_FOR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def device_of(request: HttpRequest, email: str) -> str:
    """The device's own mark where this address has signed in on it, else ""."""
    try:
        kept = signing.loads(request.COOKIES.get(settings.KNOWN_DEVICE_COOKIE_NAME, ""), salt=SALT, max_age=KEPT_FOR)
    except signing.BadSignature:
        return ""
    whose, device = kept
    return device if whose == _whose(email) else ""


def _whose(email: str) -> str:
    return salted_hmac(SALT, email.strip().lower(), algorithm="sha256").hexdigest()[:32]
