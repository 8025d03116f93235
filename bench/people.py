"""Who asks: the salesperson of the busiest customer, the manager of their team, the administrator."""

import secrets
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.db.models import Count

from accounts.models import Membership, User
from bench.browser import Browser
from customers.models import Assignment, Customer


@dataclass
class Asker:
    """Someone signed in. `customers`: some of theirs, the busiest first."""

    label: str
    browser: Browser
    customers: list[int]


def busiest_customer() -> int:
    return Customer.objects.annotate(touches_number=Count("touches")).order_by("-touches_number", "pk")[0].pk


def sign_in_three() -> list[Asker]:
    """By the form, as people do."""
    busiest = busiest_customer()
    seat = Assignment.objects.filter(customer=busiest, kind="lead").select_related("membership__team").get().membership
    manager = Membership.objects.get(team=seat.team, role__name="Sales manager")
    administrator = Membership.objects.get(role__name="Administrator")
    own = Assignment.objects.filter(membership=seat).exclude(customer=busiest).order_by("customer")
    customers = [busiest, *own.values_list("customer_id", flat=True)[:40]]
    askers = []
    for label, member in (("salesperson", seat), ("manager", manager), ("administrator", administrator)):
        password = secrets.token_urlsafe(12)
        User.objects.filter(pk=member.user_id).update(password=make_password(password))
        browser = Browser()
        browser.sign_in(member.user.email, password)
        askers.append(Asker(label, browser, customers))
    return askers
