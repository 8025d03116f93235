"""Search over customers, contacts, orders and people; choices for a customer by a few letters."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from customers.queries import search as queries
from customers.queries.listing import asked_words
from territory.together import answer

SUGGESTED = 5


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """What was found, by kind; recent customers where nothing was asked."""
    words = asked_words(request)
    return render(
        request, "customers/search.html", {"words": words, "found": answer(queries.search(request.user, words))}
    )


@require_safe
def search_suggest(request: HttpRequest) -> HttpResponse:
    """The first of each kind, as rows to show under a search box."""
    words = asked_words(request)
    found = answer(queries.search(request.user, words, SUGGESTED))
    return render(request, "customers/search.html#found", {"words": words, "found": found})


@require_safe
def customer_options(request: HttpRequest) -> HttpResponse:
    """Customers for a combobox: the recent ones, or those that match the letters typed."""
    words = asked_words(request)
    if words:
        customers = queries.customers_matching(request.user, words)
    else:
        customers = answer(queries.recent_customers(request.user))
    return render(request, "customers/options.html", {"customers": customers})
