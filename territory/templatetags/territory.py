"""Filters for values on screens. What is not known is written as nothing; `default` says what stands there instead."""

import datetime as dt
import json
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django import template
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.html import format_html
from django.utils.translation import get_language

from territory.formats import days, numbers

register = template.Library()

register.filter("money", numbers.money_text)
register.filter("whole_money", lambda amount: "" if amount is None else numbers.money_text(numbers.rounded(amount, 0)))
register.filter("minutes", numbers.minutes_text)
register.filter("hours", numbers.hours_text)
register.filter("percent", numbers.percent_text)
register.filter("number", numbers.number_text)
register.filter("full_date", days.full_text)
register.filter("clock_time", days.time_text)

money = numbers.money_text


@register.filter
def trimmed_number(value: numbers.Number | None) -> str:
    """With as many of two decimals as it has: 12, 3.5, 3.25."""
    text = numbers.number_text(value, 2)
    return text.rstrip("0").rstrip(".") if "." in text else text


@register.filter
def seconds_as_minutes(seconds: int | None) -> str:
    """Stored seconds as minutes: 1,200 is 20 min."""
    return "" if seconds is None else numbers.minutes_text(Decimal(seconds) / 60)


def _time_element(moment: days.Moment | None, text: str) -> str:
    if moment is None:
        return ""
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), days.full_text(moment), text)


@register.filter
def when(moment: days.Moment | None) -> str:
    """In 3 days, 4 days ago, today; the full date on hover."""
    return _time_element(moment, days.when_text(moment))


@register.filter
def when_and_time(moment: dt.datetime | None) -> str:
    """Today 06:10, yesterday 23:05; the full date on hover."""
    return _time_element(moment, f"{days.when_text(moment)} {days.time_text(moment)}".strip())


@register.filter
def short_date(moment: days.Moment | None) -> str:
    """2 Jun; the full date on hover."""
    if moment is None or isinstance(moment, dt.datetime):
        return _time_element(moment, days.day_text(moment))
    return _day_element(moment, days.day_text(moment), get_language())


@lru_cache(maxsize=5000)
def _day_element(day: dt.date, text: str, _language: str | None) -> str:
    return _time_element(day, text)


@register.filter
def stacked_date(moment: days.Moment | None) -> str:
    """2 Jun, where it is another year's with the year below; for narrow columns."""
    if moment is None:
        return ""
    day, _space, year = days.day_text(moment).rpartition(" ")
    if not (year.isdigit() and len(year) == 4):
        return _time_element(moment, days.day_text(moment))
    return _time_element(moment, format_html('{} <span class="d-md-block">{}</span>', day.rstrip(","), year))


@register.filter
def date_and_time(moment: dt.datetime | None) -> str:
    """2 Jun, 14:30; the full date on hover."""
    return _time_element(moment, days.moment_text(moment))


@register.filter
def as_json(value: Any) -> str:
    """For an attribute that a script reads."""
    return json.dumps(value, cls=DjangoJSONEncoder)


@register.filter
def initials(name: str | None) -> str:
    """The first letters of the first and the last word: Nell Ashcombe is NA."""
    words = (name or "").split()
    return "".join(word[0] for word in [*words[:1], *words[1:][-1:]]).upper()
