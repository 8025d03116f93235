"""A server that an administrator named is asked where it was checked, for so long, for so much, and nowhere else."""

import ipaddress
import socket
import threading
import time

import pytest

from territory import outside
from territory.outside import Refused, Unreachable, ask, checked_address, is_internal
from tests.territory.fake_server import serving


def names_lead_to(monkeypatch, *answers):
    """Names are looked up here: the first time to the first address, and so on; how often it was."""
    looked = []

    def look(host, port, **_more):
        where = answers[min(len(looked), len(answers) - 1)]
        looked.append(host)
        family = socket.AF_INET6 if ":" in where else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (where, port, 0, 0) if ":" in where else (where, port))]

    monkeypatch.setattr(socket, "getaddrinfo", look)
    return looked


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "255.255.255.255",
        "224.0.0.1", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fec0::1", "fc00::1", "fd12::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2002:7f00:1::",
        "2002:a00:1::1", "2001:0:1:2::3", "2001:db8::1", "fe80::1%eth0",
    ],
)  # fmt: skip
def test_addresses_of_no_public_network_are_internal(text):
    assert is_internal(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    "text", ["93.184.216.34", "1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1", "2002:101:101::1"]
)
def test_others_are_not(text):
    assert not is_internal(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.1", "0x7f.0.0.1", "0x7f000001", "2130706433", "0177.0.0.1", "0", "localhost", "[::1]", "[::ffff:7f00:1]",
     "[::ffff:127.0.0.1]", "[fe80::1]"],
)  # fmt: skip
def test_this_machine_is_refused_however_it_is_written(host):
    with pytest.raises(Refused, match="INTERNAL_SERVERS"):
        checked_address(f"http://{host}:5000")


@pytest.mark.parametrize(
    "text",
    ["", "routes", "ftp://routes.example.org", "file:///etc/passwd", "http://", "http://:80", "http://a:0", "http://a:99999",
     "http://user@routes.example.org", "http://user:word@routes.example.org", "http://routes.example.org?a=b",
     "http://routes.example.org#a", "http://routes.example.org/a b", "http://routes.example.org\\@127.0.0.1",
     "http://ro\nutes.example.org/", "http://röutes.example.org", "http://[::1"],
)  # fmt: skip
def test_what_is_no_plain_address_is_refused(text):
    with pytest.raises(Refused):
        checked_address(text)


def test_a_public_name_is_kept_without_the_last_slash(monkeypatch):
    names_lead_to(monkeypatch, "93.184.216.34")
    assert checked_address(" https://routes.example.org/osrm/ ") == "https://routes.example.org/osrm"


def test_a_name_that_nobody_knows_is_said_so(monkeypatch):
    def look(*_asked, **_more):
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", look)
    with pytest.raises(Unreachable, match="no server of this name"):
        checked_address("https://routes.example.org")


def test_a_look_up_that_hangs_ends_in_time(monkeypatch):
    done = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_asked, **_more: done.wait(20))
    monkeypatch.setattr(outside, "CONNECT_SECONDS", 0.05)
    with pytest.raises(Unreachable, match="in time"):
        ask("https://routes.example.org", "/", seconds=5, most_bytes=10)
    done.set()


def test_a_name_one_of_whose_addresses_is_internal_is_refused(monkeypatch):
    def look(_host, port, **_more):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (where, port)) for where in ("93.184.216.34", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", look)
    with pytest.raises(Refused):
        checked_address("https://routes.example.org")


def said(content=b"{}", status=200, **headers):
    return lambda _path, _body, _handler: (
        status,
        {name.replace("_", "-"): value for name, value in headers.items()},
        content,
    )


def asked(fake, settings=None, **more):
    return ask(fake.address, more.pop("path", "/x"), **{"seconds": 5, "most_bytes": 1000, **more})


@pytest.fixture
def allowed(settings):
    settings.INTERNAL_SERVERS = ("127.0.0.1",)


def test_an_internal_server_is_asked_where_the_deployment_allows_it(settings):
    with serving(said(b'{"a": 1}')) as fake:
        with pytest.raises(Refused):
            asked(fake)
        assert fake.asked == []
        settings.INTERNAL_SERVERS = ("127.0.0.1:1",)
        with pytest.raises(Refused):
            asked(fake)
        settings.INTERNAL_SERVERS = (fake.address.removeprefix("http://"),)
        assert asked(fake, body=b"[1]") == b'{"a": 1}'
        assert fake.asked == [("/x", b"[1]")]


def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch, settings):
    """A name that leads somewhere public when it is checked and to this machine a moment later."""
    settings.INTERNAL_SERVERS = ()
    looked = names_lead_to(monkeypatch, "93.184.216.34", "127.0.0.1")
    went = []

    def connected(found, _until):
        went.extend(where[0] for _family, where in found)
        raise TimeoutError

    monkeypatch.setattr(outside, "_connected", connected)
    with pytest.raises(Unreachable):
        ask("http://routes.example.org", "/", seconds=5, most_bytes=10)
    assert (went, len(looked)) == (["93.184.216.34"], 1)
    with pytest.raises(Refused):
        ask("http://routes.example.org", "/", seconds=5, most_bytes=10)


def test_redirects_are_not_followed(allowed):
    with serving(said(status=302, Location="http://127.0.0.1:1/secret")) as fake:
        with pytest.raises(Unreachable, match="302"):
            asked(fake)
        assert len(fake.asked) == 1


@pytest.mark.parametrize("status", [204, 400, 404, 500])
def test_any_other_answer_is_none(allowed, status):
    with serving(said(b"", status=status)) as fake, pytest.raises(Unreachable, match=str(status)):
        asked(fake)


def test_an_answer_that_is_too_large_is_cut(allowed):
    with serving(said(b"x" * 1001)) as fake, pytest.raises(Unreachable, match="too large"):
        asked(fake)
    with serving(said(b"x" * 1000)) as fake:
        assert len(asked(fake)) == 1000


def test_an_answer_that_breaks_off_or_is_packed_is_none(allowed):
    with serving(said(b"{}", Content_Length="50")) as fake, pytest.raises(Unreachable):
        asked(fake)
    with serving(said(b"{}", Content_Encoding="gzip")) as fake, pytest.raises(Unreachable, match="packed"):
        asked(fake)


def drips(_path, _body, handler):
    """A head, then a byte now and then for ever: each comes in time, all of it never does."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
    while not STOP.wait(0.02):
        handler.wfile.write(b"a")


STOP = threading.Event()


def test_a_server_that_draws_it_out_is_cut_off(allowed):
    STOP.clear()
    begun = time.monotonic()
    with serving(drips) as fake, pytest.raises(Unreachable):
        asked(fake, seconds=0.3)
    STOP.set()
    assert time.monotonic() - begun < 4


def test_nobody_there(allowed):
    with serving(said()) as fake:
        pass
    with pytest.raises(Unreachable):
        asked(fake)


def test_a_server_of_https_must_prove_its_name(allowed):
    with serving(said()) as fake, pytest.raises(Unreachable):
        ask(fake.address.replace("http:", "https:"), "/", seconds=2, most_bytes=10)
