"""Product lines, customers and contacts from files."""

import datetime as dt
from decimal import Decimal

import pytest

from customers.models import Contact, Customer, CustomerTeam, Market, Potential, ProductLine
from tests import factories
from tests.customers.imports.results import counts, reasons

FIELDS = {"external_id": "id", "name": "name", "team": "team", "town": "town"}


def test_customers_are_created_with_their_team_and_its_history(load, ground):
    report = load("customers", "id,name,team,town\nC1,Acme,South,Exeter\nC2,Beta,North,\n", FIELDS)
    assert counts(report) == (2, 0, 0, 0)
    acme = Customer.objects.get(external_id="C1")
    assert (acme.name, acme.team, acme.town, acme.search_text) == ("Acme", ground["south"], "Exeter", "acme exeter c1")
    assert [(row.team, row.starts_on) for row in acme.team_changes.all()] == [(ground["south"], None)]
    assert [(row.history_type, row.history_change_reason) for row in acme.history.all()] == [
        ("+", "Import of customers")
    ]


def test_the_same_file_again_changes_nothing(load, django_assert_num_queries):
    text = "id,name,team,town\nC1,Acme,South,Exeter\n"
    load("customers", text, FIELDS)
    assert counts(load("customers", text, FIELDS)) == (0, 0, 1, 0)
    assert Customer.history.count() == 1
    assert Customer.objects.get().version == 1


def test_what_differs_is_changed_and_the_rest_left(load):
    load("customers", "id,name,team,town\nC1,Acme,South,Exeter\n", FIELDS)
    Customer.objects.update(phone="123")
    assert counts(load("customers", "id,name,team,town\nC1,Acme Ltd,South,\n", FIELDS)) == (0, 1, 0, 0)
    acme = Customer.objects.get()
    assert (acme.name, acme.town, acme.phone, acme.version) == ("Acme Ltd", "", "123", 2)
    assert acme.search_text == "acme ltd c1 123"
    assert Customer.history.count() == 2


def test_a_change_of_team_is_dated(load, ground):
    load("customers", "id,name,team,town\nC1,Acme,South,\n", FIELDS)
    load("customers", "id,name,team,town\nC1,Acme,North,\n", FIELDS)
    rows = CustomerTeam.objects.order_by("pk").values_list("team__name", "starts_on")
    assert list(rows) == [("South", None), ("North", dt.date(2026, 11, 25))]
    assert counts(load("customers", "id,name,team,town\nC1,Acme,North,\n", FIELDS)) == (0, 0, 1, 0)


def test_without_external_ids_a_name_that_is_theirs_alone_finds_the_customer(load, ground):
    fields = {"name": "name", "phone": "phone"}
    factories.customer("Acme", ground["south"])
    factories.customer("Beta", ground["south"])
    factories.customer("Beta", ground["north"])
    report = load("customers", "name,phone\nACME,101\nBeta,102\nGamma,103\n", fields)
    assert counts(report) == (0, 1, 0, 2)
    assert reasons(report) == [
        (3, "name", "name", "Beta", "several customers are called so; give their external ids"),
        (4, "team", "", "", "a new customer needs a team"),
    ]


def test_markets_are_found_and_created_when_the_mapping_says_so(load):
    Market.objects.create(name="Retail")
    fields = FIELDS | {"market": {"column": "market", "create": True, "values": {"softwear": "Software"}}}
    text = "id,name,team,town,market\nC1,Acme,South,,retail\nC2,Beta,South,,softwear\nC3,Gamma,South,,Software\nC4,D,South,,\n"
    assert counts(load("customers", text, fields)) == (4, 0, 0, 0)
    found = dict(Customer.objects.values_list("external_id", "market__name"))
    assert found == {"C1": "Retail", "C2": "Software", "C3": "Software", "C4": None}
    assert counts(load("customers", text, fields)) == (0, 0, 4, 0)
    assert Market.objects.count() == 2


def test_an_unknown_market_rejects_the_row_otherwise(load):
    fields = FIELDS | {"market": "market"}
    report = load("customers", "id,name,team,town,market\nC1,Acme,South,,Retail\n", fields)
    assert reasons(report) == [(2, "market", "market", "Retail", "no market with this external id / name")]


