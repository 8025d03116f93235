"""A worker that recomputes what is stale (`all`: everything) when told to, and says what it took. Run by bench.recompute."""

import json
import os
import resource
import sys
from time import perf_counter

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "territory.settings")
django.setup()

from planning.actions.recompute import recompute_all, recompute_stale  # noqa: E402
from territory import clock  # noqa: E402


def main() -> None:
    clock.company_today()  # connects
    print("ready", flush=True)
    sys.stdin.readline()
    start = perf_counter()
    recompute = recompute_all if sys.argv[1:] == ["all"] else recompute_stale
    done = recompute(now=clock.now())
    used = resource.getrusage(resource.RUSAGE_SELF)
    took = {
        "seconds": perf_counter() - start,
        "cpu": used.ru_utime + used.ru_stime,
        "mb": used.ru_maxrss / 1024,
        "customers": done.customers,
        "written": done.written,
    }
    print(json.dumps(took), flush=True)


if __name__ == "__main__":
    main()
