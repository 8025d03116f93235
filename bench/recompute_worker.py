"""A worker that recomputes what is stale (`all`: everything) when told to, and says what it took. Run by bench.recompute."""

import json
import os
import resource
import sys
import time
from time import perf_counter

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "territory.settings")
django.setup()

from bench.servers import backend, cpu_seconds  # noqa: E402
from planning.actions.recompute import recompute_all, recompute_stale  # noqa: E402
from territory import clock  # noqa: E402


def main() -> None:
    server = backend()
    print("ready", flush=True)
    sys.stdin.readline()
    start, used = perf_counter(), time.process_time() + cpu_seconds(server)
    recompute = recompute_all if sys.argv[1:] == ["all"] else recompute_stale
    done = recompute(now=clock.now())
    took = {
        "seconds": perf_counter() - start,
        "cpu": time.process_time() + cpu_seconds(server) - used,
        "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "customers": done.customers,
        "written": done.written,
    }
    print(json.dumps(took), flush=True)


if __name__ == "__main__":
    main()
