"""The same look at the installation in words: what each part is, how it is, and what to do when it is not well."""

import datetime as dt
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from msgspec import Struct

from territory import health
from territory.health import Health
from territory.jobs import registry


class Part(Struct, frozen=True):
    """A line of the page: `tone` is good, warn or danger; `help` says what to do and is empty where nothing is."""

    label: Any
    tone: str
    state: str
    help: Any = ""


_LABELS = {
    health.DATABASE: gettext_lazy("Database"),
    health.BROKER: gettext_lazy("Redis, the broker"),
    health.BEAT: gettext_lazy("The clock that gives ticks (beat)"),
    health.WORKER: gettext_lazy("The worker that does the jobs"),
}
_HELPS = {
    health.BROKER: gettext_lazy(
        "Nothing is lost: what is to be done stands in the database. Until Redis answers, figures are not computed and no mail is sent."
    ),
    health.BEAT: gettext_lazy("Start beat again, one of it. What it missed is caught up by its first ticks."),
    health.WORKER: gettext_lazy(
        "Start the worker again. If it runs, it cannot reach Redis or the database: its log says which."
    ),
    "stale_mark": gettext_lazy("The worker does not keep up or fails: the jobs that failed say why."),
    "mail": gettext_lazy("The mail server does not take mails: the jobs page says why under the mails that failed."),
}


def parts(seen: Health) -> list[Part]:
    """One line a part, in the order of causes; without the database nothing is known of the rest."""
    failing = seen.failing
    answers = {health.DATABASE: seen.ages is not None, health.BROKER: seen.broker}
    lines = [
        Part(
            _LABELS[name],
            "good" if well else "danger",
            _("answers") if well else _("does not answer"),
            _help(name, well),
        )
        for name, well in answers.items()
    ]
    if seen.ages is None:
        return lines
    for name in health.LIMITS:
        age, well = seen.age(name), name not in failing
        state = _("heard %(ago)s ago") % {"ago": span(age)} if age is not None else _("never heard")
        lines.append(Part(_LABELS[name], "good" if well else "danger", state, _help(name, well)))
    for gauge in registry.gauges():
        age, well = seen.age(gauge.name), gauge.name not in failing
        state = _("nothing waits") if age is None else _("waits for %(span)s") % {"span": span(age)}
        lines.append(Part(gauge.label, "good" if well else "danger", state, _help(gauge.name, well)))
    return [*lines, _backup(seen)]


def _help(name: str, well: bool) -> Any:
    return "" if well else _HELPS.get(name, "")


def _backup(seen: Health) -> Part:
    age = seen.age(health.BACKUP)
    state = _("none was made yet") if age is None else _("%(ago)s ago") % {"ago": span(age)}
    late = seen.backup_is_late
    text = _("One a night is usual: docs/deploy.md says how it is set up.") if late else ""
    return Part(_("Last backup"), "warn" if late else "good", state, text)


def span(age: dt.timedelta) -> str:
    """How long, in the largest unit that fits."""
    seconds = int(age.total_seconds())
    if seconds < 120:
        return ngettext("%(n)s second", "%(n)s seconds", seconds) % {"n": seconds}
    if seconds < 2 * 3600:
        minutes = seconds // 60
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    if seconds < 2 * 86_400:
        hours = seconds // 3600
        return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}
    days = seconds // 86_400
    return ngettext("%(n)s day", "%(n)s days", days) % {"n": days}
