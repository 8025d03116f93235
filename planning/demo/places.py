"""The towns of the demo as its gazetteer, and some customers whose place nobody knows yet."""

import tempfile
from pathlib import Path

from customers.data_files import bring_in_here, store
from customers.models import Customer
from planning.demo.book import Account
from planning.demo.names import TOWNS
from territory import clock

# One of so many has no place, as after an import.
ONE_OF = 60


def know_towns() -> None:
    """Brings in the towns that the demo's customers are in."""
    lines = ["name\tcountry\tlatitude\tlongitude"]
    lines += [f"{town.name}\tGB\t{town.latitude}\t{town.longitude}" for towns in TOWNS.values() for town in towns]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "towns-of-the-demo.tsv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        store(bring_in_here(name=path.name, now=clock.now()).pk, path=path)


def forget_some_places(book: list[Account]) -> None:
    """What travel to them took was logged before."""
    keys = [account.customer.pk for account in book[ONE_OF - 1 :: ONE_OF]]
    Customer.objects.filter(pk__in=keys).update(latitude=None, longitude=None)
