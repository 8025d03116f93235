"""Names one after the other, as they stand in a sentence."""

from collections.abc import Sequence

from django.utils.translation import ngettext

from territory.formats.numbers import number_text


def names_text(names: Sequence[str], most: int) -> str:
    """The first so many, and how many more: "Ann, Ben and 3 more"."""
    more = len(names) - most
    if more <= 0:
        return ", ".join(names)
    words = {"names": ", ".join(names[:most]), "more": number_text(more)}
    return ngettext("%(names)s and %(more)s more", "%(names)s and %(more)s more", more) % words
