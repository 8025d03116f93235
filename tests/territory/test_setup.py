"""manage.py setup: a company, the rules it starts with and an administrator who can sign in."""

import io
import sys

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Role, User
from accounts.permissions import Act, Area, scope
from territory.company.models import Company

GIVEN = {"company": "Acme", "currency": "eur", "time_zone": "Europe/Amsterdam", "admin": "nell.ashcombe@acme.example"}
PASSWORD = "a cup of strong tea"


@pytest.fixture
def setup(monkeypatch, settings):
    """Runs the command on a database that is prepared already, with a password on standard input."""
    monkeypatch.setattr("territory.management.commands.setup.prepare_database", lambda: None)

    def run(password=PASSWORD, **changed):
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{password}\n"))
        options = {name: value for name, value in (GIVEN | changed).items() if value is not None}
        call_command("setup", password_stdin=True, stdout=io.StringIO(), **options)

    return run


@pytest.mark.django_db
def test_it_creates_the_company(setup):
    setup()
    company = Company.objects.get()
    assert (company.name, company.currency, company.time_zone, company.is_demo) == (
        "Acme",
        "EUR",
        "Europe/Amsterdam",
        False,
    )


@pytest.mark.django_db
def test_the_administrator_may_change_people_everywhere_and_can_sign_in(setup, client):
    setup()
    person = User.objects.get(email="nell.ashcombe@acme.example")
    assert person.name == "Nell Ashcombe"
    assert scope(person, Area.PEOPLE, Act.CHANGE).everything
    assert client.login(email=person.email, password=PASSWORD)


@pytest.mark.django_db
def test_starting_roles_are_there(setup):
    setup()
    assert Role.objects.count() >= 6


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"currency": "euros"}, "--currency: A currency is three capital letters, such as EUR."),
        ({"time_zone": "Mars"}, "--time-zone: “Mars” is not a time zone. One reads like Europe/Amsterdam."),
        ({"admin": "nobody"}, "--admin: Enter a valid email address."),
        ({"password": "short"}, "--password-stdin: This password is too short."),
        ({"company": "  "}, "--company: An answer is needed."),
        ({"company": None}, "--company is missing, and there is nobody to ask."),
    ],
)
def test_a_wrong_answer_is_named_and_nothing_is_created(setup, changed, said):
    with pytest.raises(CommandError) as caught:
        setup(**changed)
    assert str(caught.value).startswith(said)
    assert not Company.objects.exists()
    assert not User.objects.exists()


@pytest.mark.django_db
def test_a_second_company_is_refused(setup):
    setup()
    with pytest.raises(CommandError, match="belongs to “Acme” already"):
        setup(company="Other")


@pytest.mark.django_db
def test_the_demo_is_not_mixed_with_real_data(setup):
    Company.objects.create(name="Demo", is_demo=True)
    with pytest.raises(CommandError, match="holds the demo already"):
        setup()
