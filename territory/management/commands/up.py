"""Starts everything on this machine: a private Redis, the web server, a worker and the clock that gives it work."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from territory.celery import app
from territory.embedded import installation, private_redis
from territory.embedded.children import Children, wait_until, web_answers
from territory.embedded.places import private_redis_url, redis_socket

# A first start on a slow machine; every later one takes seconds.
PATIENCE = 120


class Command(BaseCommand):
    help = "Start web, worker, beat and, unless REDIS_URL names one, a private Redis; stop all with Ctrl-C."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("--empty", action="store_true", help="do not load the demo on the first start")

    def handle(self, *, empty: bool, **options):
        if settings.PRODUCTION:
            raise CommandError(
                "`up` is for the local profile. In production start web, worker and beat each by itself, see docs/deploy.md."
            )
        signal.signal(signal.SIGTERM, _interrupt)
        signal.signal(signal.SIGINT, _interrupt)
        with installation.data_of_our_own(settings.DATA_DIR):
            children = Children(settings.DATA_DIR / "logs")
            try:
                installation.check_port(settings.HOST, settings.PORT)
                self._start(children, empty)
                self._watch(children)
            except KeyboardInterrupt:
                self.say("Stopping …")
            finally:
                _listen_to_nothing()
                children.stop()
        self.say("Stopped.")

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def _start(self, children: Children, empty: bool) -> None:
        self._start_redis(children)
        self.say(f"Preparing the data in {settings.DATA_DIR}; the first time this takes about a minute …")
        env = {"DATA_DIR": str(settings.DATA_DIR), "DJANGO_SETTINGS_MODULE": "territory.settings"}
        self._prepare(env, empty)
        lines = installation.sign_in_lines()
        connections.close_all()
        self.say("Starting web, worker and beat …")
        for name, command in commands().items():
            children.start(name, command, cwd=settings.BASE_DIR, env=env)
        for what, ready in (("web server", _web_answers), ("worker", _worker_answers), ("beat", _beat_runs)):
            self._wait(children, what, ready)
        self.say(f"\nTerritory runs at {settings.SITE_URL}\n\n" + "\n".join(lines) + "\n\nStop it with Ctrl-C.")

    def _prepare(self, env: dict[str, str], empty: bool) -> None:
        """In a process of its own: the memory that it takes would stay with this one, which only watches from here on."""
        command = [sys.executable, "manage.py", "prepare", *(["--empty"] if empty else [])]
        quiet = {"LOG_LEVEL": "WARNING"} | os.environ
        ended = subprocess.run(command, cwd=settings.BASE_DIR, env=quiet | env, check=False)
        if ended.returncode:
            sys.exit(ended.returncode)  # it has said why

    def _start_redis(self, children: Children) -> None:
        private = private_redis_url(settings.DATA_DIR)
        if private != settings.REDIS_URL:
            if not private_redis.answers(settings.REDIS_URL):
                raise CommandError("No Redis answers at REDIS_URL. Leave REDIS_URL out to have one started for you.")
            return
        socket = redis_socket(settings.DATA_DIR)
        try:
            private_redis.prepare_socket_folder(socket)
            command = private_redis.redis_command(socket)
        except (OSError, private_redis.NoRedis) as error:
            raise CommandError(str(error)) from error
        children.start("redis", command, cwd=settings.DATA_DIR)
        self._wait(children, "Redis", lambda: private_redis.answers(settings.REDIS_URL))

    def _wait(self, children: Children, what: str, ready) -> None:
        """Until it is ready, or one of them died, or patience ends."""
        in_time = wait_until(lambda: children.dead() or ready(), PATIENCE)
        self._report_death(children)
        if not in_time:
            raise CommandError(f"The {what} did not answer within {PATIENCE} s. See {settings.DATA_DIR / 'logs'}.")

    def _watch(self, children: Children) -> None:
        wait_until(children.dead, float("inf"), step=0.5)
        self._report_death(children)

    def _report_death(self, children: Children) -> None:
        child = children.dead()
        if child is not None:
            raise CommandError(
                f"{child.name} ended by itself (status {child.process.returncode}), so all is stopped. "
                f"The end of {child.log}:\n{child.last_lines()}"
            )


def commands() -> dict[str, list[str]]:
    """What runs, in the order it is started."""
    python, celery = sys.executable, [sys.executable, "-m", "celery", "--app", "territory.celery"]
    web = ["-m", "gunicorn", "territory.wsgi", "--bind", f"{settings.HOST}:{settings.PORT}", "--no-control-socket"]
    return {
        "web": [
            python,
            *web,
            "--worker-class",
            "gthread",
            "--workers",
            "2",
            "--threads",
            "4",
            "--graceful-timeout",
            "10",
        ],
        "worker": [
            *celery,
            "worker",
            "--concurrency",
            "2",
            "--without-gossip",
            "--without-mingle",
            "--loglevel",
            "INFO",
        ],
        "beat": [*celery, "beat", "--pidfile", "", "--loglevel", "INFO"],
    }


def _interrupt(*_args: object) -> None:
    raise KeyboardInterrupt


def _listen_to_nothing() -> None:
    """A second Ctrl-C must not leave processes behind."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _web_answers() -> bool:
    return web_answers(f"http://{settings.HOST}:{settings.PORT}")


def _worker_answers() -> bool:
    return bool(app.control.ping(timeout=1))


def _beat_runs() -> bool:
    return "beat: Starting" in (Path(settings.DATA_DIR) / "logs" / "beat.log").read_text(errors="replace")
