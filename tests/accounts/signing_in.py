"""Clients of people for tests of pages."""

import time

from django.test import Client


def client_of(user, *, signed_in_ago: float = 0, **options) -> Client:
    """A client signed in as the person, the password given `signed_in_ago` seconds ago; `options` are the client's."""
    client = Client(**options)
    client.force_login(user)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time() - signed_in_ago}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    return client
