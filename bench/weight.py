"""What comes over the wire when nothing is kept yet, and what the processes weigh."""

import html
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from math import floor
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from urllib.parse import urljoin

from bench.browser import Browser
from bench.pages import KB, pages_to_ask
from bench.people import Asker
from bench.place import ROOT
from bench.servers import family, own_mb, resident_mb, web_answers
from bench.table import Figure, Line

MOST_MAP_KB = 250  # a page with a map: its script, the world, the pieces of coast in view, its points
MOST_COLD_KB, MOST_SETUP_SECONDS, MOST_WEB_MB, MOST_EMBEDDED_MB = 180, 1.5, 150, 600
EMBEDDED_PORT = "8116"
SETTLE_SECONDS = 20

LOADED = re.compile(
    r"""<(?:script|img)\b[^>]*?\ssrc="([^"#]+)|<link\b(?=[^>]*rel="(?:stylesheet|icon|manifest|preload))[^>]*?\shref="([^"#]+)|<use\b[^>]*?href="([^"#]+)"""
)
OF_MAP = re.compile(r'data-map-coast="([^"]+)"')
POINTS = re.compile(r'data-customer-map="([^"]+)"')
FRAME = re.compile(r'"frame": (\[\[[^]]+\], \[[^]]+\]\])')
IN_STYLE = re.compile(r"""url\(["']?([^"')#]+)""")


def cold_pages(askers: list[Asker]) -> list[Line]:
    """Each page as whom it is heaviest, with everything it loads, styles' pictures and fonts too.

    What it loads as a browser is given it (statics with brotli, points of a map with gzip); HTML as it is.
    """
    lines = []
    for name, path in pages_to_ask().items():
        weighed = [(weight, asker.label) for asker in askers if (weight := _weight(asker, path))]
        if weighed:
            lines.append(heaviest(name, weighed))
    return lines


@dataclass(frozen=True, order=True)
class Weight:
    """Of a page that comes with all it loads."""

    size: int
    files: int
    has_map: bool


def heaviest(name: str, weighed: list[tuple[Weight, str]]) -> Line:
    """The line of a page: its most, and of whom it is."""
    weight, who = max(weighed)
    most = MOST_MAP_KB if weight.has_map else MOST_COLD_KB
    return Line(f"{name}, {who}, cold", {"KB": Figure(weight.size / KB, most), "files": Figure(weight.files)})


def _weight(asker: Asker, path: str) -> Weight | None:
    """None where there is no page for who asks."""
    address = path.format(busiest=asker.customers[0])
    answer = asker.browser.get(address, **{"Accept-Encoding": "br"})
    if answer.status != 200 or "html" not in answer.headers["Content-Type"]:
        return None
    loaded = _loaded(asker.browser, address, answer.text)
    return Weight(len(answer.body) + sum(loaded.values()), len(loaded) + 1, bool(OF_MAP.search(answer.text)))


def _loaded(browser: Browser, address: str, page: str) -> dict[str, int]:
    waiting = [urljoin(address, next(filter(None, found))) for found in LOADED.findall(page)]
    waiting += _of_map(browser, page)
    sizes: dict[str, int] = {}
    while waiting:
        url = waiting.pop()
        if url in sizes or url.startswith("data:"):
            continue
        answer = browser.get(url, **{"Accept-Encoding": "gzip, br"})
        sizes[url] = len(answer.body)
        if url.partition("?")[0].endswith(".css"):
            style = browser.get(url).text
            waiting += [urljoin(url, found) for found in IN_STYLE.findall(style) if not found.startswith("data:")]
    return sizes


def _of_map(browser: Browser, page: str) -> list[str]:
    """What a map loads by itself: the world, the finer pieces of its frame, its points."""
    if not (folder := OF_MAP.search(page)):
        return []
    found = [f"{folder[1]}world.json", *(html.unescape(url) for url in POINTS.findall(page))]
    if frame := FRAME.search(page):
        (south, west), (north, east) = json.loads(frame[1])
        names = (f"{x}_{y}" for x in _tens(west, east) for y in _tens(south, north))
        cells = set(json.loads(browser.get(found[0]).text)["cells"])
        found += [f"{folder[1]}{name}.json" for name in names if name in cells]
    return found


def _tens(low: float, high: float) -> range:
    return range(floor(low / 10) * 10, floor(high / 10) * 10 + 1, 10)


def setup_seconds() -> Line:
    """django.setup() with all addresses, in a new process each time."""
    code = (
        "import time; start = time.perf_counter(); import django; django.setup(); "
        "from django.urls import get_resolver; get_resolver().url_patterns; "
        "from territory.urls import urlpatterns; print(time.perf_counter() - start, time.process_time())"
    )
    command = [sys.executable, "-c", code]
    runs = [
        subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split() for _ in range(7)
    ]
    seconds, used = (median(map(float, column)) for column in zip(*runs, strict=True))
    figures = {"s": Figure(seconds, MOST_SETUP_SECONDS, decimals=2), "CPU s": Figure(used, decimals=2)}
    return Line("django.setup() with addresses", figures, "CPU: of the whole process, Python's own start in it")


def web_memory(web: int) -> Line:
    """The larger web worker, after all pages were asked for."""
    most = max(resident_mb(pid) for pid in family(web)[1:])
    return Line("web worker after all pages", {"MB": Figure(most, MOST_WEB_MB)})


class Embedded:
    """./run with the demo, in a folder and on a port of its own, on SQLite and a private Redis."""

    def __enter__(self) -> "Embedded":
        self._folder = TemporaryDirectory(prefix="territory-bench-")
        self.env = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
        self.env |= {
            "DATA_DIR": self._folder.name,
            "PORT": EMBEDDED_PORT,
            "DJANGO_SETTINGS_MODULE": "territory.settings",
        }
        log = (Path(self._folder.name) / "up.log").open("w")
        command = [sys.executable, "manage.py", "up"]
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=log, stderr=log)
        start = perf_counter()
        from territory.embedded.children import wait_until

        if not wait_until(lambda: web_answers(EMBEDDED_PORT), 600):
            raise SystemExit(f"./run did not start: {Path(log.name).read_text()[-2000:]}")
        self.seconds = perf_counter() - start
        return self

    def __exit__(self, *_error: object) -> None:
        self.process.terminate()
        self.process.wait(60)
        self._folder.cleanup()

    def members(self) -> dict[int, str]:
        """Its processes and what each is."""
        return {pid: _named(pid) for pid in family(self.process.pid)}

    def line(self) -> Line:
        """All of them, idle."""
        pids = family(self.process.pid)
        figures = {
            "MB": Figure(sum(map(own_mb, pids)), MOST_EMBEDDED_MB),
            "resident MB": Figure(sum(map(resident_mb, pids))),
            "processes": Figure(len(pids)),
        }
        return Line("all embedded processes, idle", figures, "resident: shared pages counted in each")


def _named(pid: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    return next(
        (name for name in ("gunicorn", "beat", "worker", "redis") if any(name.encode() in w for w in words)), "up"
    )
