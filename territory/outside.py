"""Asking a server that an administrator named: only one that is meant to be asked, for so long, for so much, at no other place.

The name is looked up once, what it leads to is checked, and the connection goes to the very address that was checked: a
name that leads elsewhere a moment later (DNS rebinding), numbers written in another way and IPv4 in IPv6 come to nothing.
Redirects are not followed. Internal addresses are reached only where the deployment says so (INTERNAL_SERVERS).
"""

from __future__ import annotations

import http.client
import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

CONNECT_SECONDS = 4.0
MOST_ADDRESSES = 3
PIECE = 64 * 1024

# Where IPv6 alone is spoken, an IPv4 address is the end of one of these.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Refused(Exception):
    """This server is not asked, whatever it would say; the text is for the administrator who named it."""


class Unreachable(Exception):
    """The server did not answer in time, or not as it should; the text is for the administrator who named it."""


def checked_address(text: str) -> str:
    """The address of a server as it is kept: http or https, a name, perhaps a port and a path; raises Refused."""
    parts = _parts(text)
    _checked_addresses(parts, time.monotonic() + CONNECT_SECONDS)
    return parts.geturl()


def _parts(text: str) -> SplitResult:
    text = text.strip()
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise Refused(_("This is no address like https://routes.example.org.")) from error
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise Refused(_("This is no address like https://routes.example.org."))
    if not text.isascii() or any(sign.isspace() or sign == "\\" for sign in text):
        raise Refused(_("The address holds signs that do not belong there."))
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise Refused(_("The address must be without a name, a password, a question or a fragment."))
    return parts._replace(path=parts.path.rstrip("/"))


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def is_internal(address: Address) -> bool:
    """Whether an address is not one of the public network, in whatever way it is written."""
    if isinstance(address, ipaddress.IPv6Address):
        carried = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            carried = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if carried is not None:
            return is_internal(carried)
        if address.teredo or address.is_site_local or address.scope_id:
            return True
    return not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified


def _is_allowed_inside(parts: SplitResult) -> bool:
    host = (parts.hostname or "").lower()
    return bool({host, f"{host}:{_port(parts)}"} & set(settings.INTERNAL_SERVERS))


def _checked_addresses(parts: SplitResult, until: float) -> list[tuple[int, tuple]]:
    """Where the name leads, each checked: the family and the socket's address."""
    found = _looked_up(parts.hostname or "", _port(parts), until)
    allowed = _is_allowed_inside(parts)
    for _family, where in found:
        if not allowed and is_internal(ipaddress.ip_address(where[0])):
            raise Refused(
                _(
                    "This address lies within the network of the server. Whoever runs it must allow it (INTERNAL_SERVERS)."
                )
            )
    return found


def _looked_up(host: str, port: int, until: float) -> list[tuple[int, tuple]]:
    """Addresses of a name. In a thread of its own: the system's look-up knows no limit."""
    answers: queue.Queue = queue.Queue()

    def look() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    threading.Thread(target=look, daemon=True).start()
    try:
        found = answers.get(timeout=max(0.01, until - time.monotonic()))
    except queue.Empty:
        raise Unreachable(_("The name of the server was not found in time.")) from None
    if isinstance(found, Exception):
        raise Unreachable(_("There is no server of this name.")) from found
    return [(family, where) for family, _type, _protocol, _name, where in found][:MOST_ADDRESSES]


def ask(
    address: str,
    path: str,
    *,
    seconds: float,
    most_bytes: int,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """What the server at `address` answers to `path`, read within so many seconds; raises Refused or Unreachable."""
    until = time.monotonic() + seconds
    parts = _parts(address)
    found = _checked_addresses(parts, min(until, time.monotonic() + CONNECT_SECONDS))
    try:
        return _asked(parts, found, path, body, dict(headers or {}), until, most_bytes)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unreachable(
            _("The server did not answer as it should: %(kind)s.") % {"kind": type(error).__name__}
        ) from error


def _asked(
    parts: SplitResult,
    found: list[tuple[int, tuple]],
    path: str,
    body: bytes | None,
    headers: dict[str, str],
    until: float,
    most_bytes: int,
) -> bytes:
    connection = http.client.HTTPConnection(parts.hostname or "", _port(parts))
    connection.auto_open = 0
    connection.sock = plain = _connected(found, until)
    # Another handle of the same connection, which TLS does not take away.
    handle = plain.dup()
    # Ends whatever the server draws out, a byte at a time: the name is checked, how it behaves is not.
    watch = threading.Timer(max(0.01, until - time.monotonic()), _cut, [handle])
    watch.daemon = True
    watch.start()
    try:
        plain.settimeout(max(0.01, until - time.monotonic()))
        if parts.scheme == "https":
            connection.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=parts.hostname)
        connection.request(
            "GET" if body is None else "POST",
            parts.path + path,
            body,
            {"Accept": "application/json", "Accept-Encoding": "identity", "Connection": "close", **headers},
        )
        with connection.getresponse() as response:
            content = _read(response, most_bytes)
        if time.monotonic() >= until:  # what was cut off may look whole
            raise TimeoutError
        return content
    finally:
        watch.cancel()
        connection.close()
        handle.close()


def _cut(handle: socket.socket) -> None:
    with suppress(OSError):
        handle.shutdown(socket.SHUT_RDWR)


def _connected(found: list[tuple[int, tuple]], until: float) -> socket.socket:
    """A socket at the first checked address that takes one."""
    last: OSError = TimeoutError()
    for family, where in found:
        plain = socket.socket(family, socket.SOCK_STREAM)
        plain.settimeout(max(0.01, min(CONNECT_SECONDS, until - time.monotonic())))
        try:
            plain.connect(where)
        except OSError as error:
            plain.close()
            last = error
        else:
            return plain
    raise last


def _read(response: http.client.HTTPResponse, most_bytes: int) -> bytes:
    if response.status != 200:
        words = _("The server answered %(status)d; redirects are not followed.") % {"status": response.status}
        raise Unreachable(words)
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise Unreachable(_("The server packed its answer although it was not asked to."))
    pieces, size = [], 0
    while piece := response.read1(PIECE):
        pieces.append(piece)
        size += len(piece)
        if size > most_bytes:
            raise Unreachable(_("The server's answer is too large."))
    if response.length:
        raise Unreachable(_("The server's answer broke off."))
    return b"".join(pieces)
