"""What every test needs: nothing remembered from the one before, and a browser where one is called for."""

import gc
import os
import shutil
from fnmatch import fnmatch

import pytest
from django.core.cache import cache
from hypothesis import HealthCheck, settings

from territory.company.models import forget_company
from territory.jobs import bell

# How long it takes to make up examples says how busy the machine is, not whether the code is right.
settings.register_profile("territory", suppress_health_check=[HealthCheck.too_slow], deadline=None)
settings.load_profile("territory")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(autouse=True)
def _nothing_remembered():
    cache.clear()
    forget_company()
    yield
    forget_company()


class AtOnce:
    """Rings before the next line of the test, not in a thread of its own."""

    def submit(self, call, *args):
        call(*args)


@pytest.fixture(autouse=True)
def _the_bell_rings_at_once(monkeypatch):
    monkeypatch.setattr(bell, "_ringer", AtOnce())
    monkeypatch.setattr(bell, "_silent_until", 0.0)


def pytest_runtest_setup(item):
    """Browser tests are skipped where there is no Chromium, but never where CI is set: there it must be."""
    if item.get_closest_marker("browser") and CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("There is no Chromium, and with CI set browser tests are not skipped.")
        pytest.skip("needs Chromium (Debian: apt-get install chromium)")


def pytest_collection_finish():
    """What was collected stays to the end: a tenth of the time went by looking through it for garbage again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


# Nonsense is not among the walks: what a database cannot hold, only that database tells.
# Fifty thousand rows through the importer are: the smaller companies of tests/real go through it on either database.
WALKS = ("test_effects.py", "test_markup.py", "test_accessible*.py", "test_access_*.py", "test_loan_calls.py")
NO_WALKS = ("test_access_nonsense.py", "test_access_editor.py")
# In the browser the database matters where a worker or a whole journey writes to it; of the others one run tells enough.
JOURNEYS = ("test_journeys.py", "test_import.py", "test_rules_effect.py")


def pytest_collection_modifyitems(items):
    """Marks `walk` what asks every address as everyone, every kind of change or of the most rows, `screen` what only a browser tells, and
    `database` what needs one. What takes minutes comes first, so that nothing long is left to one process at the end.

    A browser on a busy machine: where CI is set its tests are tried twice (the summary tells of each second try). What is
    wrong each time fails.
    """
    for item in items:
        name = item.path.name
        if item.get_closest_marker("django_db") or {"db", "transactional_db", "django_db_setup"} & set(
            item.fixturenames
        ):
            item.add_marker("database")
        if any(fnmatch(name, walk) for walk in WALKS) and name not in NO_WALKS:
            item.add_marker("walk")
        if item.get_closest_marker("browser"):
            if name not in JOURNEYS:
                item.add_marker("screen")
            if os.environ.get("CI"):
                item.add_marker(pytest.mark.flaky(reruns=1))
    items.sort(key=lambda item: (not item.get_closest_marker("walk"), not item.get_closest_marker("browser")))
