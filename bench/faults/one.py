"""Does one fault on the installation that the environment names and writes what came of it. Run by bench.faults."""

import json
import sys
from importlib import import_module
from pathlib import Path

import django


def main() -> None:
    name, scale, told = sys.argv[1:]
    django.setup()
    outcomes = import_module(f"bench.faults.{name}").fault(float(scale))
    Path(told).write_text(json.dumps([outcome.as_json() for outcome in outcomes]))


if __name__ == "__main__":
    main()
