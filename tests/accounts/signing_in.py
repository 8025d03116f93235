"""Clients of people for tests of pages."""

import time

from django.test import Client

from accounts import sessions
from territory import clock


def client_of(user, *, signed_in_ago: float = 0, **options) -> Client:
    """A client signed in as the person, the password given `signed_in_ago` seconds ago, their session noted just now.

    `options` are the client's.
    """
    client = Client(**options)
    client.force_login(user)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time() - signed_in_ago}]
    session["account_authentication_methods_user"] = str(user.pk)
    session[sessions.MARK] = sessions.mark(session.session_key, clock.now())
    session.save()
    return client
