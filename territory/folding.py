"""Folding of text, so that search finds the same on both databases whatever case and accents were typed."""

import re
import unicodedata
from collections.abc import Iterable

# Letters that NFKD leaves whole, though people type them plain.
_PLAIN = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ı": "i", "þ": "th", "æ": "ae", "œ": "oe", "ð": "d"})


def fold(*parts: str | None) -> str:
    """The parts as one lower-case line without accents, single spaces between words; empty parts left out."""
    text = " ".join(part for part in parts if part)
    if text.isascii():  # most are, and nothing of them is an accent
        return " ".join(text.lower().split())
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_PLAIN))
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())


# An e that stands for the dots of the letter before it. At the end of a word it hardly ever does: Blue, Roe.
_UMLAUT = re.compile(r"(?<=[aou])e(?=\w)")


def loosen(folded: str) -> str:
    """Folded text in which umlauts typed as two letters are as those typed as one: mueller is muller, as Müller is.

    So are some that were none (Bauer, Baur): good enough to ask "is it one of these?", not to say that two are the same.
    """
    return _UMLAUT.sub("", folded)


def holds_loosely(text: str, words: Iterable[str]) -> bool:
    """Whether a text holds every one of some folded words, however umlauts were typed."""
    theirs = fold(text)
    loose = loosen(theirs)
    return all(word in theirs or loosen(word) in loose for word in words)


def loosely(folded: str) -> str:
    """A regular expression, for the database, that finds whatever holds the text so (and little else)."""
    return re.sub(r"[aou](?=\w)", r"\g<0>e?", re.escape(loosen(folded)))
