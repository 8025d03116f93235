"""Tells who imported a file how it ended."""

import datetime as dt
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.permissions import Act, Area, may
from customers.models import Import, ImportState
from territory.mail import kinds, outbox
from territory.mail.kinds import Kind, Message

IMPORT_FINISHED = "import_finished"


def register() -> None:
    kinds.add(
        Kind(
            key=IMPORT_FINISHED, label=gettext_lazy("An import of mine finished"), compose=_compose, offered=_may_import
        )
    )


def _may_import(user: User) -> bool:
    return may(user, Area.IMPORT, Act.CHANGE)


def post_import_ended(job: Import, *, now: dt.datetime) -> None:
    """Once each time it ends; in the transaction in which it does."""
    key = f"import-ended:{job.pk}:{now.isoformat()}"
    outbox.post(kind=IMPORT_FINISHED, to=[job.author], key=key, now=now, facts={"import": job.pk})


def _compose(user: User, facts: dict[str, Any]) -> Message | None:
    """Counts alone: what stood in the rows is for the page, which asks who reads it."""
    job = Import.objects.visible_to(user).filter(pk=facts["import"]).first()
    if job is None or job.state not in (ImportState.DONE, ImportState.FAILED):
        return None
    words = {
        "file": job.file_name,
        "new": job.created,
        "changed": job.changed,
        "unchanged": job.unchanged,
        "rejected": job.rejected,
        "problem": job.problem,
        "link": outbox.link(reverse("import_detail", args=[job.pk])),
    }
    counts = _("%(new)s new, %(changed)s changed, %(unchanged)s unchanged, %(rejected)s rejected.") % words
    lines = [counts, "", _("The report: %(link)s") % words, ""]
    if job.state == ImportState.FAILED:
        return Message(_("Import stopped: %(file)s") % words, "\n".join([job.problem, "", *lines]))
    return Message(_("Import finished: %(file)s") % words, "\n".join(lines))
