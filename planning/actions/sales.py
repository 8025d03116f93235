"""Computes what every order took and cost, and keeps it for the pages and reports that show it (domain 3.4, 3.6)."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import models, transaction

from planning.actions.sale_norms import norms_of
from planning.engine.sale_cost import NUMBERS, Effort, Share, Unsold
from planning.loaders import load_ground
from planning.loaders.ground import so_far
from planning.loaders.sale_cost import Sale, Sales, load_sales
from planning.models import SaleFigures, SaleNorm, SalePart, SalesRun, UnsoldFigures, UnsoldPart
from territory import clock
from territory.jobs.runner import Progress
from territory.rows import among

# Rows a statement.
BATCH = 2_000

SALE = (
    "customer_id", "market_id", "salesperson_id", "team_id", "sale_type_id", "tier_id", "status", "opened_on", "closed_on",
    "amount", "days", "is_first", "is_special", "people", *NUMBERS,
)  # fmt: skip
PART = ("seconds", "travel_seconds", "unknown_seconds", "time", "travel")


def compute_sales(*, now: dt.datetime, progress: Progress | None = None) -> dict[str, Any]:
    """Every order as of this moment, in the place of what was kept before; only rows that differ are written."""
    on = clock.day_of(now, clock.company_zone())
    sales = load_sales(so_far(load_ground(on), now), from_log=False, progress=progress)
    _store(on, now, sales)
    return {"orders": len(sales.orders)}


@transaction.atomic
def _store(on: dt.date, now: dt.datetime, sales: Sales) -> None:
    """Safe beside another: the row of the run is held, the later one stands."""
    run, _is_new = SalesRun.objects.update_or_create(on=on, defaults={"computed_at": now})
    SalesRun.objects.exclude(pk=run.pk).delete()
    _keep(SaleFigures, ("order_id",), SALE, [((pk,), _sale(sale)) for pk, sale in sorted(sales.orders.items())])
    _keep_parts(SalePart, ("figures_id", "user_id", "role_id"), _sale_parts(sales))
    unsold = sorted(sales.unsold.items())
    names = ("line", "team_id", "month")
    _keep(UnsoldFigures, names, NUMBERS, [((str(key.line), *key[1:]), _numbers(effort)) for key, effort in unsold])
    keys = {tuple(key): pk for pk, *key in UnsoldFigures.objects.values_list("pk", *names)}
    _keep_parts(UnsoldPart, ("figures_id", "user_id"), _unsold_parts(sales, keys))
    run.norms.all().delete()
    norms = list(norms_of(sales, on))
    for norm in norms:
        norm.run = run
    SaleNorm.objects.bulk_create(norms, batch_size=BATCH)


def _sale(sale: Sale) -> tuple:
    return (
        sale.customer, sale.market, sale.salesperson, sale.team, sale.sale_type, sale.tier, sale.status, sale.opened_on,
        sale.closed_on, sale.amount, sale.days, sale.is_first, sale.is_special, sale.effort.people, *_numbers(sale.effort),
    )  # fmt: skip


def _numbers(effort: Effort) -> tuple:
    return tuple(getattr(effort, name) for name in NUMBERS)


def _share(share: Share) -> tuple:
    return (share.seconds, share.travel_seconds, share.unknown, share.time, share.travel)


def _sale_parts(sales: Sales) -> Iterator[tuple[tuple, tuple]]:
    for pk, sale in sales.orders.items():
        for worker, share in sale.effort.workers.items():
            yield (pk, *worker), _share(share)


def _unsold_parts(sales: Sales, keys: dict[tuple, int]) -> Iterator[tuple[tuple, tuple]]:
    for key, effort in sales.unsold.items():
        of_user: dict[int, Share] = {}
        for worker, share in effort.workers.items():
            of_user[worker.user] = of_user.get(worker.user, Share()) + share
        for user, share in of_user.items():
            yield (keys[_row_key(key)], user), _share(share)


def _row_key(key: Unsold) -> tuple:
    return (str(key.line), key.team, key.month)


Rows = Sequence[tuple[tuple, tuple]]


def _keep(model: type[models.Model], keys: Sequence[str], fields: Sequence[str], wanted: Rows) -> None:
    """Make the rows these, by key; those that stay keep their own key."""
    width = len(keys)
    rows = model._default_manager.order_by().values_list("pk", *keys, *fields)
    present = {tuple(row[1 : width + 1]): (row[0], tuple(row[width + 1 :])) for row in rows}
    changed = []
    for key, values in wanted:
        found = present.pop(key, None)
        if found is None or found[1] != values:
            changed.append(model(**dict(zip((*keys, *fields), (*key, *values), strict=True))))
    model._default_manager.filter(among("pk", [pk for pk, _values in present.values()])).delete()
    model._default_manager.bulk_create(
        changed,
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=[name.removesuffix("_id") for name in keys],
        update_fields=[name.removesuffix("_id") for name in fields],
    )


def _keep_parts(model: type[models.Model], keys: Sequence[str], wanted: Iterator[tuple[tuple, tuple]]) -> None:
    """The same of parts: what differs is removed and written anew, nothing hangs on them."""
    width = len(keys)
    rows = model._default_manager.order_by().values_list("pk", *keys, *PART)
    present = {tuple(row[1 : width + 1]): (row[0], tuple(row[width + 1 :])) for row in rows}
    new = []
    for key, values in wanted:
        found = present.get(key)
        if found is not None and found[1] == values:
            del present[key]
        else:
            new.append(model(**dict(zip((*keys, *PART), (*key, *values), strict=True))))
    model._default_manager.filter(among("pk", [pk for pk, _values in present.values()])).delete()
    model._default_manager.bulk_create(new, batch_size=BATCH)
