"""The outbox: a mail is a row written in the transaction of its cause, and sent by a job after the commit.

    from territory.mail import outbox

    outbox.post(
        kind="import_finished",              # registered with territory.mail.kinds.add
        to=[user],                           # people; who wants none of the kind, or is deactivated, gets none
        key=f"import-finished:{run.pk}",     # once for each key and person, whatever runs twice
        now=now,
        message=Message("Import finished", "4 rows were saved. " + outbox.link(reverse(...))),
    )

Instead of `message` (already in the reader's words, nothing in it that they may not see) give `facts`, ids as JSON: the
kind's `compose` then writes the mail when it is sent, by what the reader may see at that moment.
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.conf import settings

from territory.jobs.bell import Announcer, publish
from territory.mail import kinds
from territory.mail.choices import choices_of
from territory.mail.kinds import Message, When
from territory.mail.models import Mail

NO_MESSAGE = Message("", "")


def post(
    *,
    kind: str,
    to: Iterable[Any],
    key: str,
    now: dt.datetime,
    message: Message = NO_MESSAGE,
    facts: dict[str, Any] | None = None,
) -> None:
    """Leave a mail to each of these people: to be sent at once or with their next digest, as they chose."""
    known = kinds.get(kind)
    people = [person for person in to if person.is_active]
    choices = choices_of([person.pk for person in people], known)
    rows = [
        Mail(
            recipient=person,
            kind=kind,
            key=f"{key}:{person.pk}",
            facts=facts or {},
            subject=one_line(message.subject),
            text=message.text,
            in_digest=choices[person.pk] == When.DIGEST,
            created_at=now,
            due_at=now,
        )
        for person in people
        if choices[person.pk] != When.NEVER
    ]
    # Posted already: that row stands.
    Mail.objects.bulk_create(rows, ignore_conflicts=True)
    if rows:
        ring()


def ring() -> None:
    """After the commit, ask for delivery. A bell that nobody hears: the sweep sends within a minute."""
    _announcer.soon(["deliver"])


def link(path: str) -> str:
    """An address for a mail: SITE_URL and the path, never what a request says."""
    return settings.SITE_URL + path


def one_line(text: str) -> str:
    """A subject without line breaks and control signs, which could become headers of their own."""
    printable = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(printable.split())[:200]


def _announce(_items: set) -> None:
    from territory.mail import tasks

    publish(tasks.deliver)


_announcer = Announcer(_announce)
