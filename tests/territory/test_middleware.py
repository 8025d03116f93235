"""Days and formats are those of the person who asks."""

import datetime as dt
import io

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import User
from territory.company.models import Company
from territory.formats import days
from territory.middleware import BodyLimit, KeptNowhere, PersonalFormats
from tests import factories
from tests.accounts.signing_in import client_of

pytestmark = pytest.mark.django_db
LATE = dt.datetime(2025, 6, 9, 22, 30, tzinfo=dt.UTC)


def seen_by(rf, user) -> str:
    request = rf.get("/")
    request.user = user
    return PersonalFormats(lambda request: HttpResponse(days.full_text(LATE)))(request).content.decode()


@pytest.mark.parametrize(
    ("zone", "locale", "text"),
    [
        ("", "en-gb", "10 June 2025, 00:30"),
        ("America/New_York", "en-us", "June 9, 2025, 6:30 p.m."),
    ],
)
def test_a_moment_is_written_for_its_reader(rf, zone, locale, text):
    Company.objects.create(name="Acme", time_zone="Europe/Amsterdam")
    assert seen_by(rf, User(name="Nell", time_zone=zone, locale=locale)) == text


def test_nothing_of_it_stays_for_the_next_reader(rf):
    seen_by(rf, User(name="Nell", time_zone="Asia/Tokyo", locale="en-us"))
    assert timezone.get_current_timezone_name() == "UTC"
    assert translation.get_language() == "en-gb"


@pytest.mark.parametrize(("imports", "receipts"), [(3, 2), (2, 3)])
def test_a_body_above_the_largest_import_or_receipt_is_refused_unread(client, rf, settings, company, imports, receipts):
    settings.IMPORT_MOST_MB, settings.RECEIPT_MOST_MB = imports, receipts
    most = 4 * 1024 * 1024
    limit = BodyLimit(lambda request: HttpResponse())
    assert limit.process_view(rf.post("/", CONTENT_LENGTH=str(most))) is None
    assert limit.process_view(rf.post("/", CONTENT_LENGTH="")) is None

    class Unread(io.BytesIO):
        def read(self, *args):
            raise AssertionError("read")

    client.force_login(factories.person())
    for name in ("import_create", "log_touch", "account_login"):
        response = client.post(reverse(name), **{"CONTENT_LENGTH": str(most + 1), "wsgi.input": Unread()})
        assert response.status_code == 413
        assert "At most 3 MB can be sent at once." in response.content.decode()


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
@pytest.mark.parametrize("encoding", ["idna", "utf-16", "no-such"])
def test_a_form_is_read_as_utf_8_whatever_it_says(company, kind, encoding):
    client = Client(enforce_csrf_checks=True)
    client.get(reverse("account_login"))
    response = client.generic("POST", reverse("account_login"), b"login=x", f"{kind}; charset={encoding}")
    assert response.status_code in (400, 403)


def test_what_was_asked_for_is_read_as_utf_8_too(company):
    response = Client().get("/health/?q=%ff", content_type="text/plain; charset=idna")
    assert response.status_code == 200


@pytest.mark.parametrize("name", ["customer_list", "customer_export", "profile", "order_board", "search_suggest"])
def test_no_page_or_file_of_a_person_is_kept(cast, name):
    response = client_of(cast.rep).get(reverse(name))
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store, private"


def test_nor_what_is_not_there_for_them(cast):
    response = client_of(cast.rep).get(reverse("customer_detail", args=[cast.foreign.pk]))
    assert (response.status_code, response.headers["Cache-Control"]) == (404, "no-store, private")


def test_what_says_itself_how_long_it_is_kept_is_left_alone(rf):
    answer = HttpResponse(headers={"Cache-Control": "max-age=60"})
    assert KeptNowhere(lambda request: answer)(rf.get("/")).headers["Cache-Control"] == "max-age=60"
