"""manage.py recompute: runs what the jobs run, now, and waits for it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from customers.actions.lifecycle import rebuild_all_lifecycles
from planning.actions.recompute import recompute_all
from planning.actions.runs import find_all_situations
from planning.actions.standing import renew_standing
from territory import clock

PARTS = ("lifecycle", "budgets", "situations", "standing")


class Command(BaseCommand):
    """Exit status 0 when it ran, 1 when it could not, 2 for wrong usage."""

    help = "Recomputes stages and tiers, budgets and due touches, situations, and past months; or only one of these."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--only", choices=PARTS, help="only this part")

    def handle(self, *args: Any, **options: Any) -> None:
        only = options["only"]
        now = clock.now()
        if only in (None, "lifecycle"):
            self.stdout.write(f"lifecycle: {rebuild_all_lifecycles(now=now)} customers")
        if only in (None, "budgets"):
            done = recompute_all(now=now)
            self.stdout.write(f"budgets: {done.customers} customers, {done.written} rows written")
        if only in (None, "situations"):
            found = find_all_situations(now=now)
            self.stdout.write(
                f"situations: {found['opened']} opened, {found['updated']} updated, {found['resolved']} resolved"
            )
        if only in (None, "standing"):
            self.stdout.write(f"standing: past months of {renew_standing(now=now)} customers")
