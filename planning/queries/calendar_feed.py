"""What a person's calendar reads: their planned touches that have a time, as iCalendar (RFC 5545)."""

import datetime as dt

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from customers.models import PlannedTouch
from planning.actions.calendar_feeds import hashed
from planning.loaders.visits import assigned
from planning.models import CalendarFeed
from territory.links import links_of

BEFORE, AFTER = dt.timedelta(days=30), dt.timedelta(days=180)


def reader_of(token: str) -> User | None:
    """Whose address this is; None where it is nobody's, or of somebody who works here no more."""
    row = CalendarFeed.objects.filter(token_hash=hashed(token), person__is_active=True).select_related("person").first()
    return row and row.person


def events(person: User, now: dt.datetime) -> QuerySet[PlannedTouch]:
    """Open planned touches with a time that are theirs to do, as far as they see touches and the customers: so too of those whom
    they cover, and not their own that somebody else does meanwhile."""
    rows = PlannedTouch.objects.open().visible_to(person).filter(assigned(person))
    rows = rows.filter(due_at__gte=now - BEFORE, due_at__lt=now + AFTER, customer__archived_at__isnull=True)
    return rows.select_related("customer", "type").order_by("due_at", "pk")


def as_icalendar(person: User, now: dt.datetime) -> bytes:
    """The calendar as a file."""
    from icalendar import Calendar, Event

    calendar = Calendar()
    calendar.add("prodid", "-//Territory//visits//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _("Visits, %(name)s") % {"name": person})
    calendar.add("x-published-ttl", "PT30M")
    address = links_of("customer_detail")
    for row in events(person, now):
        customer, event = row.customer, Event()
        event.add("uid", f"{row.uuid}@territory")
        event.add("dtstamp", row.planned_at)
        event.add("sequence", row.version - 1)
        starts = row.due_at or now  # asked for: none is without
        event.add("dtstart", starts.astimezone(dt.UTC))
        event.add("dtend", (starts + dt.timedelta(seconds=row.duration_seconds)).astimezone(dt.UTC))
        event.add("summary", f"{customer.name}, {row.type}")
        parts = (customer.address, f"{customer.postcode} {customer.town}".strip(), customer.country)
        place = ", ".join(part for part in parts if part)
        if place:
            event.add("location", place)
        if customer.latitude is not None:
            event.add("geo", (customer.latitude, customer.longitude))
        if row.reason:
            event.add("description", row.reason)
        event.add("url", f"{settings.SITE_URL}{address(customer.pk)}")
        calendar.add_component(event)
    return calendar.to_ical()
