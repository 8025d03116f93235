"""Making the rules of the database those of a file: all of them or nothing, and nothing twice."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import models, transaction
from django.db.models.deletion import ProtectedError
from django.utils.translation import gettext as _

from accounts.models import Role, User
from accounts.starting_access import starting_access
from customers.actions.lifecycle import mark_lifecycles_due
from customers.models import SaleTypeKind, Tier
from customers.signals import catalogue_changed
from planning.actions.rules import raise_rules_version
from planning.models import COUNTING, VISITING, WITHOUT_EFFECT, ActivityGoal, PlanningSettings, TouchValue
from planning.rules_file.dumping import live_rows, rows_of
from planning.rules_file.reading import Entry, RulesFile, read_rules
from planning.rules_file.sections import BY_NAME, SECTIONS, RulesFileError, Section
from territory.company.models import Company, Holiday
from territory.company.signals import company_changed

REASON = "Rules file"

# Sections on which no figure rests.
WITHOUT = {section.name for section in SECTIONS if section.model in (*WITHOUT_EFFECT, ActivityGoal)}


def load_rules(given: Any, *, actor: User | None, now: dt.datetime) -> dict[str, int]:
    """Bring the rules in line with the file; returns how many rows each section changed, without those that changed none.

    One transaction. Sections that the file leaves out stay as they are. Raises RulesFileError, with nothing changed.
    Where something changed on which figures rest, those computed under the older rules become stale.
    """
    with transaction.atomic():
        made = _Changes(read_rules(given), actor, now)
        changes = made.make()
        if changes.keys() - made.without:
            raise_rules_version(
                actor=actor, now=now, what=_("Rules file: %(sections)s") % {"sections": ", ".join(changes)}
            )
            if set(changes) & {"tiers", "touch_types"}:
                catalogue_changed.send(sender=Company)
            if "tiers" in changes:
                mark_lifecycles_due(now=now)
            if set(changes) & {"working_days", "holidays"}:
                company_changed.send(sender=Company)
    return changes


class _Changes:
    """One loading: what is to be, who makes it so and when."""

    def __init__(self, rules: RulesFile, actor: User | None, now: dt.datetime) -> None:
        self.rules = rules
        self.actor = actor
        self.now = now
        self.counts: dict[str, int] = {}
        self.without = set(WITHOUT)

    def make(self) -> dict[str, int]:
        present = [section for section in SECTIONS if section.name in self.rules.sections]
        # Rules go before what they name goes, and what they name comes before they come.
        for section in reversed(present):
            self._remove_left_out(section)
        for section in present:
            self._put(section)
        self._settings()
        self._working_days()
        self._holidays()
        return {name: count for name, count in self.counts.items() if count}

    def _count(self, name: str) -> None:
        self.counts[name] = self.counts.get(name, 0) + 1

    def _remove_left_out(self, section: Section) -> None:
        if section.keeps_others:
            return
        wanted = {entry.key(section) for entry in self.rules.sections[section.name]}
        kinds = self._kinds(section)
        for row in live_rows(section):
            if _key(section, row) not in wanted and getattr(row, "kind", None) not in kinds:
                self._remove(section, row)
                self._count(section.name)

    def _kinds(self, section: Section) -> set[str]:
        """Sale types that orders get by themselves are known again by their kind: another name renames them."""
        return {SaleTypeKind.NEW_BUSINESS, SaleTypeKind.REPEAT} if section.name == "sale_types" else set()

    def _remove(self, section: Section, row: models.Model) -> None:
        self._sign(row)
        try:
            with transaction.atomic():
                row.delete()
        except ProtectedError:
            row.retired_at = self.now  # type: ignore[attr-defined]
            self._save(row, ["retired_at", *self._leave_bound(row)])

    def _put(self, section: Section) -> None:
        existing = self._existing(section)
        if section.name == "tiers":
            self._free_bounds(existing)
        for position, entry in enumerate(self._in_order(section), start=1):
            values = self._columns(section, entry)
            if section.retires and section.model is not Role:
                values |= {"position": position, "retired_at": None}
            row = existing.get(_identity(section, entry))
            if row is None:
                self._create(section, values)
            elif not self._change(section, row, values, entry.place):
                continue
            self._count(section.name)

    def _in_order(self, section: Section) -> list[Entry]:
        entries = self.rules.sections[section.name]
        if section.name == "tiers":
            return sorted(entries, key=lambda entry: -entry.values["lower_bound"])
        return entries

    def _existing(self, section: Section) -> dict[tuple, models.Model]:
        """Rows by what they are known by; a retired one of the same name comes back."""
        targets = [value.column for value in section.values if value.target]
        rows = rows_of(section).select_related(*targets)
        return {_identity_of_row(section, row): row for row in rows}

    def _leave_bound(self, row: models.Model) -> list[str]:
        """Bounds are unique, retired tiers' too: one that the file wants is left to it. Returns what of the row changed."""
        if not isinstance(row, Tier) or row.lower_bound not in self._bounds().values():
            return []
        row.lower_bound = _free_bound(row.pk)
        return ["lower_bound"]

    def _bounds(self) -> dict[str, Any]:
        return {entry.values["name"]: entry.values["lower_bound"] for entry in self.rules.sections["tiers"]}

    def _free_bounds(self, existing: dict[tuple, models.Model]) -> None:
        """Bounds that move are put out of the way first, so that two tiers can change places.

        Only tiers that the file leaves out tell it: of the others all that changes is stored together afterwards.
        """
        wanted = self._bounds()
        for (name,), row in existing.items():
            if name not in wanted:
                if changed := self._leave_bound(row):
                    self._save(row, changed)
            elif wanted[name] != row.lower_bound:  # type: ignore[attr-defined]
                Tier.objects.filter(pk=row.pk).update(lower_bound=_free_bound(row.pk))

    def _columns(self, section: Section, entry: Entry) -> dict[str, Any]:
        found = {}
        for value in section.values:
            if value.name not in entry.values:
                continue
            given = entry.values[value.name]
            if value.target:
                given = self._named(BY_NAME[value.target], given) if given is not None else None
            elif given is None:
                given = section.model._meta.get_field(value.column).get_default()
            found[value.column] = given
        return found

    def _named(self, section: Section, name: str) -> models.Model:
        return live_rows(section).get(name=name)

    def _create(self, section: Section, values: dict[str, Any]) -> None:
        if section.model is Role:
            values |= {"access": starting_access(values["function"]), "position": Role.objects.count() + 1}
        if section.model is TouchValue:
            values |= {"approved_by": self.actor, "approved_at": self.now}
        row = section.model(**values)
        self._sign(row)
        row.save()

    def _change(self, section: Section, row: models.Model, values: dict[str, Any], place: str) -> bool:
        if section.model is Role:
            return False
        changed = [name for name, value in values.items() if getattr(row, name) != value]
        if section.model is TouchValue:
            if "amount" in changed:
                raise RulesFileError(
                    _(
                        "%(place)s.amount: %(amount)s starts on that day already, and values are never overwritten; choose a later day."
                    )
                    % {"place": place, "amount": row.amount}  # type: ignore[attr-defined]
                )
            return False
        for name in changed:
            setattr(row, name, values[name])
        if changed:
            self._save(row, changed)
        return bool(changed)

    def _settings(self) -> None:
        if not self.rules.settings:
            return
        row = PlanningSettings.current()
        changed = [name for name, value in self.rules.settings.items() if getattr(row, name) != value]
        for name in changed:
            setattr(row, name, self.rules.settings[name])
        if not changed:
            return
        self._sign(row)
        if row._state.adding:
            row.save()
        else:
            self._save(row, changed)
        self._count("settings")
        if set(changed) <= {*COUNTING, *VISITING}:
            self.without.add("settings")

    def _working_days(self) -> None:
        if self.rules.working_days is None:
            return
        company = Company.current()
        if company is None:
            raise RulesFileError(_("working_days: the company is not set up yet."))
        if sorted(company.working_days) != self.rules.working_days:
            company.working_days = self.rules.working_days
            self._save(company, ["working_days"])
            self._count("working_days")

    def _holidays(self) -> None:
        if self.rules.holidays is None:
            return
        existing = {row.on: row for row in Holiday.objects.all()}
        for on, row in existing.items():
            if on not in self.rules.holidays:
                self._sign(row)
                row.delete()
                self._count("holidays")
        for on, name in self.rules.holidays.items():
            row = existing.get(on) or Holiday(on=on)
            if row.name == name and not row._state.adding:
                continue
            row.name = name
            self._sign(row)
            row.save()
            self._count("holidays")

    def _save(self, row: models.Model, names: list[str]) -> None:
        if hasattr(row, "version"):
            row.version += 1
            names = [*names, "version"]
        self._sign(row)
        row.save(update_fields=names)

    def _sign(self, row: models.Model) -> None:
        row._history_user = self.actor  # type: ignore[attr-defined]
        row._history_date = self.now  # type: ignore[attr-defined]
        row._change_reason = REASON  # type: ignore[attr-defined]


def _free_bound(pk: int) -> int:
    """A bound that no tier can have: above all that are stored."""
    return 900_000_000_000 - pk


def _key(section: Section, row: models.Model) -> tuple:
    found = []
    for name in section.key:
        value = section.value(name)
        stored = getattr(row, value.column)
        found.append(stored.name if value.target and stored is not None else stored)
    return tuple(found)


def _identity(section: Section, entry: Entry) -> tuple:
    """What an entry is known by: its key; a sale type of the two kinds by its kind."""
    kind = entry.values.get("kind")
    if section.name == "sale_types" and kind in (SaleTypeKind.NEW_BUSINESS, SaleTypeKind.REPEAT):
        return ("kind", kind)
    return entry.key(section)


def _identity_of_row(section: Section, row: models.Model) -> tuple:
    kind = getattr(row, "kind", None)
    if section.name == "sale_types" and kind in (SaleTypeKind.NEW_BUSINESS, SaleTypeKind.REPEAT):
        return ("kind", kind)
    return _key(section, row)
