"""The whole start, as a person sees it: everything runs, answers, and stops together."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent.parent
PATIENCE = 240


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def line_that_holds(process: subprocess.Popen, text: str) -> str:
    """The output up to a line with `text`; fails with all of it when the process ends before."""
    seen, end = "", time.monotonic() + PATIENCE
    for line in process.stdout:
        seen += line
        if text in line:
            return seen
        assert time.monotonic() < end, seen
    raise AssertionError(seen)


@pytest.fixture
def started(tmp_path):
    """A start without the demo on a port and a folder of its own."""
    env = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path / "data"), "PORT": str(free_port())}
    command = [sys.executable, "manage.py", "up", "--empty"]
    with subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        yield process, env
        process.terminate()
        process.wait(60)


def parts_of(address: str) -> dict:
    """What the health page says; 503 as long as no worker was heard."""
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310  of this machine
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return json.load(error)


def processes_on(data_dir: str) -> list[str]:
    """Command lines of processes that were started with this DATA_DIR."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"DATA_DIR={data_dir}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
@pytest.mark.skipif("DATABASE_URL" in os.environ, reason="starts with what it brings itself, once is enough")
def test_everything_starts_answers_and_stops_together(started):
    process, env = started
    said = line_that_holds(process, "Stop it with Ctrl-C.")
    assert f"Territory runs at http://localhost:{env['PORT']}" in said
    assert "./run manage setup" in said
    health = parts_of(f"http://127.0.0.1:{env['PORT']}/health/")
    assert (health["database"], health["broker"]) == ("ok", "ok")
    assert health["last_beat_seconds"] < 60
    assert len([line for line in processes_on(env["DATA_DIR"]) if re.search("gunicorn|celery", line)]) >= 6

    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert processes_on(env["DATA_DIR"]) == []
    assert not (Path(env["DATA_DIR"]) / "redis.sock").exists()
