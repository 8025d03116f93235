"""What rows of every room have in common: keys, dates from and to, archive, folded search."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import models
from django.db.models import Case, F, Func, Q, Value, When
from django.utils.translation import gettext_lazy as _

from territory.folding import fold, loosely


def starts_by(day: dt.date, prefix: str = "") -> Q:
    """Rows that have begun by `day` (no start = since always)."""
    return Q(**{f"{prefix}starts_on__isnull": True}) | Q(**{f"{prefix}starts_on__lte": day})


def ends_from(day: dt.date, prefix: str = "") -> Q:
    """Rows whose last day is `day` or later (no end = open)."""
    return Q(**{f"{prefix}ends_on__isnull": True}) | Q(**{f"{prefix}ends_on__gte": day})


def on_day(day: dt.date, prefix: str = "") -> Q:
    """Rows in force on `day`; both ends count."""
    return starts_by(day, prefix) & ends_from(day, prefix)


def key_in(value: Any) -> int | None:
    """A key as an address or a form names it; None for anything else."""
    text = str(value or "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None


def among(field: str, keys: Iterable[int]) -> "Among":
    """Rows whose `field` is one of many keys. They go to the database as one value: a placeholder for each of a thousand keys
    takes longer to write than the rows to read."""
    return Among(field, keys=",".join(map(str, keys)))


class Among(Func):
    """A key is one of these."""

    output_field = models.BooleanField()

    def __init__(self, *expressions: Any, keys: str) -> None:
        super().__init__(*expressions)
        self.keys = keys

    def as_postgresql(self, compiler: Any, connection: Any, **_more: Any) -> tuple[str, list]:
        sql, params = compiler.compile(self.source_expressions[0])
        return f"{sql} = ANY(%s::bigint[])", [*params, f"{{{self.keys}}}"]

    def as_sqlite(self, compiler: Any, connection: Any, **_more: Any) -> tuple[str, list]:
        sql, params = compiler.compile(self.source_expressions[0])
        return f"{sql} IN (SELECT value FROM json_each(%s))", [*params, f"[{self.keys}]"]  # noqa: S608  no values in it


def ordered_dates(name: str) -> models.CheckConstraint:
    """A dated row never ends before it starts."""
    return models.CheckConstraint(
        condition=Q(starts_on__isnull=True) | Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
        name=name,
        violation_error_message=_("The last day is before the first."),
    )


class Dated(models.Model):
    """A row in force from a date (or always) to a date (or on), both days included."""

    starts_on = models.DateField(_("from"), null=True, blank=True)
    ends_on = models.DateField(_("until"), null=True, blank=True)

    class Meta:
        abstract = True


class LiveQuerySet(models.QuerySet):
    """Rows that can be archived."""

    def live(self):
        """Without what was archived."""
        return self.filter(archived_at__isnull=True)


class Archivable(models.Model):
    """A row that is archived rather than removed, and can be brought back."""

    archived_at = models.DateTimeField(_("archived"), null=True, blank=True, editable=False)

    class Meta:
        abstract = True


class Searchable(models.Model):
    """A row found by folded text; `search_fields` names what is folded. Bulk writers call `fold_search_text` themselves."""

    search_fields: tuple[str, ...] = ()
    search_text = models.TextField(editable=False, default="", blank=True)

    class Meta:
        abstract = True

    def fold_search_text(self) -> None:
        """Refresh the stored folded text from the row's own fields."""
        self.search_text = fold(*(str(getattr(self, name) or "") for name in self.search_fields))

    def save(self, *args: Any, update_fields=None, **kwargs: Any) -> None:
        self.fold_search_text()
        if update_fields is not None and set(update_fields) & set(self.search_fields):
            update_fields = {*update_fields, "search_text"}
        super().save(*args, update_fields=update_fields, **kwargs)


# Nobody types more to find something, and SQLite refuses patterns of 50,000 characters.
LONGEST_SEARCH = 200


def matching(queryset: models.QuerySet, words: str, field: str = "search_text") -> models.QuerySet:
    """Rows whose folded text holds every word of `words` (folded likewise); what goes beyond LONGEST_SEARCH is left out."""
    for word in fold(words[:LONGEST_SEARCH]).split()[:8]:
        queryset = queryset.filter(**{f"{field}__contains": word})
    return queryset


def best_first(queryset: models.QuerySet, words: str) -> models.QuerySet:
    """In the order of their folded text, those that begin with the words first."""
    begins = Case(When(search_text__startswith=fold(words), then=Value(0)), default=Value(1))
    return queryset.order_by(begins, "search_text", "pk")


def resembling(words: Iterable[str], field: str = "search_text") -> Q:
    """Rows whose folded text holds every one of some folded words, however their umlauts were typed; of many words, the
    first ones.
    """
    condition = Q()
    for word in list(words)[:8]:
        condition &= Q(**{f"{field}__regex": loosely(word)})
    return condition
