"""People as if they had signed in: the sign-in itself is held to a few a minute. `python -m bench.sessions 50` prints cookies."""

import json
import os
import sys


def sessions(number: int) -> list[dict[str, str]]:
    """Cookies of so many people, a tenth of them managers; where there are fewer people, some have several browsers."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from accounts.models import User

    sellers = User.objects.filter(is_active=True, memberships__role__name="Salesperson").order_by("pk").distinct()
    managers = User.objects.filter(is_active=True, memberships__role__name="Sales manager").order_by("pk").distinct()
    users = [*managers[: number // 10], *sellers]
    found = []
    for user in [users[n % len(users)] for n in range(number)]:
        store = SessionStore()
        store[SESSION_KEY] = str(user.pk)
        store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        store[HASH_SESSION_KEY] = user.get_session_auth_hash()
        store.create()
        found.append({settings.SESSION_COOKIE_NAME: store.session_key})
    return found


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "territory.settings")
    django.setup()
    print(json.dumps(sessions(int(sys.argv[1]))))
