"""A Redis for one fault alone: on a socket in the fault's folder, to be stopped, to hang and to come back."""

import contextlib
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from territory.embedded.children import Child, Children, wait_until
from territory.embedded.places import private_redis_url, redis_socket
from territory.embedded.private_redis import answers, prepare_socket_folder, redis_command

PATIENCE = 20


class PrivateRedis:
    """As `./run` starts it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._children = Children(folder)
        self._child: Child | None = None

    def start(self) -> None:
        socket = redis_socket(self._folder)
        prepare_socket_folder(socket)
        self._child = self._children.start("redis", redis_command(socket), cwd=self._folder)
        if not wait_until(lambda: answers(private_redis_url(self._folder)), PATIENCE):
            raise SystemExit("Redis did not start")

    def stop(self) -> None:
        """As a crash does: nothing is kept."""
        if self._child:
            self._child.process.kill()
            self._child.process.wait()

    def hang(self) -> None:
        """Connections are taken and nothing is answered."""
        if self._child:
            os.kill(self._child.process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        if self._child:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._child.process.pid, signal.SIGCONT)

    def end(self) -> None:
        self.go_on()
        self._children.stop()


@contextmanager
def private_redis(folder: Path) -> Iterator[PrivateRedis]:
    """A started one, gone at the end."""
    redis = PrivateRedis(folder)
    try:
        redis.start()
        yield redis
    finally:
        redis.end()
