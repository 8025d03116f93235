"""What of an address is kept: ids, and nothing that somebody could use or has typed."""

import uuid

import pytest
from django.test import RequestFactory
from django.urls import get_resolver, resolve, reverse
from django.urls.converters import IntConverter, UUIDConverter

from territory.addresses import address_of, pattern_of

MARK = "MARKER"
HARMLESS = {IntConverter: 4711, UUIDConverter: uuid.UUID(int=0x4711)}


def asked(url):
    request = RequestFactory().get(url, {"q": MARK})
    request.resolver_match = resolve(url)
    return request


def routes():
    """Every address of the application that has blanks: its name, and its blanks filled with a mark where it is not a number or UUID."""
    found = []
    for name in get_resolver().reverse_dict:
        if isinstance(name, str):
            for possibilities, _pattern, _defaults, converters in get_resolver().reverse_dict.getlist(name):
                blanks = possibilities[0][1]
                filled = {blank: HARMLESS.get(type(converters.get(blank)), MARK) for blank in blanks}
                if filled:
                    found.append(pytest.param(name, filled, id=name))
    return found


@pytest.mark.parametrize(("name", "filled"), routes())
def test_of_every_address_only_ids_are_kept(name, filled):
    request = asked(reverse(name, kwargs=filled))
    assert MARK not in address_of(request)
    assert ("4711" in address_of(request)) == any(value != MARK for value in filled.values())
    for blank in filled:
        assert f"<{blank}>" in pattern_of(request)
        assert "4711" not in pattern_of(request)


def test_an_address_is_written_as_it_is_asked_for():
    assert address_of(asked("/customers/17/edit/")) == "/customers/17/edit/"
    assert address_of(asked("/rules/types/3/")) == "/rules/<key>/3/"
    assert address_of(asked("/accounts/password/reset/key/a-b-c/")) == "/accounts/password/reset/key/<uidb36>-<key>/"
    assert pattern_of(asked("/jobs/")) == "/jobs/"
