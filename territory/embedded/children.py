"""Processes that live and die together: started in order, stopped in reverse, each with a log of its own."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct

PR_SET_PDEATHSIG = 1


class Child(Struct, frozen=True):
    """A running process and where it writes."""

    name: str
    process: subprocess.Popen
    log: Path

    def last_lines(self, number: int = 20) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-number:])


def _die_with_parent() -> None:
    """Linux: when the parent is killed outright, the child is asked to stop too."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Children:
    """All processes of one start."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._children: list[Child] = []

    def start(self, name: str, command: Sequence[str], *, cwd: Path, env: Mapping[str, str] | None = None) -> Child:
        """Start a process; Ctrl-C in the terminal reaches us alone, we stop the others in order."""
        log = self._logs / f"{name}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                command,
                cwd=cwd,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )
        child = Child(name, process, log)
        self._children.append(child)
        return child

    def dead(self) -> Child | None:
        """One that ended by itself, if any."""
        return next((child for child in self._children if child.process.poll() is not None), None)

    def stop(self, patience: float = 25) -> None:
        """Stop the last started first; one that does not listen is killed with all it started."""
        for child in reversed(self._children):
            if child.process.poll() is None:
                child.process.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.process.wait(patience)
            _kill_group(child.process)


def _kill_group(process: subprocess.Popen) -> None:
    """Whatever is left of the process and what it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    if process.poll() is None:
        process.wait(5)


def wait_until(check, seconds: float, step: float = 0.2) -> bool:
    """Whether `check` came true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if check():
            return True
        time.sleep(step)
    return False


def web_answers(address: str) -> bool:
    """Whether a web server answers at `address` and reaches its database; that nothing ticks yet is no fault of a start."""
    try:
        with urllib.request.urlopen(f"{address}/health/", timeout=5) as answer:  # noqa: S310  our own server
            return answer.status == 200
    except urllib.error.HTTPError as error:
        return error.code == 503 and b'"database": "ok"' in error.read()
    except (urllib.error.URLError, OSError):
        return False
