"""Sends what waits in the outbox.

A row is claimed by one conditional UPDATE, so that of many workers one sends it. Who claimed it holds it for LEASE; a worker
that is killed meanwhile leaves it to the next sweep. Killed between the server's yes and the mark, a mail is sent a second
time, with the same Message-ID: mail that comes exactly once is not promised by anybody. After 5 attempts a mail is failed.
"""

import datetime as dt
import smtplib
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.translation import gettext as _
from msgspec import Struct

from territory import clock
from territory.company.models import Company
from territory.mail import kinds
from territory.mail.choices import choice_of
from territory.mail.kinds import Message, When
from territory.mail.models import Mail, MailState
from territory.mail.outbox import one_line

MOST_ATTEMPTS = 5

# Longer than a worker may run (240 s).
LEASE = dt.timedelta(minutes=5)

# After the first, second, third and fourth attempt: a server that is down for some hours loses no mail.
BACK_OFF = (dt.timedelta(minutes=1), dt.timedelta(minutes=10), dt.timedelta(hours=1), dt.timedelta(hours=4))

# A batch stops taking up mails well before the worker's limit; the next one goes on where it stopped.
BATCH_SECONDS = 120

# What is wrong with one mail; any other fault of the network or the server would meet the next mail too.
FAULTS_OF_ONE_MAIL = (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError)

logger = structlog.get_logger(__name__)


class Done(Struct):
    """What a batch did."""

    sent: int = 0
    dropped: int = 0
    not_sent: int = 0


def is_demo() -> bool:
    """Whether mails are shown on a page instead of sent."""
    company = Company.current()
    return company is not None and company.is_demo


def are_shown() -> bool:
    """Whether mails can be read on a page: in the demo, and on one machine without a mail server, where nobody else brings them."""
    return not settings.MAIL_SERVER or is_demo()


def no_mail_server_note() -> str:
    """What to tell who sends mails where no server takes them; "" where one does, and in the demo, whose pages say it."""
    if settings.MAIL_SERVER or is_demo():
        return ""
    return format_html(
        '{} <a href="{}">{}</a>. {}',
        _("No mail server is set up: what would be sent stands under"),
        reverse("mail_list"),
        _("Mails"),
        _("docs/deploy.md says how to name one (EMAIL_URL)."),
    )


def deliver_waiting(*, until: dt.datetime | None = None) -> Done:
    """Send what is due, oldest first, until nothing is, the server does not answer, or time is up."""
    done = Done()
    connection = None if is_demo() else get_connection()
    end = until or clock.now() + dt.timedelta(seconds=BATCH_SECONDS)
    try:
        while clock.now() < end and (mail := _claimed(clock.now())) is not None:
            if not _deliver(mail, connection, done):
                break
    finally:
        if connection is not None:
            _close(connection)
    return done


def _claimed(now: dt.datetime) -> Mail | None:
    """The oldest mail that is due and nobody holds, held by us; None where there is none."""
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
    due = Mail.objects.waiting().filter(free, due_at__lte=now)
    _give_up(due.filter(attempts__gte=MOST_ATTEMPTS))
    for pk in due.filter(attempts__lt=MOST_ATTEMPTS).order_by("due_at", "pk").values_list("pk", flat=True)[:20]:
        if due.filter(pk=pk).update(leased_until=now + LEASE, attempts=F("attempts") + 1):
            return Mail.objects.select_related("recipient").get(pk=pk)
    return None


def _give_up(mails) -> None:
    """A mail whose worker died at the last attempt is failed, not waiting for ever."""
    mails.update(state=MailState.FAILED, error="The process that sent it ended without a word.", leased_until=None)


def _deliver(mail: Mail, connection: Any, done: Done) -> bool:
    """Send one mail that we hold; False where the server does not answer, so that the next would fare alike."""
    try:
        message = written(mail)
        if message is None:
            _drop(mail)
            done.dropped += 1
            return True
        if connection is not None:
            _hand_over(mail, message, connection)
    except Exception as error:  # noqa: BLE001  one mail that cannot be written or sent must not stop the others
        _failed(mail, error)
        done.not_sent += 1
        return isinstance(error, FAULTS_OF_ONE_MAIL) or not isinstance(error, OSError)
    _sent(mail, message)
    done.sent += 1
    return True


@transaction.atomic
def _drop(mail: Mail) -> None:
    """Take it back, with what it carried. Its key is free again: what was never sent may be told later."""
    mail.items.all().delete()
    mail.delete()


def written(mail: Mail) -> Message | None:
    """The mail in its reader's language and zone, as they may read it now; None where it must not be sent."""
    person, kind = mail.recipient, kinds.get(mail.kind)
    if not person.is_active or not person.email or choice_of(person.pk, kind) == When.NEVER:
        return None
    if kind.compose is None:
        return Message(mail.subject, mail.text)
    with timezone.override(clock.zone_of(person)), translation.override(person.locale):
        message = kind.compose(person, mail.facts | {"mail": mail.pk})
    return message and Message(one_line(message.subject), message.text)


def _hand_over(mail: Mail, message: Message, connection: Any) -> None:
    connection.open()  # once for a whole batch
    headers = {"Message-ID": mail.message_id, "Auto-Submitted": "auto-generated"}
    EmailMessage(
        message.subject,
        message.text,
        settings.DEFAULT_FROM_EMAIL,
        [str(mail.recipient.email)],
        headers=headers,
        connection=connection,
    ).send()


@transaction.atomic
def _sent(mail: Mail, message: Message) -> None:
    """Mark it, and what it carried; a text with a link for signing in is kept only where it can be read on a page."""
    now = clock.now()
    text = "" if kinds.get(mail.kind).secret and not are_shown() else message.text
    mail.items.update(state=MailState.SENT, sent_at=now)
    Mail.objects.filter(pk=mail.pk).update(
        state=MailState.SENT, sent_at=now, subject=message.subject, text=text, error="", leased_until=None
    )


def _failed(mail: Mail, error: Exception) -> None:
    last = mail.attempts >= MOST_ATTEMPTS
    reason = f"{type(error).__name__}: {error}"[:500]
    # Not what the error says, which repeats addresses: that is for those who may see the jobs page.
    logger.warning("mail not sent", mail=mail.pk, kind=mail.kind, attempt=mail.attempts, error=type(error).__name__)
    Mail.objects.filter(pk=mail.pk).update(
        state=MailState.FAILED if last else MailState.WAITING,
        due_at=mail.due_at if last else clock.now() + BACK_OFF[mail.attempts - 1],
        error=reason,
        leased_until=None,
    )


def _close(connection: Any) -> None:
    try:
        connection.close()
    except Exception as error:  # noqa: BLE001  what was sent is marked; how the server says good-bye changes nothing
        logger.info("mail server left without good-bye", error=f"{type(error).__name__}")


def try_failed_again(*, now: dt.datetime) -> int:
    """Let every failed mail wait again, with all its attempts; returns how many."""
    return Mail.objects.failed().update(state=MailState.WAITING, attempts=0, due_at=now, error="")


def forget_old_mails(now: dt.datetime, keep_days: int = 90) -> int:
    """Forget texts of mails older than `keep_days`, and rows that are no memory of having been sent; returns how many."""
    old = Mail.objects.filter(created_at__lt=now - dt.timedelta(days=keep_days))
    lasting = [kind.key for kind in kinds.all_kinds() if kind.lasting]
    old.filter(kind__in=lasting).exclude(text="").update(text="", subject="")
    gone = old.exclude(kind__in=lasting)
    return gone.delete()[0]
