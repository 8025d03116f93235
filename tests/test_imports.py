"""Imports point one way: ground floor <- accounts <- customers <- planning <- front door."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("accounts", "customers", "planning")

# What wires all and is imported by no room; the rest of territory/ is the ground floor.
FRONT_DOOR = (
    "territory.apps",
    "territory.settings",
    "territory.urls",
    "territory.celery",
    "territory.wsgi",
    "territory.context_processors",
    "territory.embedded.first_company",
    "territory.embedded.installation",
    "territory.embedded.setup_page",
    "territory.management",
)

# The engine and the rules of stages are mathematics: they know values alone.
PURE = ("planning.engine", "customers.lifecycle")
PURE_PARTS_THAT_READ = ("customers.lifecycle.read",)


def module_name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def within(module: str, places: tuple[str, ...]) -> bool:
    return any(module == place or module.startswith(f"{place}.") for place in places)


def floor(module: str) -> int:
    """0 the ground floor, then the rooms, then the front door."""
    if within(module, FRONT_DOOR):
        return len(ROOMS) + 1
    room = module.split(".")[0]
    return ROOMS.index(room) + 1 if room in ROOMS else 0


def imported_by(file: Path) -> set[str]:
    """Every module of the project that a file imports, wherever in it, relative imports resolved."""
    package = module_name(file).split(".")
    if file.name != "__init__.py":
        package = package[:-1]
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            # `from territory import clock` names a module, `from territory.clock import now` does not.
            found.update(f"{origin}.{alias.name}" for alias in node.names)
    return found


def sources() -> list[Path]:
    return sorted(file for room in ("territory", *ROOMS) for file in (ROOT / room).rglob("*.py"))


def mathematics() -> list[Path]:
    names = {file: module_name(file) for file in sources()}
    return [file for file, name in names.items() if within(name, PURE) and not within(name, PURE_PARTS_THAT_READ)]


@pytest.mark.parametrize("file", sources(), ids=module_name)
def test_nothing_is_imported_from_above(file):
    here = floor(module_name(file))
    assert sorted(name for name in imported_by(file) if floor(name) > here) == []


@pytest.mark.parametrize("file", mathematics(), ids=module_name)
def test_mathematics_knows_neither_django_nor_the_database(file):
    own = tuple(place for place in PURE if within(module_name(file), (place,)))
    known = {name for name in imported_by(file) if name.split(".")[0] in ("django", "territory", *ROOMS)}
    assert sorted(name for name in known if not within(name, own)) == []


def test_the_walk_sees_relative_imports():
    assert "accounts.models.users.User" in imported_by(ROOT / "accounts" / "models" / "__init__.py")


def test_the_walk_sees_imports_inside_functions():
    assert "territory.company.models.Company" in imported_by(ROOT / "territory" / "clock.py")
