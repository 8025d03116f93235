"""The first page of a new installation: only while there is no company, and never in production."""

import pytest
from django.urls import reverse

from accounts.models import User
from territory.company.models import Company
from tests import factories

pytestmark = pytest.mark.django_db

PASSWORD = "a cup of strong tea"
SAID = {
    "company": "Acme",
    "currency": "eur",
    "time_zone": "Europe/Amsterdam",
    "admin": "nell.ashcombe@acme.example",
    "password": PASSWORD,
}
SETUP = "/setup/"


def test_a_new_installation_leads_to_it(client):
    response = client.get("/", follow=True)
    assert response.redirect_chain[-1] == (SETUP, 302)
    assert "Set up your company" in response.content.decode()


def test_it_makes_the_company_and_an_administrator_who_can_sign_in(client):
    assert client.post(SETUP, SAID).url == reverse("account_login")
    company = Company.objects.get()
    assert (company.name, company.currency, company.time_zone) == ("Acme", "EUR", "Europe/Amsterdam")
    client.post(reverse("account_login"), {"login": SAID["admin"], "password": PASSWORD})
    assert client.get(reverse("access_table")).status_code == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("company", " "),
        ("currency", "Euro"),
        ("currency", "E1"),
        ("time_zone", "Mars/Olympus"),
        ("admin", "nell"),
        ("password", "short"),
        ("password", "nell.ashcombe@acme.example"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_made(client, field, value):
    response = client.post(SETUP, SAID | {field: value})
    assert response.status_code == 422
    assert response.context["form"].errors
    assert (Company.objects.exists(), User.objects.exists()) == (False, False)


def test_there_is_no_such_page_once_there_is_a_company(client):
    factories.company()
    assert (client.get(SETUP).status_code, client.post(SETUP, SAID).status_code) == (404, 404)
    assert client.get(reverse("account_login")).status_code == 200
    assert not User.objects.exists()


def test_there_is_no_such_page_in_production(client, settings):
    settings.PRODUCTION = True
    assert (client.get(SETUP).status_code, client.post(SETUP, SAID).status_code) == (404, 404)
    assert client.get(reverse("account_login")).status_code == 200
