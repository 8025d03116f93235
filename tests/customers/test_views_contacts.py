"""Contacts and assignments: add, edit, left, archive; who works on a customer as what, and until when."""

import datetime as dt

import pytest
from django.urls import reverse

from customers.models import Assignment, Contact
from territory import clock
from tests import factories


@pytest.fixture
def post(client):
    """Sends a form as somebody."""

    def send(user, name, row, data):
        client.force_login(user)
        return client.post(reverse(name, args=[row.pk]), data)

    return send


def test_a_contact_is_added_known_since_today(post, cast):
    role = factories.contact_role("Buyer")
    post(cast.rep, "contact_create", cast.own, {"name": "Anna Wise", "role": role.pk, "decides": "on"})
    contact = Contact.objects.get()
    assert (contact.customer, contact.role, contact.decides, contact.since) == (
        cast.own,
        role,
        True,
        clock.company_today(),
    )


def test_the_gap_of_the_page_fills_in_the_role(client, cast):
    role = factories.contact_role("Senior officer")
    client.force_login(cast.rep)
    content = client.get(reverse("contact_create", args=[cast.own.pk]) + f"?role={role.pk}").content.decode()
    assert f'<option value="{role.pk}" selected>' in content


def test_a_contact_like_a_known_one_is_said_first(post, cast):
    factories.contact(cast.own, "Anna Wise", email="anna@example.com")
    for typed in ({"name": "ANNA WISE"}, {"name": "A. W.", "email": "Anna@Example.com"}):
        response = post(cast.rep, "contact_create", cast.own, typed)
        assert [row.name for row in response.context["look_alikes"]] == ["Anna Wise"]
    post(cast.rep, "contact_create", cast.own, {"name": "Anna Wise", "look_alikes_seen": "1"})
    assert Contact.objects.count() == 2


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("Joerg Mueller", "Jörg Müller"), ("Jörg Müller", "Joerg Mueller"), ("Søren Groß", "Soeren Gross")],
)
def test_their_umlauts_are_the_same_as_one_letter_or_two(post, cast, typed, stored):
    factories.contact(cast.own, stored)
    response = post(cast.rep, "contact_create", cast.own, {"name": typed})
    assert [row.name for row in response.context["look_alikes"]] == [stored]


@pytest.mark.parametrize("name", ["*a", "(ue", "a\\", "[o"])
def test_a_name_is_no_pattern(post, cast, name):
    assert post(cast.rep, "contact_create", cast.own, {"name": name}).status_code == 302


def test_contacts_of_hidden_customers_are_never_named(post, cast):
    factories.contact(cast.foreign, "Anna Wise")
    assert post(cast.rep, "contact_create", cast.own, {"name": "Anna Wise"}).status_code == 302


def test_a_contact_left(post, cast):
    contact = factories.contact(cast.own, "Anna", since=dt.date(2025, 1, 1))
    post(
        cast.rep,
        "contact_edit",
        contact,
        {"name": "Anna", "since": "2025-01-01", "left_on": "2026-02-01", "version": 1},
    )
    contact.refresh_from_db()
    assert contact.left_on == dt.date(2026, 2, 1)


def test_a_contact_cannot_leave_before_they_were_known(post, cast):
    contact = factories.contact(cast.own, "Anna")
    response = post(
        cast.rep,
        "contact_edit",
        contact,
        {"name": "Anna", "since": "2026-02-01", "left_on": "2026-01-01", "version": 1},
    )
    assert response.status_code == 422
    assert "left before they were known" in response.content.decode()


def test_a_conflict_on_a_contact_shows_both_values(post, cast):
    contact = factories.contact(cast.own, "Anna")
    post(cast.rep, "contact_edit", contact, {"name": "Anna One", "version": 1})
    response = post(cast.rep, "contact_edit", contact, {"name": "Anna Two", "version": 1})
    assert response.status_code == 409
    assert {"Anna One", "Anna Two"} <= {response.context["conflict"]["fields"][0][side] for side in ("mine", "theirs")}


def test_archive_and_bring_back_a_contact(post, cast):
    contact = factories.contact(cast.own, "Anna")
    post(cast.rep, "contact_archive", contact, {})
    assert Contact.objects.live().count() == 0
    post(cast.rep, "contact_restore", contact, {})
    assert Contact.objects.live().count() == 1


