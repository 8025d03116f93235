"""Who holds a customer may write about it: what is checked across its rows stays true until the transaction ends."""

from collections.abc import Iterable

from django.db.models import QuerySet

from customers.models import Customer


def held(customer_ids: Iterable[int]) -> QuerySet[Customer]:
    """These customers, locked as they are read until the transaction ends; others may still add rows that name them.

    In the order of their keys, whoever asks: of two who want several of the same neither waits for the other in turn.
    SQLite has no row locks; there the transaction as a whole is the only one that writes.
    """
    return Customer.objects.select_for_update(no_key=True).filter(pk__in=set(customer_ids)).order_by("pk")
