"""A real browser before the running application, and a real worker behind it."""

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection, connections
from playwright.sync_api import expect, sync_playwright

from conftest import CHROMIUM
from territory.celery import app
from territory.embedded import private_redis
from territory.embedded.children import Children, wait_until
from tests.accounts.signing_in import client_of

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESK = {"viewport": {"width": 1440, "height": 900}}
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
PATIENCE = 60
# Said of what a test does on purpose: a form that is not valid, no net, an address that is no page and names no icon.
EXPECTED = ("status of 422", "ERR_INTERNET_DISCONNECTED", "htmx:sendError", "htmx:afterRequest", "/favicon.ico")
# Several processes share the machine when all tests run.
expect.set_options(timeout=20_000)


@pytest.fixture
def chromium():
    # The browser's driver keeps an event loop in this thread; the tests' own queries are nevertheless plain ones.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        # A request that is still answered would hold the database when it is to go.
        for page in [page for context in browser.contexts for page in context.pages]:
            page.wait_for_load_state("networkidle")
        browser.close()
        # Opened while that loop runs, a connection of its own.
        connections.close_all()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def opened(chromium, live_server, client):
    """`opened(user, PHONE)`: a page of the running application, signed in as that user (None: as nobody).

    Pages that ask who one is once more ask it; not so where `proven`: the password was given just now.
    At the end no page may have complained: an error of a script, a breach of the Content-Security-Policy, a failed request.
    """
    complaints: list[str] = []

    def open_page(user, device, *, proven=False, **more):
        # Without motion: what slides in is measured where it comes to stand, however busy the machine is.
        context = chromium.new_context(base_url=live_server.url, reduced_motion="reduce", **device, **more)
        if user is not None:
            signed_in = client_of(user) if proven else client
            if not proven:
                client.force_login(user)
            cookie = signed_in.cookies[settings.SESSION_COOKIE_NAME].value
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on(
            "console",
            lambda said: complaints.append(f"{said.text} {said.location['url']}") if said.type == "error" else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_page
    assert [text for text in complaints if not any(word in text for word in EXPECTED)] == []


def look_at(page, url: str) -> None:
    """Opens that very page: whoever walks over pages is not led to another one, such as that of signing in, unseen."""
    response = page.goto(url)
    assert (response.status, urlsplit(response.url).path) == (200, urlsplit(url).path)


@pytest.fixture
def worker(live_server, tmp_path, monkeypatch):
    """A Celery worker in a process of its own, on the tests' database, called through a real Redis."""
    children = Children(tmp_path)
    address = os.environ.get("REDIS_URL") or _start_redis(children, tmp_path)
    # This process has perhaps spoken to another broker before.
    monkeypatch.setattr(app.conf, "broker_url", address)
    monkeypatch.setattr(app, "_pool", None)
    monkeypatch.setattr(app.amqp, "_producer_pool", None)
    name = f"tests-{os.getpid()}@here"
    env = {
        "DATA_DIR": str(tmp_path),
        "DATABASE_URL": _database_url(),
        "REDIS_URL": address,
        "DJANGO_SETTINGS_MODULE": "territory.settings",
    }
    command = [sys.executable, "-m", "celery", "--app", "territory.celery", "worker", "--pool", "solo"]
    options = [
        "--queues",
        settings.CELERY_TASK_DEFAULT_QUEUE,
        "--hostname",
        name,
        "--without-gossip",
        "--without-mingle",
    ]
    child = children.start("worker", [*command, *options], cwd=settings.BASE_DIR, env=env)
    try:
        assert wait_until(lambda: children.dead() or app.control.ping(destination=[name], timeout=1), PATIENCE)
        assert children.dead() is None, child.last_lines()
        yield child
    finally:
        children.stop()


def _start_redis(children: Children, folder: Path) -> str:
    socket = folder / "redis.sock"
    children.start("redis", private_redis.redis_command(socket), cwd=folder)
    address = f"redis+socket://{socket}"
    assert wait_until(lambda: private_redis.answers(address), PATIENCE)
    return address


def _database_url() -> str:
    """The address of the tests' database, for another process."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
