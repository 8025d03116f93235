"""Names of people whom an answer is about, of those alone who are within the reader's reach as it is shown."""

import datetime as dt
from collections.abc import Collection

from django.db.models import QuerySet

from accounts.models import User
from accounts.permissions import Act, Scope, people_reached, scope
from territory import clock
from territory.together import Prepared, prepared


def named_people(reader: User, area: str, people: Collection[int]) -> Prepared:
    """Key and name of those of these people whom the reader sees in an area today."""
    return _named(scope(reader, area, Act.SEE), clock.company_today(), frozenset(people))


@prepared
def _named(reached: Scope, today: dt.date, people: frozenset[int]) -> QuerySet:
    return people_reached(reached, today).filter(pk__in=people).order_by().values_list("pk", "name")
