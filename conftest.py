"""What every test needs: nothing remembered from the one before, and a browser where one is called for."""

import os
import shutil

import pytest
from django.core.cache import cache

from territory.company.models import forget_company

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(autouse=True)
def _nothing_remembered():
    cache.clear()
    forget_company()
    yield
    forget_company()


def pytest_runtest_setup(item):
    """Browser tests are skipped where there is no Chromium, but never where CI is set: there it must be."""
    if item.get_closest_marker("browser") and CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("There is no Chromium, and with CI set browser tests are not skipped.")
        pytest.skip("needs Chromium (Debian: apt-get install chromium)")


def pytest_collection_modifyitems(items):
    """What asks every address as everyone, or every kind of change, takes minutes: `-m "not walk"` leaves it out."""
    for item in items:
        every_address = item.path.parent.name == "tests" and item.path.name.startswith("test_access_")
        if every_address or item.path.name in ("test_effects.py", "test_markup.py"):
            item.add_marker("walk")
