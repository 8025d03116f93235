"""The sessions of a person: noted as they are used, shown to them, ended by them."""

import datetime as dt
import hashlib
from importlib import import_module

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import User, UserSession

# How often at most the last use is written, seconds.
NOTED_EVERY = 5 * 60
MARK = "noted"

# In this order: each browser also claims to be the ones after it.
BROWSERS = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
]
SYSTEMS = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
]


def device_words(user_agent: str) -> tuple[str, str]:
    """Browser and system, as people call them; "" for what is not known."""
    browser = next((word for sign, word in BROWSERS if sign in user_agent), "")
    return browser, next((word for sign, word in SYSTEMS if sign in user_agent), "")


def note(request: HttpRequest, *, now: dt.datetime) -> None:
    """Remember that the session is used, at most once in NOTED_EVERY seconds. Its own data say when that was last done."""
    session = request.session
    if not session.session_key:
        return
    browser, system = device_words(request.headers.get("User-Agent", ""))
    facts = {"user": request.user, "browser": browser, "system": system, "last_used_at": now}
    if not UserSession.objects.filter(session_id=session.session_key).update(**facts):
        if not session.exists(session.session_key):
            return
        begun_at = _begun_at(request) or now
        UserSession.objects.update_or_create(
            session_id=session.session_key, defaults=facts, create_defaults={**facts, "begun_at": begun_at}
        )
    session[MARK] = mark(session.session_key, now)


def is_noted(request: HttpRequest, *, now: dt.datetime) -> bool:
    """Whether this very session was noted lately; a new key is a new session."""
    kept = request.session.get(MARK)
    if not isinstance(kept, list) or kept[:1] != mark(request.session.session_key or "", now)[:1]:
        return False
    return abs(now.timestamp() - kept[1]) < NOTED_EVERY


def mark(key: str, now: dt.datetime) -> list:
    """What a session keeps to know that it was noted: a digest of its key, and when."""
    return [hashlib.sha256(key.encode()).hexdigest()[:16], int(now.timestamp())]


def _begun_at(request: HttpRequest) -> dt.datetime | None:
    """When the person signed in: a new password gives the session a new key, but it began before."""
    from allauth.account.authentication import get_authentication_records  # late: it needs the app registry

    times = [record["at"] for record in get_authentication_records(request, request.user)]
    return dt.datetime.fromtimestamp(min(times), tz=dt.UTC) if times else None


def sessions_of(user: User, *, now: dt.datetime) -> QuerySet[UserSession]:
    """Sessions in which the person is signed in, the latest used first."""
    return UserSession.objects.filter(user=user, session__expire_date__gt=now)


def end(row: UserSession) -> None:
    """Sign this session out."""
    import_module(settings.SESSION_ENGINE).SessionStore(row.session_id).delete()
