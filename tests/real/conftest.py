"""Public data that lies beside the project, or where TERRITORY_DATA says; never a part of it. Without it: skipped."""

import importlib.util
import json
import os
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction

from territory.company.models import forget_company

ROOT = Path(__file__).resolve().parent.parent.parent
PLANS = ROOT / "tests" / "mappings"


def data_folder(name: str) -> Path:
    """Where the files of a data set are; skips the test where they are not."""
    base = Path(os.environ.get("TERRITORY_DATA") or ROOT.parent / "shared" / "data")
    folder = base / name
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there: set TERRITORY_DATA to a folder that holds {name}.")
    return folder


def prepare_from(name: str, folder: Path, out: Path) -> Path:
    """Run the data set's own prepare.py on a folder."""
    spec = importlib.util.spec_from_file_location(f"prepare_{name}", PLANS / name / "prepare.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.main(folder, out)
    return out


@dataclass
class Imported:
    """A data set after its plan: what each step said, and the reports of the command line."""

    folder: Path
    plan: Path
    steps: dict[str, dict[str, Any]]

    def again(self) -> dict[str, dict[str, Any]]:
        """Run the plan once more."""
        return run_plan(self.plan, self.folder)

    @staticmethod
    def report(name: str, **options: Any) -> list[dict[str, Any]]:
        """The rows of `manage.py report NAME`."""
        out = StringIO()
        call_command("report", name, format="json", stdout=out, **options)
        return json.loads(out.getvalue())["rows"]


def run_plan(plan: Path, folder: Path) -> dict[str, dict[str, Any]]:
    """What each step of `manage.py import_data --plan` said, by kind (or "rules")."""
    out = StringIO()
    call_command("import_data", str(folder), plan=str(plan), format="json", stdout=out)
    return {step.get("kind", "rules"): step for step in json.loads(out.getvalue())["steps"]}


def set_up(**company: Any) -> None:
    """A company as it starts, with the starting rules."""
    from planning.actions.starting_rules import create_starting_rules
    from territory import clock
    from tests import factories

    factories.company(**company)
    create_starting_rules(now=clock.now(), on=clock.company_today())


@pytest.fixture
def start_company(db):
    """A company as it starts, for one test."""
    return set_up


@pytest.fixture(scope="module")
def import_plan(tmp_path_factory, django_db_setup, django_db_blocker):
    """Import a data set once a module: `import_plan("loan-calls", currency="EUR", ...)`. All of it goes away again."""

    def start(name: str, **company: Any) -> Imported:
        folder = prepare_from(name, data_folder(name), tmp_path_factory.mktemp(name))
        set_up(**company)
        plan = PLANS / name / "plan.json"
        return Imported(folder, plan, run_plan(plan, folder))

    with django_db_blocker.unblock(), transaction.atomic():
        yield start
        transaction.set_rollback(True)
    forget_company()
