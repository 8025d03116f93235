"""What one machine's installation needs before it can start: its folder, its port, its data, its first content."""

import contextlib
import fcntl
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection

from territory import clock
from territory.company.models import Company


@contextlib.contextmanager
def data_of_our_own(folder: Path) -> Iterator[None]:
    """Hold the data's folder: it can be written, and nobody else starts on it meanwhile."""
    try:
        (folder / "logs").mkdir(parents=True, exist_ok=True)
        file = (folder / "running").open("a+")
    except OSError as error:
        raise CommandError(f"DATA_DIR {folder} cannot be written: {error.strerror}.") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            where = file.read().strip()
            raise CommandError(
                f"Territory already runs on {folder}{f' at {where}' if where else ''}. Stop it first, or choose another DATA_DIR."
            ) from None
        file.truncate(0)
        file.write(settings.SITE_URL)
        file.flush()
        yield


def check_port(host: str, port: int) -> None:
    """The port is free; raises CommandError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), port))
        except PermissionError:
            raise CommandError(f"PORT {port} needs more rights than you have; choose one above 1023.") from None
        except OSError:
            raise CommandError(
                f"PORT {port} is taken by another program; choose another, such as PORT={_another(port)}."
            ) from None


def _another(port: int) -> int:
    return port + 1 if port < 65535 else 8000


def check_database() -> None:
    """The database answers; raises CommandError with its own words, without the password."""
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        reason = " ".join(str(error).split())
        raise CommandError(f"The database of DATABASE_URL cannot be reached: {reason}") from error


def prepare_database() -> None:
    """Bring tables up to date."""
    check_database()
    call_command("migrate", interactive=False, verbosity=0)
    if connection.vendor == "sqlite":
        Path(connection.settings_dict["NAME"]).chmod(0o600)


def first_content(*, empty: bool) -> None:
    """The demo on first start, unless the start is to be empty; refuses to go on empty over the demo."""
    company = Company.current()
    if empty and company is not None and company.is_demo:
        raise CommandError(
            f"{settings.DATA_DIR} holds the demo, and real data must not be mixed with it. "
            "Choose another folder: DATA_DIR=/some/folder ./run --empty"
        )
    if company is None and not empty:
        load_demo()


def sign_ins_file() -> Path:
    """Where the demo's sign-ins are kept."""
    return settings.DATA_DIR / "sign-ins.txt"


def load_demo() -> None:
    """Load the demo and keep its sign-ins, made at random, in a file for the owner alone."""
    from planning.demo import load  # the front door wires the rooms

    sign_ins = load(clock.now())
    file = sign_ins_file()
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.writelines(f"{label}\t{email}\t{password}\n" for label, email, password in sign_ins)


def sign_in_lines() -> list[str]:
    """The demo's sign-ins, one a line; where there is no demo, how to go on."""
    company = Company.current()
    if company is None:
        return ["No company yet: open the address to set yours up, or run  ./run manage setup"]
    if not company.is_demo or not sign_ins_file().exists():
        return [f"Company: {company.name}"]
    rows = [line.split("\t") for line in sign_ins_file().read_text().splitlines()]
    return [f"{label:<15}{email:<38}{password}" for label, email, password in rows]
