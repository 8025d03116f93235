"""Addresses that a page writes by the dozen: to find one takes longer than to print a row of a list."""

from collections.abc import Callable
from functools import lru_cache

from django.urls import get_script_prefix, reverse

# Stands for the number; in no address by itself.
_NUMBER = 1_234_567_890


def links_of(name: str) -> Callable[[int], str]:
    """The address `name` of a row by its key: `links_of("customer_detail")(17)` is what `reverse` gives."""
    before, after = _around(name, get_script_prefix())
    return lambda key: f"{before}{key}{after}"


@lru_cache(maxsize=200)
def _around(name: str, _prefix: str) -> tuple[str, str]:
    before, _number, after = reverse(name, args=[_NUMBER]).partition(str(_NUMBER))
    return before, after


def link_to(name: str) -> str:
    """What `reverse` gives for a name without arguments; NoReverseMatch where there is none."""
    return _link_to(name, get_script_prefix())


@lru_cache(maxsize=200)
def _link_to(name: str, _prefix: str) -> str:
    return reverse(name)
