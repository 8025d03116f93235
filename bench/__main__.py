"""`bench/run`: fills, measures, prints, and keeps what it printed."""

import argparse
import time
from pathlib import Path

from bench.place import ROOT, own_place

RESULTS = ROOT / "bench" / "results"
PARTS = ("recompute", "evidence", "sales", "pages", "weight", "prompt", "load", "embedded", "routing", "ten-times")


def main() -> None:
    asked = _asked()
    with own_place(keep=asked.keep) as is_kept:
        import django

        django.setup()
        from bench.measuring import Run

        run = Run(asked, say)
        run.prepare(is_kept)
        for part in PARTS:
            if part in asked.parts:
                run.measure(part)
        text = run.report()
    print("\n" + text)
    if not asked.dry:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{asked.name}.txt").write_text(text)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench/run",
        description="Measure speed and memory on a database of its own (territory_bench on DATABASE_URL's server, which "
        "is emptied) and print a table with limits. All of it takes about an hour: ten-times, which fills ten times the touches, "
        "25 minutes, the rest about 30.",
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; else all of them")
    parser.add_argument("--minutes", type=float, default=5, help="how long many people work at once (5)")
    parser.add_argument("--times", type=int, default=40, help="how often each page is asked for (40)")
    parser.add_argument("--keep", action="store_true", help="use the database as the last run left it")
    parser.add_argument("--small", action="store_true", help="a hundredth of the volume: to see that it works")
    parser.add_argument(
        "--data",
        type=Path,
        default=ROOT.parent / "shared" / "data" / "routing",
        help="where routing finds its instances",
    )
    parser.add_argument("--name", default="latest", help="where in bench/results the table is kept (latest)")
    parser.add_argument("--dry", action="store_true", help="keep nothing")
    asked = parser.parse_args()
    unknown = set(asked.parts) - set(PARTS)
    if unknown:
        parser.error(f"no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    asked.parts = asked.parts or list(PARTS)
    return asked


_started = time.monotonic()


def say(text: str) -> None:
    print(f"{time.monotonic() - _started:7.1f} s  {text}", flush=True)


if __name__ == "__main__":
    main()
