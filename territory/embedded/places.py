"""Where one machine's installation keeps its things. Read by the settings, so it knows neither them nor Django's apps."""

import hashlib
import os
import secrets
import tempfile
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

# The longest path of a unix socket is 107 bytes on Linux and 103 on macOS.
LONGEST_SOCKET = 100


def redis_socket(data_dir: Path) -> Path:
    """The private Redis' socket: in the data's folder, or where its path is short enough."""
    socket = data_dir / "redis.sock"
    if len(os.fsencode(socket)) <= LONGEST_SOCKET:
        return socket
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"territory-{os.getuid()}-{digest}" / "redis.sock"


def private_redis_url(data_dir: Path) -> str:
    return f"redis+socket://{redis_socket(data_dir)}"


def secret_key_in(data_dir: Path) -> str:
    """The key that this installation made for itself on its first start; readable by its owner alone."""
    file = data_dir / "secret-key"
    try:
        if not file.exists():
            _write_once(file, secrets.token_urlsafe(50))
        return file.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(f"DATA_DIR {data_dir} cannot be written: {error.strerror}.") from error


def _write_once(file: Path, text: str) -> None:
    """Two processes that start together must end with the same key: the first link wins."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write(text + "\n")
    try:
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
