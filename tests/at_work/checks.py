"""What must hold once all have stopped: everything that was answered with success is there once, and figures are right."""

from collections import Counter
from itertools import pairwise
from typing import Any

from django.db import models, transaction

from customers.actions.lifecycle import STANDING, rebuild_all_lifecycles
from customers.models import (
    Assignment,
    Contact,
    Customer,
    Order,
    PlannedTouch,
    SellingCourse,
    StagePeriod,
    TierPeriod,
    Touch,
)
from planning import tasks
from planning.actions.recompute import recompute_all
from planning.models import Budget, BudgetShare, CustomerFigures, DueTouch
from planning.staleness import stale_customers
from territory import clock
from tests.at_work.book import Book
from tests.at_work.ledger import Ledger

FIGURES = (DueTouch, BudgetShare, Budget, CustomerFigures)
LIFECYCLES = (StagePeriod, SellingCourse, TierPeriod)
NOT_COMPARED = {"id", "computed_at", "facts_number"}


def wrong(book: Book, ledger: Ledger) -> list[str]:
    """Everything that is not as it must be, in words; first the stale figures are computed by the sweep."""
    while stale_customers(clock.company_today()).exists():
        tasks.sweep()
    found = [*ledger.faults, *_lost_and_doubled(ledger), *_overwritten(ledger), *_owners(book)]
    return [*found, *_imports(ledger), *differences(stored(), from_scratch())]


def _lost_and_doubled(ledger: Ledger) -> list[str]:
    """What was logged and planned: once, with its words, however often it was sent."""
    found = []
    for kind, model, field in (("touch", Touch, "note"), ("plan", PlannedTouch, "reason")):
        sent = dict(ledger.stored.get(kind, []))
        rows = {str(row.uuid): row for row in model.objects.filter(uuid__in=sent)}
        found += [f"{kind} {uuid} was lost" for uuid in sent.keys() - rows.keys()]
        for uuid, row in rows.items():
            first = row.history.order_by("history_id").first()
            if getattr(first, field) != sent[uuid] or row.history.filter(history_type="+").count() != 1:
                found.append(f"{kind} {uuid} is not what was sent")
        texts = Counter(model.objects.filter(**{f"{field}__in": list(sent.values())}).values_list(field, flat=True))
        found += [f"{kind} “{text}” came {number} times" for text, number in texts.items() if number > 1]
    return found


def _overwritten(ledger: Ledger) -> list[str]:
    """Of corrections each one that was stored is in the history of its row, and each raised its version by one."""
    found = []
    kinds = {
        "correction": (Touch, "note"), "change of plan": (PlannedTouch, "reason"), "contact": (Contact, "note")
    }  # fmt: skip
    for kind, (model, field) in kinds.items():
        for key, text in ledger.stored.get(kind, []):
            if not model.history.filter(id=key, **{field: text}).exists():
                found.append(f"{kind} “{text}” of {key} was lost")
    for model in (Touch, Contact, PlannedTouch, Order):
        for key, versions in _versions(model).items():
            if versions != list(range(1, len(versions) + 1)):
                found.append(f"{model.__name__} {key}: its history has the versions {versions}")
    # The last note of a contact is the last that a person wrote, whatever the import wrote beside it.
    for key in {key for key, _text in ledger.stored.get("contact", [])}:
        texts = {text for other, text in ledger.stored["contact"] if other == key}
        if Contact.objects.get(pk=key).note not in texts:
            found.append(f"contact {key}: the note of a person was written over")
    moves = Counter(key for key, _to in ledger.stored.get("move", []))
    for key, number in moves.items():
        steps = list(Order.history.filter(id=key).order_by("history_id").values_list("step", flat=True))
        if sum(one != other for one, other in pairwise(steps)) != number:
            found.append(f"order {key} was moved {number} times: {steps}")
    return found


def _versions(model: type[models.Model]) -> dict[int, list[int]]:
    """Versions of changed rows in the order of their history."""
    found: dict[int, list[int]] = {}
    for key, version in model.history.order_by("history_id").values_list("id", "version"):
        found.setdefault(key, []).append(version)
    return {key: versions for key, versions in found.items() if versions[-1] > 1}


def _owners(book: Book) -> list[str]:
    owned = Counter(Assignment.objects.on(clock.company_today()).owners().values_list("customer", flat=True))
    return [f"customer {pk} has {owned[pk]} owners" for pk in book.customers if owned[pk] != 1]


def _imports(ledger: Ledger) -> list[str]:
    """Each row of each file is stored once."""
    found = []
    for mark, rows in ledger.stored.get("import of touches", []):
        number = Touch.objects.filter(external_id__startswith=f"T{mark}-").count()
        if number != int(rows):
            found.append(f"of {rows} imported touches {mark} there are {number}")
    doubled = Counter(PlannedTouch.objects.exclude(closed_by_touch=None).values_list("closed_by_touch", flat=True))
    return found + [f"touch {pk} closed {number} planned ones" for pk, number in doubled.items() if number > 1]


def stored() -> dict[tuple, Any]:
    """What is stored of stages, tiers, budgets, shares, due touches and figures, by table and key."""
    found: dict[tuple, Any] = {}
    for model in (*FIGURES, *LIFECYCLES):
        names = [field.attname for field in model._meta.concrete_fields if field.attname not in NOT_COMPARED]
        rows = model._default_manager.order_by("pk").values(*names)
        found |= {(model.__name__, *_key(model, row)): row for row in rows}
    found |= {("Customer", row.pk): tuple(getattr(row, name) for name in STANDING) for row in Customer.objects.all()}
    return found


def _key(model: type[models.Model], row: dict[str, Any]) -> tuple:
    names = ("customer_id", "role_id", "membership_id", "touch_type_id", "began_at", "started_at", "starts_on")
    return tuple(row[name] for name in names if name in row)


def from_scratch() -> dict[tuple, Any]:
    """The same after all of it was removed and computed anew, which is then undone."""
    with transaction.atomic():
        for model in (*FIGURES, *LIFECYCLES):
            model._default_manager.all().delete()
        rebuild_all_lifecycles(now=clock.now())
        recompute_all(now=clock.now())
        found = stored()
        transaction.set_rollback(True)
    return found


def differences(one: dict[tuple, Any], other: dict[tuple, Any]) -> list[str]:
    return [
        f"{key}: stored {one.get(key)}, from scratch {other.get(key)}"
        for key in sorted(one.keys() | other.keys(), key=str)
        if one.get(key) != other.get(key)
    ]
