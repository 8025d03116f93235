"""So many imports and exports a minute: counted in the database, for each person apart, with a page that says until when."""

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse

from accounts.models import User
from customers.models import Import
from territory import limits
from tests import factories
from tests.accounts.signing_in import client_of

NOON = 1_780_000_020  # the first second of a minute


def waits(times, *, person=1, most=3, now=NOON):
    return [limits.seconds_to_wait("export", person, most, now=now) for _ in range(times)]


def test_places_of_a_minute():
    assert waits(5) == [0, 0, 0, 60, 60]
    assert waits(1, now=NOON + 45) == [15]
    assert waits(1, person=2) == [0]
    assert waits(4, now=NOON + 60) == [0, 0, 0, 60]
    assert waits(9, person=3, most=0) == [0] * 9


@pytest.fixture
def in_the_database(db, settings):
    """The cache as the application has it."""
    from territory.settings import CACHES

    settings.CACHES = {"default": {**CACHES["default"], "LOCATION": "cache_of_a_test"}}
    call_command("createcachetable", verbosity=0)
    return settings


def test_the_count_is_in_the_database_and_no_crowd_drives_it_out(in_the_database):
    assert waits(4) == [0, 0, 0, 60]
    for n in range(400):
        cache.set(f"zebra-{n}", n)
    assert waits(1) == [60]


def test_guesses_are_counted_there_too(company, in_the_database, client, monkeypatch):
    person, evaluated = factories.person(), []
    monkeypatch.setattr(User, "check_password", lambda self, raw: evaluated.append(raw) or False)
    for n in range(14):
        client.post("/accounts/login/", {"login": person.email, "password": f"{n}"}, REMOTE_ADDR=f"10.0.0.{n}")
    assert len(evaluated) == 10


@pytest.mark.parametrize("name", ["customer_export", "order_export"])
def test_exports(cast, settings, time_machine, name):
    time_machine.move_to("2026-06-09T09:00:18Z", tick=False)
    settings.EXPORTS_A_MINUTE = 2
    client, url = client_of(cast.manager), reverse(name)
    assert [client.get(url).status_code for _ in range(3)] == [200, 200, 429]
    answer = client.get(url)
    assert answer.headers["Retry-After"] == "42"
    assert "Try again in 42 seconds" in answer.content.decode()
    assert client_of(cast.admin).get(url).status_code == 200
    assert client_of(cast.technician).get(url).status_code == 403


def test_reports_and_all_exports_share_one_count(cast, settings, time_machine):
    time_machine.move_to("2026-06-09T09:00:00Z", tick=False)
    settings.EXPORTS_A_MINUTE = 2
    client = client_of(cast.manager)
    urls = [reverse("customer_export"), reverse("report", args=["workload"]), reverse("order_export")]
    assert [client.get(url).status_code for url in urls] == [200, 200, 429]
    time_machine.move_to("2026-06-09T09:01:00Z", tick=False)
    assert client.get(urls[0]).status_code == 200


def test_imports(cast, settings, time_machine):
    time_machine.move_to("2026-06-09T09:00:00Z", tick=False)
    settings.IMPORTS_A_MINUTE = 2
    client, url = client_of(cast.admin), reverse("import_create")

    def upload():
        file = SimpleUploadedFile("customers.csv", b"external_id,name\r\n1,Mill\r\n", "text/csv")
        return client.post(url, {"kind": "customers", "file": file})

    assert [upload().status_code for _ in range(3)] == [302, 302, 429]
    assert Import.objects.count() == 2
    row = Import.objects.first()
    for name in ("import_run", "import_again"):
        assert client.post(reverse(name, args=[row.pk])).status_code == 429
    assert client.get(url).status_code == 200


def test_steps_of_an_import_read_its_file_each_time(cast, settings, time_machine):
    time_machine.move_to("2026-06-09T09:00:00Z", tick=False)
    settings.IMPORT_STEPS_A_MINUTE = 4
    client, row = client_of(cast.admin), factories.import_of(cast.admin)
    steps = [reverse(name, args=[row.pk]) for name in ("import_mapping", "import_values", "import_json")]
    assert [client.get(url).status_code for url in steps] == [200, 200, 200]
    assert [client.post(steps[0]).status_code for _ in range(2)] == [422, 429]
    assert client.get(steps[1]).status_code == 429
    assert client.get(reverse("import_list")).status_code == 200
