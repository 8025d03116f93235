"""A plan: a list of rules and files with their mappings, run in order (docs/import.md)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from msgspec import Struct

from accounts.models import User
from customers.imports.errors import CouldNot
from customers.imports.kinds import kind_named
from customers.imports.report import ImportReport
from customers.imports.runs import run_import

# Loads a file of rules and returns what it did. Rules belong to the room above, so the caller brings the function.
LoadRules = Callable[[Path], dict[str, Any]]


class Step(Struct, frozen=True):
    """A step of a plan: rules, or a file of a kind with its mapping."""

    place: str
    rules: str = ""
    kind: str = ""
    file: str = ""
    mapping: str = ""


def read_plan(path: Path) -> list[Step]:
    """The steps of a plan; raises CouldNot with the place of what is wrong."""
    given = read_json(path)
    if not isinstance(given, list) or not given:
        raise CouldNot(_("%(file)s: must be a list of steps.") % {"file": path.name})
    return [_step(f"{path.name}[{index}]", value) for index, value in enumerate(given)]


def run_plan(
    *, path: Path, folder: Path, actor: User | None, now: dt.datetime, load_rules: LoadRules, dry_run: bool = False
) -> list[dict[str, Any]]:
    """Run all steps in order; every file and mapping is looked at before the first is stored.

    Files lie in `folder`; mappings and rules beside the plan, else in `folder`. A dry run stores nothing at all, though
    each step sees what those before it would have stored.
    """
    steps = read_plan(path)
    for step in steps:
        _look(step, path, folder)
    if not dry_run:
        return [_run(step, path, folder, actor, now, load_rules, dry_run) for step in steps]
    with transaction.atomic():
        done = [_run(step, path, folder, actor, now, load_rules, dry_run) for step in steps]
        transaction.set_rollback(True)
    return done


def read_json(path: Path) -> Any:
    """The JSON of a file; raises CouldNot with line and column of what is wrong."""
    try:
        return json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise CouldNot(_("%(file)s cannot be read: %(error)s.") % {"file": path, "error": error.strerror}) from error
    except UnicodeDecodeError as error:
        raise CouldNot(_("%(file)s is not UTF-8.") % {"file": path}) from error
    except json.JSONDecodeError as error:
        raise CouldNot(
            _("%(file)s, line %(line)d, column %(column)d: %(error)s.")
            % {"file": path, "line": error.lineno, "column": error.colno, "error": error.msg}
        ) from error


def read_data(path: Path) -> bytes:
    """The bytes of a file; raises CouldNot."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise CouldNot(_("%(file)s cannot be read: %(error)s.") % {"file": path, "error": error.strerror}) from error


def _step(place: str, given: Any) -> Step:
    if isinstance(given, dict) and all(isinstance(value, str) for value in given.values()):
        if set(given) == {"rules"}:
            return Step(place, rules=given["rules"])
        if set(given) == {"kind", "file", "mapping"}:
            return Step(place, kind=given["kind"], file=given["file"], mapping=given["mapping"])
    raise CouldNot(_("%(place)s: must be {“rules”: file} or {“kind”, “file”, “mapping”}.") % {"place": place})


def _beside(name: str, path: Path, folder: Path) -> Path:
    """A file that belongs to the plan: beside it, else in the folder."""
    own = path.parent / name
    return own if own.exists() else folder / name


def _look(step: Step, path: Path, folder: Path) -> None:
    try:
        if step.rules:
            read_json(_beside(step.rules, path, folder))
        else:
            kind_named(step.kind)
            read_json(_beside(step.mapping, path, folder))
            read_data(folder / step.file)
    except CouldNot as error:
        raise CouldNot(f"{step.place}: {error}") from error


def _run(
    step: Step, path: Path, folder: Path, actor: User | None, now: dt.datetime, load_rules: LoadRules, dry_run: bool
) -> dict[str, Any]:
    try:
        if step.rules:
            return {"rules": step.rules, **load_rules(_beside(step.rules, path, folder))}
        report: ImportReport = run_import(
            kind=step.kind,
            data=read_data(folder / step.file),
            mapping=read_json(_beside(step.mapping, path, folder)),
            actor=actor,
            now=now,
            file=step.file,
        )
    except CouldNot as error:
        raise CouldNot(f"{step.place}: {error}") from error
    report.dry_run = dry_run
    return report.as_dict()
