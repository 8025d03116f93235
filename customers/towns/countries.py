"""Countries as people write them, by their code of two letters."""

from functools import lru_cache
from pathlib import Path

from customers.towns.spellings import spelling

FILE = Path(__file__).resolve().parent / "shipped" / "countries.tsv"

# What people write beside the code, the code of three letters and the English name.
OTHER_NAMES = {
    "AT": ("Österreich", "Oesterreich"),
    "BE": ("Belgique", "België", "Belgien"),
    "BR": ("Brasil",),
    "CH": ("Schweiz", "Suisse", "Svizzera"),
    "CZ": ("Czech Republic", "Česko", "Tschechien"),
    "DE": ("Deutschland", "Allemagne"),
    "DK": ("Danmark",),
    "ES": ("España",),
    "FI": ("Suomi",),
    "GB": ("UK", "Great Britain", "Britain", "England", "Scotland", "Wales", "Northern Ireland", "Cymru"),
    "GR": ("Ellada",),
    "HU": ("Magyarország",),
    "IE": ("Republic of Ireland", "Éire"),
    "IT": ("Italia", "Italien"),
    "LU": ("Luxemburg",),
    "MX": ("México",),
    "NL": ("Netherlands", "The Netherlands", "Nederland", "Holland", "Niederlande"),
    "NO": ("Norge",),
    "PL": ("Polska", "Polen"),
    "PT": ("Portugal",),
    "RO": ("România",),
    "SE": ("Sverige", "Schweden"),
    "SK": ("Slovensko",),
    "TR": ("Türkiye", "Turkey"),
    "US": ("USA", "United States of America", "U.S.A.", "U.S."),
}


@lru_cache(maxsize=1)
def _known() -> dict[str, str]:
    found: dict[str, str] = {}
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            code, *names = line.split("\t")
            found |= {spelling(name): code for name in (code, *names)}
    found |= {spelling(name): code for code, names in OTHER_NAMES.items() for name in names}
    return found


def country_code(text: str) -> str:
    """The code of a country as somebody wrote it; "" where that is none we know."""
    return _known().get(spelling(text), "") if text else ""


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    lines = FILE.read_text(encoding="utf-8").splitlines()
    return {line.split("\t")[0]: line.split("\t")[2] for line in lines if not line.startswith("#")}


def country_name(code: str) -> str:
    """A country's English name, its code where we know none."""
    return _names().get(code, code)