@pytest.mark.parametrize(("who", "status"), [("technician", 403), ("mate", 404)])
@pytest.mark.parametrize("name", ["contact_edit", "contact_archive", "contact_restore"])
def test_who_may_not_change_a_contact_writes_nothing(post, cast, who, status, name):
    contact = factories.contact(cast.own, "Anna")
    assert post(getattr(cast, who), name, contact, {"name": "Hacked", "version": 1}).status_code == status
    contact.refresh_from_db()
    assert (contact.name, contact.archived_at) == ("Anna", None)


# --- Who works on a customer ---


def test_somebody_joins_the_team(post, cast):
    data = {"membership": cast.mate_membership.pk, "kind": "support", "share": "40"}
    post(cast.rep, "assignment_create", cast.own, data)
    row = Assignment.objects.get(membership=cast.mate_membership, customer=cast.own)
    assert (row.kind, float(row.share), row.starts_on) == ("support", 0.4, clock.company_today())


def test_a_job_profile_that_authorises_less_is_said_at_its_field(post, cast):
    data = {"membership": cast.technician_membership.pk, "kind": "sole"}
    response = post(cast.rep, "assignment_create", factories.customer(owner=None, team=cast.exeter), data)
    assert response.status_code == 404  # nobody works on it, so it is not the rep's
    response = post(cast.coordinator, "assignment_create", factories.customer(team=cast.exeter), data)
    assert response.context["form"].errors["kind"] == ["Technician may be support at most."]


def test_a_second_owner_is_refused(post, cast):
    response = post(cast.rep, "assignment_create", cast.own, {"membership": cast.mate_membership.pk, "kind": "lead"})
    assert "Rep owns the customer" in str(response.context["form"].errors["kind"])


def test_shares_of_a_role_beyond_the_whole_are_refused(post, cast):
    Assignment.objects.filter(customer=cast.own, kind="lead").update(share="0.7")
    data = {"membership": cast.mate_membership.pk, "kind": "support", "share": "40"}
    response = post(cast.rep, "assignment_create", cast.own, data)
    assert "at most 30 % is left" in str(response.context["form"].errors["share"])


def test_a_share_is_shown_and_typed_in_per_cent(client, cast, post):
    row = Assignment.objects.get(customer=cast.own, kind="lead")
    Assignment.objects.filter(pk=row.pk).update(share="0.625")
    client.force_login(cast.rep)
    form = client.get(reverse("assignment_edit", args=[row.pk])).context["form"]
    assert form["share"].value() == "62.5"
    post(cast.rep, "assignment_edit", row, {"kind": "lead", "share": "62.5", "version": 1})
    row.refresh_from_db()
    assert float(row.share) == 0.625


def test_a_conflict_on_an_assignment_shows_both_values(post, cast):
    row = Assignment.objects.get(customer=cast.own, kind="support")
    post(cast.rep, "assignment_edit", row, {"kind": "support", "share": "30", "version": 1})
    response = post(cast.rep, "assignment_edit", row, {"kind": "support", "share": "50", "version": 1})
    assert response.status_code == 409
    field = response.context["conflict"]["fields"][0]
    assert (field["mine"], field["theirs"]) == ("50", "30")


def test_an_assignment_ends_on_a_day(post, cast):
    row = Assignment.objects.get(customer=cast.own, kind="support")
    post(cast.rep, "assignment_end", row, {"ends_on": "2026-01-31", "version": 1})
    row.refresh_from_db()
    assert row.ends_on == dt.date(2026, 1, 31)


@pytest.mark.parametrize(("who", "status"), [("technician", 403), ("mate", 404)])
@pytest.mark.parametrize("name", ["assignment_edit", "assignment_end"])
def test_who_may_not_change_an_assignment_writes_nothing(post, cast, who, status, name):
    row = Assignment.objects.get(customer=cast.own, kind="lead")
    data = {"kind": "support", "version": 1, "ends_on": "2026-01-31"}
    assert post(getattr(cast, who), name, row, data).status_code == status
    row.refresh_from_db()
    assert (row.kind, row.ends_on) == ("lead", None)
