"""Settings read strictly: what cannot be right raises ImproperlyConfigured, naming the variable and what it should be."""

import ipaddress
import re
from email.utils import parseaddr
from typing import Any
from urllib.parse import unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import EmailValidator

SQLITE = "django.db.backends.sqlite3"
POSTGRESQL = "django.db.backends.postgresql"


def refuse_if(wrong: object, message: str) -> None:
    """Stop the start with `message`."""
    if wrong:
        raise ImproperlyConfigured(message)


def names(name: str, value: str) -> tuple[str, ...]:
    """Names of servers, perhaps with a port, with commas between."""
    found = tuple(word.strip().lower() for word in value.split(",") if word.strip())
    for word in found:
        refuse_if(
            not re.fullmatch(r"[a-z0-9._-]+(:[0-9]{1,5})?", word),
            f"{name} holds “{word}”; it must be names of servers such as osrm or osrm:5000, with commas between.",
        )
    return found


def one_of(name: str, value: str, *allowed: str) -> str:
    refuse_if(value not in allowed, f"{name} is “{value}”; it must be one of: {', '.join(allowed)}.")
    return value


def boolean(name: str, value: str) -> bool:
    """yes, true, on, 1 or no, false, off, 0; nothing else passes for either."""
    word = value.strip().lower()
    refuse_if(
        word not in {"yes", "true", "on", "1", "no", "false", "off", "0", ""},
        f"{name} is “{value}”; it must be yes or no.",
    )
    return word in {"yes", "true", "on", "1"}


def whole_number(name: str, value: str) -> int:
    refuse_if(not (value.isascii() and value.isdigit()), f"{name} is “{value}”; it must be a whole number.")
    return int(value)


def at_least(least: int, name: str, value: str) -> int:
    number = whole_number(name, value)
    refuse_if(number < least, f"{name} is {number}; it must be {least} or more.")
    return number


def port(name: str, value: str) -> int:
    number = whole_number(name, value)
    refuse_if(not 1 <= number <= 65535, f"{name} is {number}; a port is between 1 and 65535.")
    return number


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def loopback(name: str, host: str) -> None:
    refuse_if(
        not is_loopback(host),
        f"{name} names “{host}”, but the local profile speaks plain HTTP and serves this machine alone "
        "(127.0.0.1 or localhost). To serve others set PROFILE=production, see docs/deploy.md.",
    )


def host_of(url: str) -> str:
    return urlsplit(url).hostname or ""


def site_url(url: str, *, production: bool) -> str:
    """The address people use, scheme and host only; links in mails start with it."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  it raises where the port is no number
    except ValueError:
        parts = urlsplit("")
    schemes = {"https"} if production else {"http", "https"}
    wrong = parts.scheme not in schemes or not parts.hostname or parts.path.strip("/") or parts.query
    refuse_if(
        wrong,
        f"SITE_URL is “{url}”; it must be {' or '.join(sorted(schemes))}, two slashes and a host name, without a path.",
    )
    refuse_if(
        production and is_loopback(parts.hostname or ""),
        f"SITE_URL is “{url}”; the production profile needs the address that people use.",
    )
    return f"{parts.scheme}://{parts.netloc}"


def hosts(names: list[str]) -> list[str]:
    """Host names answered to; no wildcard, or a forged Host header ends up in links."""
    refuse_if(not names, "ALLOWED_HOSTS is empty; name the hosts that are answered to.")
    for name in names:
        refuse_if("*" in name or name.startswith("."), f"ALLOWED_HOSTS holds the wildcard “{name}”; name each host.")
    return names


def secret_key(key: str) -> str:
    """A key of one's own. Shipped examples and short or monotonous ones are refused."""
    how = "Make one: python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"
    refuse_if(not key, f"SECRET_KEY is missing. {how}")
    shipped = key.lower().startswith(("django-insecure", "change", "secret", "example", "test", "local"))
    refuse_if(
        shipped or len(key) < 50 or len(set(key)) < 10, f"SECRET_KEY is one that others could know or guess. {how}"
    )
    return key


def redis(url: str) -> str:
    scheme = url.split("://", 1)[0]
    refuse_if(
        scheme not in {"redis", "rediss", "redis+socket"} or "://" not in url,
        f"REDIS_URL is “{url}”; it must start with redis://, rediss:// or redis+socket://.",
    )
    return url


# Scheme: the port unless said, and Django's settings.
_MAIL_SCHEMES: dict[str, tuple[int, dict[str, object]]] = {
    "smtp": (25, {}),
    "smtp+tls": (587, {"EMAIL_USE_TLS": True}),
    "smtp+ssl": (465, {"EMAIL_USE_SSL": True}),
}


