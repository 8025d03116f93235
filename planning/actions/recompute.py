"""Recompute what is stored of customers: load, compute, store what changed.

Each chunk is a transaction of its own, so that it can be stopped at any time and run again; running twice equals
running once. Two at a time wait for each other on the rows of figures they share.
"""

import datetime as dt
import gc
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import DatabaseError, connection, transaction
from django.db.models import QuerySet
from msgspec import Struct

from customers.models import Customer
from planning.actions.store import Store
from planning.loaders import Ground, load, load_ground, with_people_of_now
from planning.models import CustomerFigures, FactsMark
from planning.staleness import stale_customers
from territory import clock
from territory.again import again, give_way
from territory.rows import among

# Well under a second: on SQLite nobody else writes meanwhile, and whoever wants the figures of one of them waits.
CHUNK = 1_000

logger = structlog.get_logger(__name__)


class Done(Struct):
    """What a recomputation did."""

    customers: int = 0
    written: int = 0

    def __iadd__(self, other: "Done") -> "Done":
        self.customers += other.customers
        self.written += other.written
        return self


def recompute(customer_ids: Iterable[int], *, now: dt.datetime) -> Done:
    """Recompute these customers in chunks; returns how many, and how many rows were written, changed or removed."""
    ground = load_ground(clock.day_of(now, clock.company_zone()))
    done = Done()
    for chunk in _chunks(sorted(set(customer_ids))):
        done += again(partial(recompute_chunk, chunk, ground=ground, now=now))
    return done


def recompute_all(*, now: dt.datetime) -> Done:
    """Recompute every customer, whether stale or not."""
    return recompute(Customer.objects.order_by("pk").values_list("pk", flat=True), now=now)


def recompute_stale(
    *, now: dt.datetime, until: dt.datetime | None = None, progress: Callable[[int, int | None], None] | None = None
) -> Done:
    """Recompute the customers whose figures are stale, chunk after chunk, taking up no chunk after the instant `until`.

    Several may run at once: each leaves out what another is computing. The cursor is the primary key. A chunk that fails
    is tried customer by customer, so that one customer that cannot be computed holds up no other; what failed is raised
    at the end, when all others are done.
    """
    ground = load_ground(clock.day_of(now, clock.company_zone()))
    stale = stale_customers(ground.on).order_by("pk").values_list("pk", flat=True)
    total = stale.count() if progress else None
    done, cursor = Done(), 0
    errors: list[Exception] = []
    while chunk := list(stale.filter(pk__gt=cursor)[:CHUNK]):
        if until is not None and clock.now() > until:
            break
        cursor = chunk[-1]
        done += _patiently(chunk, ground, now, errors)
        if progress:
            progress(done.customers, total)
        give_way()
    if errors:
        raise errors[0]
    return done


def _patiently(chunk: list[int], ground: Ground, now: dt.datetime, errors: list[Exception]) -> Done:
    try:
        return again(partial(_recompute_free, chunk, ground, now))
    except (DatabaseError, SoftTimeLimitExceeded):
        raise  # locked, cut off, out of time: the whole run is tried again, not each customer
    except Exception:
        logger.exception("chunk not computed, trying one by one", first=chunk[0], last=chunk[-1])
    done = Done()
    for pk in chunk:
        try:
            done += _recompute_free([pk], ground, now)
        except (DatabaseError, SoftTimeLimitExceeded):
            raise
        except Exception as error:
            logger.exception("customer not computed", customer=pk)
            errors.append(error)
    return done


def _recompute_free(ids: list[int], ground: Ground, now: dt.datetime) -> Done:
    """Recompute those of them that nobody else is computing at this moment and that are still stale."""
    # Committed first: of rows that are being inserted nobody can tell without waiting whether they are free.
    _make_rows(ids, set(_rows_of(ids).values_list("customer_id", flat=True)), ground, now)
    with transaction.atomic():
        free = list(
            _rows_of(ids).select_for_update(no_key=True, skip_locked=True).values_list("customer_id", flat=True)
        )
        if not free:
            return Done()
        stale = list(stale_customers(ground.on).filter(among("pk", free)).values_list("pk", flat=True))
        return recompute_chunk(stale, ground=ground, now=now) if stale else Done()


@transaction.atomic
def recompute_chunk(customer_ids: Collection[int], *, ground: Ground, now: dt.datetime) -> Done:
    """Recompute some customers in one transaction, in a fixed number of queries. Archived ones lose their figures."""
    ids = list(customer_ids)
    with _uncollected():
        return _recompute(ids, ground, now)


def _recompute(ids: list[int], ground: Ground, now: dt.datetime) -> Done:
    _claim(ids, ground, now)
    # The numbers are read before the facts: what changes in between leaves the figures stale, never wrongly fresh.
    marks = dict(FactsMark.objects.filter(among("customer_id", ids)).values_list("customer_id", "number"))
    # Bases and absences are such facts too, and the ground may have been loaded minutes ago.
    ground = with_people_of_now(ground)
    loaded = load(ids, ground, from_log=False)
    return Done(len(ids), Store(ids, ground, now).save(loaded, marks))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Nothing is searched for rings meanwhile: in a chunk there are none, and looking at each of its objects again and again
    takes a third of the time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _claim(ids: list[int], ground: Ground, now: dt.datetime) -> None:
    """Lock the rows of figures of live customers, made where there are none yet: whoever comes second waits here."""
    figures = _rows_of(ids).select_for_update(no_key=True)
    if _make_rows(ids, set(figures.values_list("customer_id", flat=True)), ground, now):
        list(figures.values_list("customer_id", flat=True))


def _rows_of(ids: list[int]) -> QuerySet[CustomerFigures]:
    return CustomerFigures.objects.filter(among("customer_id", ids)).order_by("customer_id")


_NEW_ROWS = """
    INSERT INTO {figures} (customer_id, facts_number, rules_number, day, computed_at, budget_minutes,
                           unknown_person_minutes, implausible_touches, window_days, status)
    SELECT id, 0, -1, %s, %s, 0, 0, 0, 0, '' FROM {customer}
    WHERE archived_at IS NULL AND id IN ({ids}) ORDER BY id
    ON CONFLICT DO NOTHING
"""


def _make_rows(ids: list[int], present: set[int], ground: Ground, now: dt.datetime) -> bool:
    """Make the rows of live customers that are not present, as stale as can be; says whether any were not present."""
    missing = sorted(set(ids) - present)
    if missing:
        ops = connection.ops
        statement = _NEW_ROWS.format(
            figures=CustomerFigures._meta.db_table,
            customer=Customer._meta.db_table,
            ids=", ".join(map(str, missing)),
        )
        with connection.cursor() as cursor:
            cursor.execute(statement, [ops.adapt_datefield_value(ground.on), ops.adapt_datetimefield_value(now)])
    return bool(missing)


def _chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    rest = iter(ids)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
