"""Faults that are nobody's request's: the disk is full, or the database does not answer. They are told apart from errors of the program."""

import errno
from typing import Any

from django.utils.translation import gettext as _

FULL, AWAY = "full", "away"

# PostgreSQL's classes: what connects and what is shut down. SQLite's names: the file cannot be opened.
_CONNECTS = ("08", "57P")
_CANNOT_OPEN = ("SQLITE_CANTOPEN", "SQLITE_IOERR")


def why_unavailable(error: BaseException | None) -> str:
    """FULL, AWAY, or "" where the error is another."""
    while error is not None:
        found = _of_one(error)
        if found:
            return found
        error = error.__cause__ or error.__context__
    return ""


def _of_one(error: BaseException) -> str:
    state, name = getattr(error, "sqlstate", ""), getattr(error, "sqlite_errorname", "")
    if state == "53100" or name == "SQLITE_FULL" or (isinstance(error, OSError) and error.errno == errno.ENOSPC):
        return FULL
    # A server that was not reached gave no state.
    not_reached = (
        type(error).__module__.startswith("psycopg") and type(error).__name__ == "OperationalError" and not state
    )
    if not_reached or str(state or "").startswith(_CONNECTS) or name.startswith(_CANNOT_OPEN):
        return AWAY
    return ""


def words(why: str) -> dict[str, Any]:
    """What the page of errors says of it."""
    if why == FULL:
        name = _("The server has no room left")
        what = _("Nothing was saved. Everything that was saved before is there and can be read.")
    else:
        name = _("The database does not answer")
        what = _("Nothing can be read or saved at the moment. Everything that was saved before is there.")
    advice = _(
        "Tell your administrator. What you typed is still there where your browser keeps it: go back, and try again later."
    )
    return {"name": name, "what": what, "advice": advice}