def mail(url: str, *, production: bool) -> tuple[str, dict[str, object]]:
    """The mail server as it may be shown, and Django's EMAIL_ settings; a wrong address is never repeated: it may hold a password.

    Without EMAIL_URL the local profile writes mails to files ("" is shown), production hands them to this host's port 25.
    """
    if not url and not production:
        return "", {"EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend"}
    how = "EMAIL_URL is not one; it reads like smtp+tls://user:password@host:587 (or smtp:// or smtp+ssl://)."
    try:
        parts = urlsplit(url or "smtp://localhost:25")
        host, given_port = parts.hostname or "", parts.port
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
    except ValueError:
        raise ImproperlyConfigured(how) from None
    refuse_if(parts.scheme not in _MAIL_SCHEMES or not host or given_port == 0, how)
    refuse_if(
        parts.path.strip("/") or parts.query or parts.fragment, f"{how} Signs such as / ? # in a password: %2F %3F %23."
    )
    refuse_if(any(sign.isspace() or not sign.isprintable() for sign in host + user + password), how)
    refuse_if(bool(user) != bool(password), f"{how} It names a user without a password, or the other way round.")
    usual_port, options = _MAIL_SCHEMES[parts.scheme]
    port_number = given_port or usual_port
    server = {"EMAIL_HOST": host, "EMAIL_PORT": port_number, "EMAIL_HOST_USER": user, "EMAIL_HOST_PASSWORD": password}
    return f"{host}:{port_number}", {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        **server,
        **options,
    }


def sender(text: str) -> str:
    """The From of mails: an address, or a name and an address in angle brackets."""
    _name, address = parseaddr(text)
    domain = address.rpartition("@")[2]
    how = "EMAIL_FROM is not an address; it reads like Territory <territory@example.com>."
    refuse_if(not text.isprintable(), how)
    try:
        # One machine's own addresses are good enough for itself.
        EmailValidator(allowlist=[domain] if is_loopback(domain) else None)(address)
    except ValidationError:
        raise ImproperlyConfigured(how) from None
    return text


def database(url: str, *, statement_seconds: int) -> dict[str, Any]:
    """Django's setting for PostgreSQL or SQLite, with the options that were measured to matter."""
    message = (
        f"DATABASE_URL is “{_without_password(url)}”; it must read like postgres://user:password@host:5432/name "
        "or sqlite:////folder/file.sqlite3."
    )
    refuse_if(url.split(":", 1)[0] not in {"postgres", "postgresql", "psql", "pgsql", "sqlite"}, message)
    try:
        config = environ.Env.db_url_config(url)
    except (KeyError, ValueError, ImproperlyConfigured, TypeError) as error:
        raise ImproperlyConfigured(message) from error
    refuse_if(config.get("ENGINE") not in {SQLITE, POSTGRESQL} or config.get("NAME") in {None, "", ":memory:"}, message)
    if config["ENGINE"] == SQLITE:
        return config | {"OPTIONS": _sqlite_options(), "CONN_MAX_AGE": 60}
    threshold = config.get("OPTIONS", {}).get("prepare_threshold", "0")
    refuse_if(str(threshold) not in {"0", "None"}, "DATABASE_URL: prepare_threshold is 0 or, behind a pooler, None.")
    return config | {
        "OPTIONS": {
            **config.get("OPTIONS", {}),
            "options": _postgresql_options(statement_seconds),
            # A statement whose parameters are apart from it (territory/together.py) is kept from the first time on; None: never.
            "prepare_threshold": None if threshold == "None" else 0,
        },
        # A new connection plans every statement again: at a minute's life all of them did so at once, and each minute began with
        # answers of a second.
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }


def _sqlite_options() -> dict[str, object]:
    # IMMEDIATE and WAL together: 0 lock errors in 1,600 racing transactions. FULL: no commit lost with the power.
    # Who waits looks again every tenth of a second, in no order: of 1,600 who never rested one had no turn within 5 s.
    return {
        "timeout": 10,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }


def _postgresql_options(statement_seconds: int) -> str:
    # A page read by its key costs little more than the next one of a table: for disks that turned, PostgreSQL thinks four times
    # as much. At 500,000 touches the busiest pages take a twelfth less of its time.
    options = {"lock_timeout": "3s", "synchronous_commit": "on", "jit": "off", "random_page_cost": "1.1"}
    if statement_seconds:
        options |= {
            "statement_timeout": f"{statement_seconds}s",
            "idle_in_transaction_session_timeout": f"{statement_seconds * 2}s",
        }
    return " ".join(f"-c {name}={value}" for name, value in options.items())


def _without_password(url: str) -> str:
    scheme, _, rest = url.partition("://")
    _, at, place = rest.rpartition("@")
    return f"{scheme}://…@{place}" if at else url
