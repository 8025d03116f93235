"""Upgrades of a database in use: what was set stays set, also in a history that nobody may change."""

from decimal import Decimal

import pytest
from django.apps import apps as current
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from territory import clock
from territory.audit import guard

BEFORE = [("planning", "0018_subjects_of_situations")]


@pytest.fixture
def migrate():
    """Moves the database to migrations and gives their models; all are applied again afterwards."""
    executor = MigrationExecutor(connection)
    newest = [node for node in executor.loader.graph.leaf_nodes() if node[0] == "planning"]
    if not newest:
        pytest.skip("needs --migrations, as in CI")

    def to(targets):
        executor = MigrationExecutor(connection)
        return executor.migrate(targets).apps

    yield lambda targets=newest: to(targets)
    to(newest)
    guard.protect()


@pytest.mark.django_db(transaction=True)
def test_thresholds_of_large_orders_are_kept_also_in_guarded_history(migrate):
    old = migrate(BEFORE)
    values = {"large_order_above": Decimal("0.2500"), "large_order_until": Decimal("0.1000"), "first_sales_from": 9000}
    old.get_model("planning", "PlanningSettings").objects.update_or_create(pk=1, defaults=values)
    told = {"id": 1, "history_type": "~", "history_date": clock.now(), **values}
    old.get_model("planning", "HistoricalPlanningSettings").objects.create(**told)
    guard.protect()

    migrate()

    kept = {"large_order_above": "0.2500", "large_order_until": "0.1000", "first_sales_from": "9000.00"}
    for name in ("PlanningSettings", "HistoricalPlanningSettings"):
        assert [row.situations for row in current.get_model("planning", name).objects.order_by("pk")][-1] == kept
