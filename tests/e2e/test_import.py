"""A file of an old system with errors goes in, the rejected rows are downloaded, mended and imported again: all in the browser."""

from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from customers.models import Customer, Import, Potential

from .conftest import DESK

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

BAD = {3: "Moon", 7: "Moon"}
ROWS = [f"Müller {n};{BAD.get(n, 'Exeter')};{n + 10}.04.2021;{n}.200,50" for n in range(12)]


def chosen(page, label, value):
    page.get_by_label(label, exact=True).select_option(value)


def wait_until_stored(page):
    """The page asks by itself; the worker is another process."""
    expect(page.get_by_text("Stored. This is the report.")).to_be_visible(timeout=60_000)


def test_a_file_with_errors_is_imported_mended_and_imported_again(opened, cast, worker, tmp_path):
    old = tmp_path / "kunden.csv"
    old.write_bytes("\n".join(["Firma;Sales team;Customer since;Umsatz", *ROWS]).encode("cp1252"))
    page = opened(cast.admin, DESK)
    page.goto(reverse("home"))
    page.get_by_role("link", name="Import", exact=True).click()
    page.get_by_role("link", name="Import a file").first.click()
    page.get_by_label("What the rows are").select_option("customers")
    page.locator("input[type=file]").set_input_files(old)
    page.get_by_role("button", name="Upload").click()

    # Recognised: encoding, delimiter, days, numbers, two columns. The name is not.
    expect(page.get_by_label("Encoding")).to_have_value("cp1252")
    expect(page.get_by_label("Days and times")).to_have_value("DD.MM.YYYY")
    expect(page.get_by_text("Müller 0")).to_be_visible()
    chosen(page, "Name: column", "c:Firma")
    chosen(page, "Potential: column", "c:Umsatz")
    expect(page.get_by_label("Numbers")).to_have_value("1.234,56")
    page.get_by_role("button", name="Check the file").click()
    # A word that is no team: left open.
    expect(page.get_by_label("Moon")).to_be_visible()
    page.get_by_role("button", name="Check the file").click()

    expect(page.get_by_text("Nothing is stored yet: this is what would happen.")).to_be_visible()
    expect(page.locator(".tile", has_text="Rejected")).to_contain_text("2")
    expect(page.get_by_role("row", name="5 Sales team Moon").first).to_be_visible()
    assert not Customer.objects.filter(name__startswith="Müller").exists()
    page.get_by_role("button", name="Store it").click()
    wait_until_stored(page)
    assert Customer.objects.filter(name__startswith="Müller").count() == 10
    assert str(Potential.objects.get(customer__name="Müller 2").amount) == "2200.50"

    with page.expect_download() as download:
        page.get_by_role("link", name="Rejected rows").click()
    rejected = Path(download.value.path()).read_bytes().decode("cp1252")
    assert len(rejected.splitlines()) == 3
    mended = tmp_path / "mended.csv"
    mended.write_bytes(rejected.replace("Moon", "Exeter").encode("cp1252"))
    page.get_by_role("link", name="Import mended rows").click()
    page.locator("input[type=file]").set_input_files(mended)
    page.get_by_role("button", name="Upload and check").click()
    page.get_by_role("button", name="Store it").click()
    wait_until_stored(page)
    expect(page.locator(".tile", has_text="Rejected")).to_contain_text("0")
    assert Customer.objects.filter(name__startswith="Müller").count() == 12
    assert Import.objects.count() == 2
    page.get_by_role("link", name="Import", exact=True).first.click()
    expect(page.get_by_role("link", name="kunden.csv")).to_be_visible()
