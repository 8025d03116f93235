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
    assert options["timeout"] == 10
    assert options["init_command"] == "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"


def test_a_page_s_statements_on_postgresql_end_in_time():
    config = checked.database("postgres://me:secret@db:5432/territory", statement_seconds=15)
    assert (config["NAME"], config["HOST"], config["CONN_HEALTH_CHECKS"]) == ("territory", "db", True)
    assert "-c lock_timeout=3s" in config["OPTIONS"]["options"]
    assert "-c statement_timeout=15s" in config["OPTIONS"]["options"]
    assert "-c idle_in_transaction_session_timeout=30s" in config["OPTIONS"]["options"]


def test_a_job_s_statements_may_take_their_time():
    assert "statement_timeout" not in checked.database("postgres://db/x", statement_seconds=0)["OPTIONS"]["options"]


@pytest.mark.parametrize(("asked", "kept"), [("", 0), ("?prepare_threshold=None", None)])
def test_postgresql_keeps_statements_unless_told_not_to(asked, kept):
    options = checked.database(f"postgres://db:5432/x{asked}", statement_seconds=0)["OPTIONS"]
    assert options["prepare_threshold"] == kept


@pytest.mark.parametrize("asked", ["none", "5", "-1"])
def test_a_pooler_s_setting_that_is_neither_stops_the_start(asked):
    with pytest.raises(ImproperlyConfigured, match="prepare_threshold"):
        checked.database(f"postgres://db:5432/x?prepare_threshold={asked}", statement_seconds=0)


def test_mail_without_a_server_goes_to_files_on_one_machine():
    settings = {"EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend"}
    assert checked.mail("", production=False) == ("", settings)


def test_mail_without_a_server_goes_to_port_25_of_a_serving_machine():
    shown, settings = checked.mail("", production=True)
    assert (shown, settings["EMAIL_HOST"], settings["EMAIL_PORT"]) == ("localhost:25", "localhost", 25)


def test_a_mail_server_with_everything():
    shown, settings = checked.mail("smtp+tls://me%40x:p%2Fw@mail.example.org:2525", production=True)
    assert shown == "mail.example.org:2525"
    assert settings == {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": "mail.example.org",
        "EMAIL_PORT": 2525,
        "EMAIL_HOST_USER": "me@x",
        "EMAIL_HOST_PASSWORD": "p/w",
        "EMAIL_USE_TLS": True,
    }


@pytest.mark.parametrize(
    ("url", "port"), [("smtp://mail", 25), ("smtp+tls://u:p@mail", 587), ("smtp+ssl://u:p@mail", 465)]
)
def test_the_usual_port_of_a_mail_server(url, port):
    assert checked.mail(url, production=True)[1]["EMAIL_PORT"] == port


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.org",
        "http://mail.example.org",
        "smtp://",
        "smtp://u:hunter2@mail:port",
        "smtp://u:hunter2@mail:0",
        "smtp://u:hunter2@mail:99999",
        "smtp://u@mail",
        "smtp://u:hunt/er2@mail",
        "smtp://u:hunter2@mail?tls=maybe",
        "smtp://u:hunter2%0d%0a@mail",
    ],
)
def test_a_mail_server_that_is_none_is_refused_without_repeating_its_password(url):
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL") as error:
        checked.mail(url, production=True)
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize("text", ["Territory <t@example.com>", "t@example.com", "T <territory@localhost>"])
def test_a_sender(text):
    assert checked.sender(text) == text


@pytest.mark.parametrize("text", ["", "Territory", "T <t@nowhere>", "T <t@example.com>\r\nBcc: x@example.com"])
def test_a_sender_that_is_none_is_refused(text):
    with pytest.raises(ImproperlyConfigured, match="EMAIL_FROM"):
        checked.sender(text)


def test_what_may_not_be_less_is_refused():
    assert checked.at_least(30, "DENIALS_KEPT_DAYS", "30") == 30
    with pytest.raises(ImproperlyConfigured, match="DENIALS_KEPT_DAYS is 29; it must be 30 or more"):
        checked.at_least(30, "DENIALS_KEPT_DAYS", "29")
