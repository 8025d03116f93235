"""A process that computes the evidence of today, or what sales took and what moves them, and says what that took. Run by bench.evidence."""

import json
import os
import sys
import time
from time import perf_counter

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "territory.settings")
django.setup()

from bench.servers import backend, cpu_seconds, resident_mb  # noqa: E402
from planning.actions.evidence import compute_evidence  # noqa: E402
from planning.actions.runs import renew_sales  # noqa: E402
from territory import clock  # noqa: E402


def main() -> None:
    server = backend()
    start, used = perf_counter(), time.process_time() + cpu_seconds(server)
    done = {"evidence": compute_evidence, "sales": renew_sales}[sys.argv[1]](now=clock.now())
    took = {
        **done,
        "seconds": perf_counter() - start,
        "cpu": time.process_time() + cpu_seconds(server) - used,
        "mb": resident_mb(os.getpid(), peak=True),
    }
    print(json.dumps(took), flush=True)


if __name__ == "__main__":
    main()
