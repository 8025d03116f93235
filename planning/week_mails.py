"""The manager's week by mail: at 07:00 of their own Monday, where the company works on it; once a week and person."""

import datetime as dt
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import Membership, User
from accounts.permissions import Act, Area, Reach
from accounts.reaches import reach_of
from planning.engine.calendar import monday
from planning.queries.managers_week import Closed, ManagersWeek, leads, managers_week
from territory import clock
from territory.company.models import Company, Holiday, monday_to_friday
from territory.formats.days import day_text
from territory.formats.numbers import money_text, percent_text
from territory.mail import kinds, outbox
from territory.mail.choices import choices_of
from territory.mail.digest import morning_of
from territory.mail.kinds import Kind, Message, When
from territory.mail.models import Mail
from territory.rows import on_day

MANAGERS_WEEK = "managers_week"
WEEKS = "managers' weeks"

# What makes somebody a manager of teams here.
LEADING = (Reach.TEAM, Reach.BELOW, Reach.ALL)


def register() -> None:
    kinds.add(
        Kind(
            key=MANAGERS_WEEK,
            label=gettext_lazy("My teams' week"),
            help=gettext_lazy("On Monday mornings: load, situations, what changed, what to decide."),
            choices=(When.AT_ONCE, When.NEVER),
            compose=_compose,
            offered=leads,
        )
    )


def post_weeks(*, now: dt.datetime) -> int:
    """Leave the week of their Monday to every manager whose Monday morning has come and who has not got it; how many."""
    mondays = _on_monday(now)
    if not mondays:
        return 0
    choices = choices_of([person.pk for person, _day in mondays], kinds.get(MANAGERS_WEEK))
    worked = _worked({day for _person, day in mondays})
    waiting = [(person, day) for person, day in mondays if choices[person.pk] != When.NEVER and day in worked]
    keys = [_key(day, person) for person, day in waiting]
    posted = set(Mail.objects.filter(key__in=keys).values_list("key", flat=True))
    new = [(person, day) for person, day in waiting if _key(day, person) not in posted]
    for person, day in new:
        key, facts = _week_key(day), {"week": day.isoformat()}
        outbox.post(kind=MANAGERS_WEEK, to=[person], key=key, now=now, facts=facts)
    return len(new)


def _week_key(day: dt.date) -> str:
    return f"managers-week:{day.isoformat()}"


def _key(day: dt.date, person: User) -> str:
    """As the outbox makes it."""
    return f"{_week_key(day)}:{person.pk}"


def _on_monday(now: dt.datetime) -> list[tuple[User, dt.date]]:
    """Managers for whom it is Monday after the morning began, each with that day; nothing is asked where it is nowhere."""
    if all((now + dt.timedelta(hours=hours)).weekday() for hours in (-12, 0, 14)):
        return []
    today = clock.day_of(now, clock.company_zone())
    seats = Membership.objects.filter(on_day(today), user__is_active=True, user__email__isnull=False)
    people = {
        seat.user
        for seat in seats.select_related("role", "user").order_by("pk")
        if reach_of(seat.role.access, Area.BUDGETS, Act.CHANGE) in LEADING
    }
    found = []
    for person in sorted(people, key=lambda person: person.pk):
        day, morning = morning_of(person, now)
        if day == monday(day) and now >= morning:
            found.append((person, day))
    return found


def _worked(days: set[dt.date]) -> set[dt.date]:
    """Those of these days on which the company works."""
    company = Company.current()
    weekdays = company.working_days if company else monday_to_friday()
    holidays = set(Holiday.objects.filter(on__in=days).values_list("on", flat=True))
    return {day for day in days - holidays if day.isoweekday() in weekdays}


def _compose(user: User, facts: dict[str, Any]) -> Message | None:
    """The week as the manager may see it now."""
    if not leads(user):
        return None
    week = managers_week(user, dt.date.fromisoformat(facts["week"]))
    words = {"first": day_text(week.first), "last": day_text(week.last)}
    link = outbox.link(reverse("managers_week"))
    parts = [_decisions(week), _loads(week), _situations(week), _changes(week)]
    lines = [line for part in parts if part for line in (*part, "")]
    lines += [_("All of it on one page: %(link)s") % {"link": link}, ""]
    return Message(_("Your teams' week, %(first)s to %(last)s") % words, "\n".join(lines))


def _decisions(week: ManagersWeek) -> list[str]:
    if not week.decisions:
        return [_("Nothing waits for your decision.")]
    lines = [_("To decide")]
    for row in week.decisions:
        about = f" ({row.about})" if row.about else ""
        lines += [f"- {row.text}{about}: {outbox.link(row.url)}"]
    return lines


def _loads(week: ManagersWeek) -> list[str]:
    rows = [*week.teams, week.all_teams] if len(week.teams) != 1 else week.teams
    lines = [_("Load this week and next")]
    for row in rows:
        this, following = (_("away") if load is None else percent_text(load) for load in row.loads)
        lines.append(f"- {row.name}: {this}, {following}")
    return lines if week.teams else []


def _situations(week: ManagersWeek) -> list[str]:
    words = {"open": week.situations, "new": week.opened_in_all, "resolved": week.resolved_in_all}
    lines = [_("Special situations: %(open)s open; %(new)s new and %(resolved)s resolved in the last week") % words]
    return [*lines, *(f"- {row.text}: {outbox.link(row.url)}" for row in week.opened)]


def _changes(week: ManagersWeek) -> list[str]:
    days = {"first": day_text(week.before), "last": day_text(week.until)}
    lines = [_("Last week, %(first)s to %(last)s") % days]
    lines += [f"- {move.label}: {number}" for move, number in week.moved]
    lines.append("- " + _closed(ngettext("%(n)s order won", "%(n)s orders won", week.won.orders), week.won))
    lines.append("- " + _closed(ngettext("%(n)s order lost", "%(n)s orders lost", week.lost.orders), week.lost))
    return lines


def _closed(words: str, closed: Closed) -> str:
    text = words % {"n": closed.orders}
    return f"{text}, {money_text(closed.amount)}" if closed.amount else text
