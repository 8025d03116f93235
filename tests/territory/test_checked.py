"""A setting that cannot be right stops the start and is named."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from territory import checked

GOOD_KEY = "kQ7vXw2-9sLmZ0pYbN4eRt6uIoAaSdFgHjKlCvBnM1q3W5z8xE_T"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "localhost", "::1", "[::1]"])
def test_this_machine_alone_is_loopback(host):
    checked.loopback("HOST", host)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.168.0.4", "10.0.0.1", "crm.example.org", "", "localhost.example.org", "127.1"]
)
def test_any_other_address_is_refused(host):
    with pytest.raises(ImproperlyConfigured, match="HOST names"):
        checked.loopback("HOST", host)


@pytest.mark.parametrize(
    "key",
    ["", "short", "a" * 60, "django-insecure-" + GOOD_KEY, "change-me-" + GOOD_KEY, "only-in-tests"],
)
def test_a_key_that_others_could_know_is_refused(key):
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY"):
        checked.secret_key(key)


def test_a_key_of_one_s_own_passes():
    assert checked.secret_key(GOOD_KEY) == GOOD_KEY


@pytest.mark.parametrize("names", [[], ["*"], ["*.example.org"], [".example.org"]])
def test_wildcard_hosts_are_refused(names):
    with pytest.raises(ImproperlyConfigured, match="ALLOWED_HOSTS"):
        checked.hosts(names)


@pytest.mark.parametrize(
    "url",
    [
        "http://crm.example.org",
        "https://localhost",
        "https://127.0.0.1",
        "https://",
        "crm.example.org",
        "https://crm.example.org/app",
    ],
)
def test_production_needs_its_own_address_over_tls(url):
    with pytest.raises(ImproperlyConfigured, match="SITE_URL"):
        checked.site_url(url, production=True)


def test_a_site_s_address_ends_with_its_host():
    assert checked.site_url("https://crm.example.org:8443/", production=True) == "https://crm.example.org:8443"


@pytest.mark.parametrize("word", ["perhaps", "2", "ja"])
def test_a_yes_or_no_is_neither_guessed_nor_ignored(word):
    with pytest.raises(ImproperlyConfigured, match="DEBUG is"):
        checked.boolean("DEBUG", word)


@pytest.mark.parametrize("number", ["0", "65536", "-1", "http", "٣"])
def test_a_port_is_one(number):
    with pytest.raises(ImproperlyConfigured, match="PORT is"):
        checked.port("PORT", number)


@pytest.mark.parametrize("url", ["", "redis", "http://127.0.0.1", "rabbit://x"])
def test_a_broker_is_redis(url):
    with pytest.raises(ImproperlyConfigured, match="REDIS_URL"):
        checked.redis(url)


@pytest.mark.parametrize(
    "url", ["", "x", "mysql://root@127.0.0.1/x", "postgres://", "sqlite://", "postgres://me:secret@db:port/x"]
)
def test_a_database_is_postgresql_or_sqlite(url):
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL") as caught:
        checked.database(url, statement_seconds=0)
    assert "secret" not in str(caught.value)


def test_sqlite_takes_the_lock_at_once_and_writes_ahead():
    options = checked.database("sqlite:////data/x.sqlite3", statement_seconds=0)["OPTIONS"]
    assert options["transaction_mode"] == "IMMEDIATE"
    assert options["timeout"] == 5
    assert options["init_command"] == "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"


def test_a_page_s_statements_on_postgresql_end_in_time():
    config = checked.database("postgres://me:secret@db:5432/territory", statement_seconds=15)
    assert (config["NAME"], config["HOST"], config["CONN_HEALTH_CHECKS"]) == ("territory", "db", True)
    assert "-c lock_timeout=3s" in config["OPTIONS"]["options"]
    assert "-c statement_timeout=15s" in config["OPTIONS"]["options"]
    assert "-c idle_in_transaction_session_timeout=30s" in config["OPTIONS"]["options"]


def test_a_job_s_statements_may_take_their_time():
    assert "statement_timeout" not in checked.database("postgres://db/x", statement_seconds=0)["OPTIONS"]["options"]


def test_mail_without_a_server_goes_to_files_on_one_machine():
    assert checked.mail("", production=False) == {"EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend"}


def test_a_mail_server_that_is_none_is_refused():
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL"):
        checked.mail("mail.example.org", production=True)
