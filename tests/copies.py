"""Copies of a customer with all that is about it but the histories, made in bulk: for tests that look at very many."""

import copy
import uuid
from collections.abc import Sequence
from functools import reduce
from graphlib import TopologicalSorter
from operator import or_

from django.db import models
from django.db.models.fields.reverse_related import ManyToOneRel

from customers.models import Customer

# What names a row beside its key, where no two may be called the same.
NAMES = ("external_id", "subject")


def copies(customer: Customer, times: int) -> None:
    """So many more like this one: each with rows like those about it, as far as links lead from one to the other."""
    graph = _graph()
    # Model -> key of a row -> the keys of its copies.
    made: dict[type[models.Model], dict[int, list[int]]] = {}
    for model in TopologicalSorter(graph).static_order():
        links = [field for field in model._meta.concrete_fields if field.related_model in graph]
        rows = [customer] if model is Customer else _about(model, links, made)
        made[model] = {row.pk: _copied(row, links, made, times) for row in rows}


def _graph() -> dict[type[models.Model], set[type[models.Model]]]:
    """Every model that leads to a customer -> those of them that it leads to itself."""
    found = [Customer]
    for model in found:
        leads = (link.related_model for link in model._meta.get_fields(include_hidden=True) if _leads_here(link))
        found += [other for other in dict.fromkeys(leads) if other not in found]
    return {
        model: {field.related_model for field in model._meta.concrete_fields if field.related_model in found}
        for model in found
    }


def _leads_here(link: object) -> bool:
    """Whether rows of another model are about this one, their histories left out."""
    if not isinstance(link, ManyToOneRel):
        return False
    return not hasattr(link.related_model, "history_id")


def _about(model: type[models.Model], links: Sequence[models.Field], made: dict) -> list[models.Model]:
    """Rows that lead to one of those that were copied."""
    asked = (models.Q(**{f"{link.name}__in": list(made[link.related_model])}) for link in links)
    return list(model._base_manager.filter(reduce(or_, asked)).distinct())


def _copied(row: models.Model, links: Sequence[models.Field], made: dict, times: int) -> list[int]:
    """The keys of its copies, each about the copy of what it is about."""
    rows = [_one(row, links, made, number) for number in range(times)]
    type(row)._base_manager.bulk_create(rows, batch_size=500)
    return [row.pk for row in rows]


def _one(row: models.Model, links: Sequence[models.Field], made: dict, number: int) -> models.Model:
    found = copy.copy(row)
    found._state = copy.copy(row._state)
    found._state.adding, found._state.fields_cache = True, {}
    if not row._meta.pk.is_relation:
        found.pk = None
    for link in links:
        others = made[link.related_model].get(getattr(row, link.attname))
        if others:
            setattr(found, link.attname, others[number])
    for name in NAMES:
        if getattr(row, name, None):
            setattr(found, name, f"{getattr(row, name)}-{uuid.uuid4().hex[:12]}")
    if hasattr(row, "uuid"):
        found.uuid = uuid.uuid4()
    if isinstance(row, Customer):
        found.name = f"{row.name} {number}"
    return found
