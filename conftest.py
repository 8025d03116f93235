"""What every test needs: nothing remembered from the one before."""

import pytest
from django.core.cache import cache

from territory.company.models import forget_company


@pytest.fixture(autouse=True)
def _nothing_remembered():
    cache.clear()
    forget_company()
    yield
    forget_company()
