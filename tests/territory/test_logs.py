"""What production's logs hold: the ids to follow something by, and nothing about anybody."""

import io
import json
import logging
import smtplib
import sys
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from celery import shared_task
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from django_structlog.celery.receivers import CeleryReceiver

from customers.imports import jobs as import_jobs
from customers.models import Import, Touch
from territory import health, logs
from territory.jobs import bell, runner
from territory.jobs.models import JobRun
from territory.mail import outbox
from territory.mail.models import Mail
from territory.mail.sending import deliver_waiting
from tests import factories
from tests.accounts.signing_in import client_of
from tests.customers.test_views_touches import body

pytestmark = pytest.mark.django_db

NAME, EMAIL, CUSTOMER = "Zebedee Quillfeather", "zebedee@quillfeather.example", "Quillfeather and Daughters"
PASSWORD, NOTE, AMOUNT = "marmalade-sunrise-4711", "allergic to lilies", "987654"
SECRETS = [NAME, "Zebedee", "Quillfeather", EMAIL, CUSTOMER, PASSWORD, "wrong-marmalade", NOTE, AMOUNT, "lilies"]


class Lines:
    """What was written, as production writes it."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    def all(self) -> list[dict]:
        return [json.loads(line) for line in self.text.splitlines()]

    def of(self, event: str) -> list[dict]:
        return [line for line in self.all() if line["event"] == event]


@pytest.fixture
def lines():
    """Logging as in production, into memory; put back afterwards."""
    settings = logs.logging_settings(production=True, level="INFO")
    form = {name: value for name, value in settings["formatters"]["lines"].items() if name != "()"}
    written = Lines()
    handler = logging.StreamHandler(written.stream)
    handler.setFormatter(logs.Lines(**form))
    before = {name: logging.getLogger(name).level for name in settings["loggers"]}
    for name, chosen in settings["loggers"].items():
        logging.getLogger(name).setLevel(chosen["level"])
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture
def someone(cast):
    """A salesperson whose every word is a marker."""
    user = cast.rep
    user.name, user.email = NAME, EMAIL
    user.set_password(PASSWORD)
    user.save()
    cast.own.name = CUSTOMER
    cast.own.save()
    return user


def refuse(*_args, **_options):
    """As PostgreSQL refuses a row: with the row."""
    try:
        raise ValueError(NAME)
    except ValueError as error:
        raise IntegrityError(f"Key (email)=({EMAIL}) already exists. Failing row contains ({NOTE}).") from error


def assert_nothing_of_anybody(lines: Lines, more: tuple[str, ...] = ()) -> None:
    text = lines.text.lower()
    for secret in (*SECRETS, *more):
        for form in {secret.lower(), quote(secret).lower(), secret.lower().replace(" ", "+")}:
            assert form not in text, [line for line in lines.text.splitlines() if form in line.lower()]


def test_signing_in_and_failing_to(lines, someone):
    client = Client()
    client.post(reverse("account_login"), {"login": EMAIL, "password": "wrong-marmalade"})
    client.post(reverse("account_login"), {"login": EMAIL, "password": PASSWORD})
    assert client.session["_auth_user_id"] == str(someone.pk)
    client.get("/", headers={"X-Request-ID": "0123456789abcdef", "User-Agent": NAME})
    client.get("/", headers={"X-Request-ID": EMAIL})

    done = lines.of("request_finished")
    assert [(line["request"], line["code"]) for line in done] == [
        ("POST /accounts/login/", 200),
        ("POST /accounts/login/", 302),
        ("GET /", done[2]["code"]),
        ("GET /", done[3]["code"]),
    ]
    assert [line["user_id"] for line in done] == [None, someone.pk, someone.pk, someone.pk]
    assert done[2]["request_id"] == "0123456789abcdef"
    assert len({line["request_id"] for line in done}) == 4
    assert {"event", "level", "logger", "timestamp"} <= set(done[0])
    assert_nothing_of_anybody(lines)


def test_the_key_of_a_link_is_not_written(lines, someone, mailoutbox):
    client = Client()
    client.post(reverse("account_reset_password"), {"email": EMAIL})
    deliver_waiting()
    link = next(word for word in mailoutbox[0].body.split() if "/key/" in word)
    for _ in range(2):
        client.get(link.removeprefix("http://localhost:8000"), follow=True)

    keys = tuple(part for part in link.split("/") if "-" in part)
    assert keys
    assert any("key" in line["request"] for line in lines.of("request_finished"))
    assert_nothing_of_anybody(lines, keys)


def test_what_people_type_look_for_and_upload(lines, someone, cast, monkeypatch):
    client, admin = client_of(someone), client_of(cast.admin)
    kind = factories.touch_types()["voice"]
    client.get("/customers/", {"q": CUSTOMER})
    client.get(f"/{EMAIL}/")
    client.post(reverse("log_touch"), body(cast.own, kind, someone, note=NOTE))
    client.post("/orders/new/", {"customer": cast.own.pk, "title": NOTE, "amount": AMOUNT})
    row = f"Company;Sales team\n{CUSTOMER} two;Exeter\n{NAME};{NOTE}\n"
    upload = {"kind": "customers", "file": SimpleUploadedFile(f"{NAME}.csv", row.encode())}
    assert admin.post(reverse("import_create"), upload).status_code == 302
    file = Import.objects.get()
    admin.post(reverse("import_run", args=[file.pk]))
    monkeypatch.setattr(import_jobs, "_work", refuse)
    Import.objects.update(state="running")
    with pytest.raises(IntegrityError):
        import_jobs.go_on(file.pk)
    Client(enforce_csrf_checks=True).post(reverse("account_login"), {"login": EMAIL})
    client.get("/", headers={"Host": "quillfeather.example"})

    assert Touch.objects.get().note == NOTE
    assert lines.of("import failed")[0]["import_id"] == file.pk
    assert "IntegrityError" in lines.of("import failed")[0]["exception"]
    asked = {line["request"]: line["code"] for line in lines.of("request_finished")}
    assert asked["GET /customers/"] == 200
    assert asked["GET no such address"] == 404
    assert asked["POST /accounts/login/"] == 403
    assert_nothing_of_anybody(lines)


def test_an_error_of_a_page_is_its_kind_and_place(lines, someone, cast, monkeypatch):
    monkeypatch.setattr(health, "look", refuse)
    client = client_of(cast.admin)
    client.raise_request_exception = False
    answer = client.get(reverse("job_health"), {"q": NAME})

    assert answer.status_code == 500
    (line,) = lines.of("request_failed")
    assert (line["request"], line["user_id"], line["level"]) == ("GET /jobs/health/", cast.admin.pk, "error")
    assert line["exception"].splitlines()[0] == "ValueError"
    assert "IntegrityError" in line["exception"]
    assert "accounts/views/jobs.py" in line["exception"]
    assert_nothing_of_anybody(lines)


def test_jobs_tasks_and_mails_that_fail(lines, someone, monkeypatch, settings):
    @shared_task
    def fails(amount):
        refuse()

    receiver = CeleryReceiver()
    task = SimpleNamespace(name=fails.name, request=SimpleNamespace(__django_structlog__={"request_id": "of-a-page"}))
    run = runner.run_job("nightly", refuse)
    receiver.receiver_task_prerun("7f3a", task)
    try:
        refuse()
    except IntegrityError as error:
        receiver.receiver_task_failure(exception=error, sender=task)
    fails.apply((AMOUNT,), throw=False)
    monkeypatch.setattr(outbox, "ring", lambda *args: None)
    monkeypatch.setattr(
        "territory.mail.sending.get_connection", lambda: SimpleNamespace(open=refused_by_server, close=refuse)
    )
    Mail.objects.create(recipient=someone, kind="large_order", key="k", created_at=run.queued_at, due_at=run.queued_at)
    monkeypatch.setattr("territory.mail.sending.written", lambda mail: SimpleNamespace(subject=NAME, text=NOTE))
    deliver_waiting()

    (failed,) = lines.of("job failed")
    assert (failed["job"], failed["job_run"]) == ("nightly", JobRun.objects.get(name="nightly").pk)
    of_task = next(line for line in lines.of("task_failed") if line["task_id"] == "7f3a")
    assert of_task["request_id"] == "of-a-page"
    assert of_task["exception"].splitlines()[0] == "ValueError"
    assert lines.of("mail not sent")[0]["error"] == "SMTPRecipientsRefused"
    assert Mail.objects.get(key="k").error.count(EMAIL) == 1  # where administrators see it
    assert_nothing_of_anybody(lines)


def refused_by_server():
    raise smtplib.SMTPRecipientsRefused({EMAIL: (550, NAME.encode())})


def test_lines_of_other_packages_are_their_fixed_text(lines):
    logging.getLogger("some.library").warning("Cannot greet %s", NAME)
    logging.getLogger("django.security.SuspiciousFileOperation").error(f"no such file {NAME}")
    logging.getLogger("gunicorn.error").error("Error handling request %s", f"/reset/{NAME}", exc_info=True)
    logging.getLogger("celery.worker.consumer").info("Connected to %s", "redis://broker:6379/0")

    assert [line["event"] for line in lines.all()] == [
        "Cannot greet %s",
        "refused: SuspiciousFileOperation",
        "Error handling request …",
        "Connected to redis://broker:6379/0",
    ]
    assert_nothing_of_anybody(lines)


def test_what_does_not_answer_is_named(lines):
    task = SimpleNamespace(name="sweep", apply_async=lambda *args, **options: (_ for _ in ()).throw(away()))
    bell.publish(task)

    assert lines.of("nobody heard the bell")[0]["error"] == "ConnectionRefusedError: 127.0.0.1:6379"
    assert logs.trace_of(away()) == "ConnectionRefusedError: 127.0.0.1:6379"


def away():
    return ConnectionRefusedError("127.0.0.1:6379")


def test_on_one_s_own_machine_an_error_keeps_its_words():
    settings = logs.logging_settings(production=False, level="INFO")
    form = {name: value for name, value in settings["formatters"]["lines"].items() if name != "()"}
    try:
        refuse()
    except IntegrityError:
        record = logging.LogRecord("territory", logging.ERROR, "x.py", 1, "failed", (), True)
        record.exc_info = sys.exc_info()
    assert EMAIL in settings["formatters"]["lines"]["()"](**form).format(record)
