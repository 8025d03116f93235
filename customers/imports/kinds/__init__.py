"""The kinds of rows that can be imported. To add one: a class in a file here, and its name in the list."""

from django.utils.translation import gettext as _

from customers.imports.errors import CouldNot
from customers.imports.kinds.assignments import Assignments
from customers.imports.kinds.base import Kind
from customers.imports.kinds.customers import Contacts, Customers, ProductLines
from customers.imports.kinds.orders import Orders, Stages
from customers.imports.kinds.people import Absences, People, Teams
from customers.imports.kinds.touches import InternalWorks, Touches

# In the order in which they are usually imported.
KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Teams(),
        People(),
        ProductLines(),
        Customers(),
        Contacts(),
        Assignments(),
        Orders(),
        Touches(),
        InternalWorks(),
        Stages(),
        Absences(),
    )
}


def kind_named(name: str) -> Kind:
    """The kind of that name; raises CouldNot."""
    if name not in KINDS:
        raise CouldNot(
            _("“%(name)s” cannot be imported. Kinds: %(kinds)s.") % {"name": name, "kinds": ", ".join(KINDS)}
        )
    return KINDS[name]
