"""Processes that live and die together."""

import contextlib
import io
import os
import sys
import urllib.error
from email.message import Message
from types import SimpleNamespace

import pytest

from territory.embedded import children as children_module
from territory.embedded.children import Children, wait_until, web_answers

WAIT = [sys.executable, "-c", "import signal, sys; print('up', flush=True); signal.pause()"]


@pytest.fixture
def children(tmp_path):
    started = Children(tmp_path)
    yield started
    started.stop(patience=1)


def test_all_are_stopped_the_last_started_first(children, tmp_path):
    code = "import signal, sys; signal.signal(signal.SIGTERM, lambda *a: (open('order', 'a').write(sys.argv[1]), sys.exit(0))); print('up', flush=True); signal.pause()"
    for name in "abc":
        child = children.start(name, [sys.executable, "-c", code, name], cwd=tmp_path)
        assert wait_until(lambda child=child: "up" in child.last_lines(), 10)
    children.stop()
    assert (tmp_path / "order").read_text() == "cba"


def test_one_that_died_is_found_with_the_end_of_its_log(children, tmp_path):
    children.start("fine", WAIT, cwd=tmp_path)
    children.start("broken", [sys.executable, "-c", "raise SystemExit('no database')"], cwd=tmp_path)
    assert wait_until(children.dead, 10)
    assert children.dead().name == "broken"
    assert children.dead().last_lines() == "no database"


def test_one_that_does_not_listen_is_killed(children, tmp_path):
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True)\nwhile True: signal.pause()"
    child = children.start("deaf", [sys.executable, "-c", deaf], cwd=tmp_path)
    assert wait_until(lambda: "up" in child.last_lines(), 10)
    children.stop(patience=0.3)
    assert child.process.returncode == -9


def test_a_child_gets_its_own_environment(children, tmp_path):
    child = children.start(
        "env", [sys.executable, "-c", "import os; print(os.environ['WHERE'])"], cwd=tmp_path, env={"WHERE": "here"}
    )
    assert wait_until(lambda: child.last_lines() == "here", 10)
    assert "WHERE" not in os.environ


@pytest.mark.parametrize(
    ("status", "said", "answers"),
    [
        (200, b'{"database": "ok"}', True),
        (503, b'{"failing": ["beat"], "database": "ok"}', True),
        (503, b'{"database": "does not answer"}', False),
        (500, b"", False),
    ],
)
def test_a_web_server_answers_when_it_reaches_its_database(monkeypatch, status, said, answers):
    def answer(request, timeout):
        if status == 200:
            return contextlib.nullcontext(SimpleNamespace(status=200))
        raise urllib.error.HTTPError(request, status, "", Message(), io.BytesIO(said))

    monkeypatch.setattr(children_module.urllib.request, "urlopen", answer)
    assert web_answers("http://127.0.0.1:8000") is answers
    monkeypatch.setattr(children_module.urllib.request, "urlopen", lambda *args, **kw: refuse())
    assert web_answers("http://127.0.0.1:8000") is False


def refuse():
    raise ConnectionRefusedError
