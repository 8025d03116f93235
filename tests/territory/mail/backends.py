"""Mail servers that misbehave."""

import smtplib

from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.locmem import EmailBackend


class Down(BaseEmailBackend):
    """Nobody answers."""

    def send_messages(self, messages):
        raise ConnectionRefusedError("nobody there")


class RefusesFirst(EmailBackend):
    """Knows no address that begins with `bad`."""

    def send_messages(self, messages):
        for message in messages:
            if message.to[0].startswith("bad"):
                raise smtplib.SMTPRecipientsRefused({message.to[0]: (550, b"no such user")})
        return super().send_messages(messages)


class DiesAfterSending(EmailBackend):
    """The mail has left, and the process is gone before it could say so."""

    def send_messages(self, messages):
        super().send_messages(messages)
        raise SystemExit
