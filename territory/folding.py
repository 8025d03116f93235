"""Folding of text, so that search finds the same on both databases whatever case and accents were typed."""

import unicodedata

# Letters that NFKD leaves whole, though people type them plain.
_PLAIN = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ı": "i", "þ": "th", "æ": "ae", "œ": "oe", "ð": "d"})


def fold(*parts: str | None) -> str:
    """The parts as one lower-case line without accents, single spaces between words; empty parts left out."""
    text = " ".join(part for part in parts if part)
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_PLAIN))
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())
