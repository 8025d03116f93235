"""A new company, from nothing to its first heat map, with the browser alone: Northwind's files through the importer.

Skipped where the public data is not there (tests/real/conftest.py).
"""

import csv
import json

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from customers.models import Customer, Import, Order
from tests.real.conftest import PLANS, data_folder, prepare_from

from .conftest import DESK

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "Wholesale-food-1996"
FILES = PLANS / "northwind"
# Mapped with the form, as who has no mapping yet: column by column, title by title.
BY_HAND = {
    "Customer": "CustomerID",
    "Name": "ContactName",
    "Title": "ContactTitle",
    "Phone": "Phone",
    "Role": "ContactTitle",
}


@pytest.fixture
def prepared(tmp_path):
    return prepare_from("northwind", data_folder("northwind"), tmp_path / "northwind")


def set_up(page):
    """The first page of a new installation, then the first sign-in."""
    page.goto("/")
    page.get_by_label("Company").fill("Northwind")
    page.get_by_label("Currency").fill("USD")
    page.get_by_label("Time zone").fill("America/Los_Angeles")
    page.get_by_label("Your e-mail").fill("nora.admin@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Set up").click()
    page.get_by_label("E-mail").fill("nora.admin@example.com")
    page.get_by_label("Password", exact=False).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="First steps")).to_be_visible()


def upload(page, kind, file):
    page.goto(reverse("import_create"))
    page.get_by_label("What the rows are").select_option(kind)
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("heading", name="Which column is what")).to_be_visible()


def take_mapping(page, file):
    page.get_by_role("link", name="Mapping from a file").click()
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Take this mapping").click()
    expect(page.get_by_role("heading", name="Which column is what")).to_be_visible()


def map_by_hand(page):
    for field, column in BY_HAND.items():
        page.get_by_label(f"{field}: column", exact=True).select_option(f"c:{column}")
    page.get_by_role("button", name="Check the file").click()
    titles = json.loads((FILES / "contacts.json").read_text())["fields"]["role"]["values"]
    for title, role in titles.items():
        page.get_by_label(title, exact=True).fill(role)


def check_and_store(page):
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_text("Nothing is stored yet: this is what would happen.")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Store it").click()
    page.wait_for_load_state()
    if "reauthenticate" in page.url:
        page.locator("input[type=password]").fill(PASSWORD)
        page.keyboard.press("Enter")
    expect(page.get_by_text("Stored. This is the report.")).to_be_visible(timeout=60_000)
    expect(page.locator(".tile", has_text="Rejected")).to_contain_text("0")


def test_a_new_company_comes_to_its_first_heat_map(opened, worker, prepared):
    page = opened(None, DESK)
    set_up(page)
    for step in json.loads((FILES / "plan.json").read_text()):
        if "kind" not in step:
            continue
        upload(page, step["kind"], prepared / step["file"])
        if step["kind"] == "contacts":
            map_by_hand(page)
        else:
            take_mapping(page, FILES / step["mapping"])
        check_and_store(page)
    by_hand = Import.objects.get(kind="contacts").mapping["fields"]
    assert by_hand["role"]["values"] == json.loads((FILES / "contacts.json").read_text())["fields"]["role"]["values"]
    assert (Customer.objects.count(), Order.objects.count()) == (91, 830)
    assert Order.objects.filter(status="pending").count() == 21

    with (prepared / "people.csv").open(encoding="utf-8", newline="") as file:
        names = [row["Name"] for row in csv.DictReader(file)]
    page.goto(reverse("workload"))
    for name in names:
        # Teams are called like their heads: a person's row comes after that of the team.
        expect(page.get_by_role("rowheader", name=name).last).to_be_visible()
