"""The morning digest: one mail a person and local day, at 07:00 in their zone, with what waits; nothing waits: no mail."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from territory import clock
from territory.mail import kinds, outbox
from territory.mail.choices import chosen_in
from territory.mail.kinds import Kind, Message, When
from territory.mail.models import Mail, MailChoices, MailState

MORNING = dt.time(7)
DIGEST = "digest"


def register() -> None:
    """The digest is a kind of mail like others; nobody chooses about it, but about what goes into it."""
    kinds.add(Kind(key=DIGEST, label=_("Morning digest"), choices=None, compose=_compose))


def post_digests(*, now: dt.datetime) -> int:
    """Post the digest of everyone whose morning has come and who had none on their local day; returns how many."""
    return sum(_post_digest(row, now) for row in _candidates())


def _candidates() -> list[MailChoices]:
    """Everyone for whom something may wait, each with their row; in two queries."""
    waiting = Mail.objects.filter(state=MailState.WAITING, in_digest=True, digest__isnull=True)
    asked = Q(pk__in=[])
    for kind in kinds.all_kinds():
        if kind.collect is not None:
            asked |= Q(**{f"chosen__{kind.key}": When.DIGEST.value})
    rows = MailChoices.objects.filter(
        asked | Q(user__in=waiting.values("recipient")), user__is_active=True, user__email__isnull=False
    )
    found = {row.user_id: row for row in rows.select_related("user").order_by("pk")}
    # Who never chose has no row; what waits for them came from a kind that is a digest at first.
    for mail in (
        waiting.exclude(recipient__in=found)
        .filter(recipient__is_active=True, recipient__email__isnull=False)
        .select_related("recipient")
    ):
        found.setdefault(mail.recipient_id, MailChoices(user=mail.recipient))
    return list(found.values())


def morning_of(user: Any, now: dt.datetime) -> tuple[dt.date, dt.datetime]:
    """The local day and when its morning begins."""
    zone = clock.zone_of(user)
    day = clock.day_of(now, zone)
    return day, dt.datetime.combine(day, MORNING, tzinfo=zone)


@transaction.atomic
def _post_digest(row: MailChoices, now: dt.datetime) -> bool:
    """The person's digest of their day, unless it is too early or the day had its own; the marks go with it."""
    day, morning = morning_of(row.user, now)
    if now < morning or (row.digest_on is not None and row.digest_on >= day):
        return False
    MailChoices.objects.get_or_create(user=row.user)  # of who never chose: its history tells that the job added it
    # Two at once: one passes.
    free = Q(digest_on__isnull=True) | Q(digest_on__lt=day)
    if not MailChoices.objects.filter(free, user=row.user).update(digest_on=day):
        return False
    items = Mail.objects.filter(
        recipient=row.user, state=MailState.WAITING, in_digest=True, digest__isnull=True, created_at__lt=morning
    )
    asked = [kind.key for kind in _collecting(row, morning)]
    if not asked and not items.exists():
        return False
    key = f"digest:{day.isoformat()}"
    outbox.post(kind=DIGEST, to=[row.user], key=key, now=now, facts={"day": day.isoformat(), "asked": asked})
    items.update(digest=Mail.objects.get(key=f"{key}:{row.user_id}"))
    return True


def _collecting(row: MailChoices, morning: dt.datetime) -> list[Kind]:
    """Kinds to be asked for what nobody posts: chosen before this morning."""
    early = row.changed_at is not None and row.changed_at < morning
    return [
        kind for kind in kinds.all_kinds() if early and kind.collect is not None and chosen_in(row, kind) == When.DIGEST
    ]


def _compose(user: Any, facts: dict) -> Message | None:
    """What waits, each as it may be read now; None where nothing is left."""
    from territory.mail.sending import written

    items = Mail.objects.filter(digest=facts["mail"]).select_related("recipient").order_by("created_at", "pk")
    parts = [part for item in items if (part := written(item)) is not None]
    day = dt.date.fromisoformat(facts["day"])
    for key in facts["asked"]:
        collect = kinds.get(key).collect
        part = collect(user, day) if collect is not None else None
        if part is not None:
            parts.append(part)
    if not parts:
        return None
    subject = ngettext("This morning: %(n)s message", "This morning: %(n)s messages", len(parts)) % {"n": len(parts)}
    if len(parts) == 1:
        subject = parts[0].subject
    texts = [f"{part.subject}\n{'-' * min(len(part.subject), 70)}\n\n{part.text.strip()}" for part in parts]
    return Message(subject, "\n\n\n".join(texts) + "\n")