def test_potential_is_noted_once_a_day_and_makes_the_tier(load):
    fields = FIELDS | {"since": "since", "potential": "potential"}
    text = "id,name,team,town,since,potential\nC1,Acme,South,,2024-01-01,20000\nC2,Beta,South,,2024-01-01,\n"
    assert counts(load("customers", text, fields)) == (2, 0, 0, 0)
    assert list(Potential.objects.values_list("customer__external_id", "amount", "noted_on")) == [
        ("C1", Decimal(20000), None)
    ]
    assert dict(Customer.objects.values_list("external_id", "tier__name")) == {"C1": "B", "C2": "D"}
    assert counts(load("customers", text, fields)) == (0, 0, 2, 0)
    assert counts(load("customers", text.replace("20000", "50000"), fields)) == (0, 1, 1, 0)
    assert Customer.objects.get(external_id="C1").tier.name == "A"


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("latitude", "91", "Ensure this value is less than or equal to 90."),
        ("latitude", "50.5", "give both latitude and longitude, or neither"),
        ("since", "2027-01-01", "is still to come"),
        (
            "since",
            "soon",
            "is not a day like 2026-06-09 or a time like 2026-06-09T14:30:00Z; choose “dates” in the mapping",
        ),
        ("web", "acme", "Enter a valid URL."),
        ("phone", "1" * 41, "is longer than 40 characters"),
        ("potential", "-1", "Ensure this value is greater than or equal to 0."),
        ("potential", "1,000", "is not a number written like 1234.56; choose “numbers” in the mapping"),
        ("potential", "0.001", "has more than 2 decimals"),
        ("potential", "1" + "0" * 12, "is too large"),
        ("potential", "1" + "0" * 60, "is too large"),
        ("currency", "USD", "is not the company's currency, GBP"),
    ],
)
def test_a_bad_value_rejects_its_row_with_field_column_and_reason(load, field, value, reason):
    fields = FIELDS | {field: "x", **({"longitude": "y"} if field == "latitude" and value == "50.5" else {})}
    text = f'id,name,team,town,x,y\nC1,Acme,South,,"{value}",\nC2,Beta,South,,,\n'
    report = load("customers", text, fields)
    assert reasons(report)[0][:3] in ((2, field, "x"), (2, "longitude", "y"))
    assert reasons(report)[0][4] == reason
    assert counts(report) == (1, 0, 0, 1)


def test_formulas_and_markup_stay_text(load):
    fields = FIELDS | {"note": "note"}
    text = 'id,name,team,town,note\nC1,"=HYPERLINK(""http://x"")",South,,<script>alert(1)</script>\n'
    load("customers", text, fields)
    acme = Customer.objects.get()
    assert (acme.name, acme.note) == ('=HYPERLINK("http://x")', "<script>alert(1)</script>")


def test_decimal_commas_semicolons_and_another_encoding(load):
    mapping = {
        "encoding": "cp1252",
        "delimiter": ";",
        "numbers": "1.234,56",
        "dates": "DD.MM.YYYY",
        "fields": FIELDS | {"since": "seit", "potential": "Potenzial", "latitude": "Breite", "longitude": "Länge"},
    }
    text = "id;name;team;town;seit;Potenzial;Breite;Länge\nC1;Müller;South;Köln;03.04.2021;12.500,50;50,94;6,96\n"
    assert counts(load("customers", text.encode("cp1252"), mapping=mapping)) == (1, 0, 0, 0)
    row = Customer.objects.get()
    assert (row.name, row.since, row.latitude) == ("Müller", dt.date(2021, 4, 3), 50.94)
    assert Potential.objects.get().amount == Decimal("12500.50")


def test_the_same_thing_twice_in_a_file(load):
    text = "id,name,team,town\nC1,Acme,South,\nC1,Acme,South,\nC1,Acme Ltd,South,\n"
    report = load("customers", text, FIELDS)
    assert counts(report) == (1, 0, 1, 1)
    assert reasons(report) == [(4, "external_id", "id", "C1", "stands in row 2 already, with other values")]


def test_product_lines_by_external_id_or_name(load):
    fields = {"name": "product", "list_price": "price", "launched_on": "from"}
    text = "product,price,from\nPlus,550,2020-01-01\nPro,4821.5,\n"
    assert counts(load("product_lines", text, fields)) == (2, 0, 0, 0)
    assert counts(load("product_lines", text.replace("550", "600"), fields)) == (0, 1, 1, 0)
    assert ProductLine.objects.get(name="Plus").list_price == Decimal("600.00")


def test_contacts_at_their_customer(load, acme):
    factories.contact_role("Buyer")
    fields = {
        "customer": "company",
        "name": "name",
        "role": "role",
        "email": "mail",
        "decides": "decides",
        "since": "since",
    }
    text = (
        "company,name,role,mail,decides,since\nC1,Eva,buyer,eva@example.com,yes,2021-01-01\nAcme,Jo,,,,\nZeta,Al,,,,\n"
    )
    report = load("contacts", text, fields)
    assert counts(report) == (2, 0, 0, 1)
    assert reasons(report) == [(4, "customer", "company", "Zeta", "no customer with this external id / name")]
    eva = Contact.objects.get(name="Eva")
    assert (eva.customer, eva.role.name, eva.email, eva.decides) == (acme, "Buyer", "eva@example.com", True)
    assert counts(load("contacts", text, fields)) == (0, 0, 2, 1)


def test_a_contact_who_left_before_they_were_known(load, acme):
    fields = {"customer": "c", "name": "n", "since": "a", "left_on": "b"}
    report = load("contacts", "c,n,a,b\nC1,Eva,2021-01-01,2020-01-01\n", fields)
    assert reasons(report) == [(2, "left_on", "b", "2020-01-01", "the contact left before they were known")]


def test_what_is_no_telephone_number_is_named_with_its_row_and_column(load, ground):
    for name in ("Acme", "Beta", "Gamma"):
        factories.customer(name, ground["south"])
    text = "name,tel\nAcme,zz\nBeta,12\nGamma,+44 (0)1392/555-123 ext. 9\n"
    report = load("customers", text, {"name": "name", "phone": "tel"})
    assert counts(report) == (0, 1, 0, 2)
    why = "Give a telephone number: at least 3 digits, and only spaces, + ( ) / . - x or ext besides."
    assert reasons(report) == [(2, "phone", "tel", "zz", why), (3, "phone", "tel", "12", why)]
