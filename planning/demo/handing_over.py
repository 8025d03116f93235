"""Customers of the demo that somebody else worked on before: of their team, and two of another one."""

import datetime as dt

from customers.models import Assignment, CustomerTeam, InternalWork, Order, Touch, TouchPerson
from planning.demo.book import Account
from planning.demo.company import ZONE, Person
from territory import clock

# Of each salesperson so many customers were a colleague's, until so many days ago: the first the longest.
OF_A_COLLEAGUE, FIRST_AGO, APART = 4, 230, 25
# Teams of which one customer each moved from the one to the other, so long ago.
MOVED = (("York team", "Leeds team"), ("Leeds team", "Newcastle team"))
MOVED_AGO = 190


def hand_over(book: list[Account], people: dict[str, Person], now: dt.datetime) -> None:
    """What was done and sold before that day becomes the other's; nothing else changes."""
    today = now.astimezone(ZONE).date()
    sellers = [person for person in people.values() if person.membership.role.name == "Salesperson"]
    taken: set[int] = set()
    for before, after in MOVED:
        old = next(person for person in sellers if person.membership.team.name == before)
        new = next(person for person in sellers if person.membership.team.name == after)
        day = today - dt.timedelta(days=MOVED_AGO)
        for account in _sold_on_both_sides(book, new, day, taken)[:1]:
            _give(account, old, day)
            CustomerTeam.objects.filter(customer=account.customer).update(starts_on=day)
            CustomerTeam.objects.create(customer=account.customer, team=old.membership.team)
            taken.add(account.customer.pk)
    for new in sellers:
        [old] = [each for each in sellers if each is not new and each.membership.team == new.membership.team]
        for number in range(OF_A_COLLEAGUE):
            day = today - dt.timedelta(days=FIRST_AGO - APART * number)
            for account in _sold_on_both_sides(book, new, day, taken)[:1]:
                _give(account, old, day)
                taken.add(account.customer.pk)


def _sold_on_both_sides(book: list[Account], owner: Person, day: dt.date, taken: set[int]) -> list[Account]:
    """Of the owner's customers those that bought in the half year before that day and since, by place in the book."""
    found = []
    for account in book:
        if account.owner is not owner or account.customer.pk in taken or account.since >= day:
            continue
        won = [row.closed_at.astimezone(ZONE).date() for row in account.orders if row.status == "won" and row.closed_at]
        if any(day - dt.timedelta(days=130) <= each < day for each in won) and any(each >= day for each in won):
            found.append(account)
    return found


def _give(account: Account, to: Person, day: dt.date) -> None:
    """What the owner did and sold before that day."""
    owner, customer = account.owner, account.customer
    until = clock.start_of_day(day, ZONE)
    touches = Touch.objects.filter(customer=customer, at__lt=until)
    TouchPerson.objects.filter(user=owner.user, touch__in=touches).update(user=to.user)
    touches.filter(logged_by=owner.user).update(logged_by=to.user)
    work = InternalWork.objects.filter(customer=customer, user=owner.user, spent_on__lt=day)
    work.update(user=to.user, logged_by=to.user)
    sold = Order.objects.filter(customer=customer, salesperson=owner.user, closed_at__lt=until)
    sold.update(salesperson=to.user, team=to.membership.team)
    for order in account.orders:
        if order.closed_at and order.closed_at < until:
            order.salesperson, order.team = to.user, to.membership.team
    row = Assignment.objects.get(customer=customer, membership=owner.membership)
    Assignment.objects.create(
        customer=customer,
        membership=to.membership,
        kind=row.kind,
        starts_on=row.starts_on,
        ends_on=day - dt.timedelta(days=1),
    )
    row.starts_on = day
    row.save(update_fields=["starts_on"])
