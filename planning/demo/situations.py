"""What is out of the ordinary in the demo beside what comes of itself: contacts who left, a market for the newest line."""

import datetime as dt

from customers.actions.writing import write
from customers.models import Contact, Market, MarketPotential, ProductLine
from planning.demo.book import Account
from planning.demo.company import Person


def let_contacts_leave(book: list[Account], today: dt.date) -> None:
    """At one customer of tier A who decided left last week; at two of tier B all but one contact did, months ago."""
    customers = [account for account in book if account.story == "customer" and len(account.contacts) > 1]
    [left] = [account for account in customers if account.tier == "A"][2:3]
    for contact in left.contacts:
        if contact.decides:
            contact.left_on = today - dt.timedelta(days=6)
    alone = [account for account in customers if account.tier == "B"][3:5]
    for account in alone:
        for contact in account.contacts:
            if not contact.decides:
                contact.left_on = max(account.since, today - dt.timedelta(days=75))
    changed = [contact for account in (left, *alone) for contact in account.contacts]
    Contact.objects.bulk_update(changed, ["left_on"])


def note_new_market(lines: list[ProductLine], by: Person, now: dt.datetime, today: dt.date) -> None:
    """What two markets could bring with the line launched last: one that grows fast, one that does not."""
    newest = max(lines, key=lambda line: line.launched_on or dt.date.min)
    for market, growth in zip(Market.objects.filter(parent__isnull=False).order_by("pk"), (24, 6), strict=False):
        row = MarketPotential(
            market=market,
            product_line=newest,
            yearly_potential=1_640_000,
            growth_percent=growth,
            source="Market study",
            noted_on=today - dt.timedelta(days=18),
            noted_by=by.user,
        )
        write(row, actor=by.user, now=now)
