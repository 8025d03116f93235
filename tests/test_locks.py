"""Lock files name packages, versions and hashes; never where they come from."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock")
PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)(?:\[[a-z,]+\])?==(\S+)", re.MULTILINE)


def pinned(lock: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, version in PINNED.findall((ROOT / lock).read_text()):
        found.setdefault(name, set()).add(version)
    return found


@pytest.mark.parametrize("lock", [*LOCKS, "package-lock.json"])
def test_a_lock_holds_no_address(lock):
    file = ROOT / lock
    assert not file.exists() or "://" not in file.read_text()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_with_hashes(lock):
    requirements = re.split(r"\n(?=\S)", re.sub(r"(?m)^\s*#.*\n?", "", (ROOT / lock).read_text()).strip())
    assert len(requirements) > 20
    assert [text.split()[0] for text in requirements if "==" not in text or "--hash=sha256:" not in text] == []


def test_what_the_tests_install_holds_all_that_runs():
    run, dev = pinned("requirements.lock"), pinned("requirements-dev.lock")
    assert {name: versions for name, versions in run.items() if dev.get(name) != versions} == {}


def test_every_dependency_is_locked_and_explained():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = {re.split(r"[\[<>=~! ]", text)[0].lower() for text in wanted}
    explained = (ROOT / "docs" / "dependencies.md").read_text().lower()
    assert sorted(names - pinned("requirements-dev.lock").keys()) == []
    assert sorted(name for name in names if f"| {name}" not in explained) == []
