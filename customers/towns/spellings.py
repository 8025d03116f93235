"""Names of towns as they are looked for: St. Albans and Saint Albans, Stockton-on-Tees and Stockton on Tees are the same."""

import re

from territory.folding import fold

_SIGNS = re.compile(r"[^\w]+")
_SAINT = re.compile(r"\bsaint\b")

LONGEST = 100


def spelling(name: str) -> str:
    """A name folded, signs between its words left out."""
    return _SAINT.sub("st", _SIGNS.sub(" ", fold(name.replace("'", "").replace("’", ""))).strip())[:LONGEST]
