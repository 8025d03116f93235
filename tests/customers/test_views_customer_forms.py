"""Forms for a customer: new, edit, archive, potential, tier, stage; conflicts, swapped ids, who may write what."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.models import Membership
from customers.models import Assignment, Customer, Potential, Stage, StageDecision, TierFix
from territory import clock
from tests import factories

NEW = "/customers/new/"


@pytest.fixture
def post(client):
    """Sends a form as somebody."""

    def send(user, path, data):
        client.force_login(user)
        return client.post(path, data)

    return send


def address(name, row) -> str:
    return reverse(name, args=[row.pk])


# --- New ---


def test_who_creates_a_customer_becomes_its_lead_in_their_team(post, cast):
    response = post(cast.rep, NEW, {"name": "Lanmere", "town": "Chard"})
    made = Customer.objects.get(name="Lanmere")
    assert response.url == address("customer_detail", made)
    assert made.team == cast.exeter
    assert list(made.assignments.values_list("membership", "kind")) == [(cast.rep_membership.pk, "lead")]


def test_a_name_that_is_too_long_is_refused_in_words_and_never_cut_off(post, cast):
    response = post(cast.rep, NEW, {"name": "x" * 201})
    form = response.context["form"]
    assert (response.status_code, form.errors["name"]) == (
        422,
        ["At most 200 characters fit here, and these are 201."],
    )
    assert "maxlength" not in str(form["name"])


def test_a_support_profile_must_say_whose_it_is(post, cast):
    response = post(cast.coordinator, NEW, {"name": "Lanmere"})
    assert response.status_code == 422
    assert "owner" in response.context["form"].errors
    post(cast.coordinator, NEW, {"name": "Lanmere", "owner": cast.mate_membership.pk})
    assert Assignment.objects.get(customer__name="Lanmere").membership == cast.mate_membership


def test_an_owner_out_of_reach_is_no_valid_choice(post, cast):
    def errors(owner):
        form = post(cast.coordinator, NEW, {"name": "X", "owner": owner}).context["form"]
        return form.errors["owner"].get_json_data()

    assert errors(cast.other_rep_membership.pk) == errors(999999)
    assert not Customer.objects.filter(name="X").exists()


def test_a_team_out_of_reach_is_no_valid_choice(post, cast):
    def errors(team):
        return post(cast.manager, NEW, {"name": "X", "team": team}).context["form"].errors["team"].get_json_data()

    assert errors(cast.leeds.pk) == errors(999999)


def test_a_salesperson_chooses_no_team(post, cast):
    post(cast.rep, NEW, {"name": "Lanmere", "team": cast.leeds.pk})
    assert Customer.objects.get(name="Lanmere").team == cast.exeter


def test_technical_support_adds_no_customer(post, cast):
    assert post(cast.technician, NEW, {"name": "Lanmere"}).status_code == 403
    assert not Customer.objects.filter(name="Lanmere").exists()


def test_only_reach_over_all_sets_an_external_id(post, cast):
    post(cast.rep, NEW, {"name": "One", "external_id": "E-1"})
    post(cast.admin, NEW, {"name": "Two", "external_id": "E-2", "owner": cast.rep_membership.pk})
    assert Customer.objects.get(name="One").external_id is None
    assert Customer.objects.get(name="Two").external_id == "E-2"


def test_a_potential_is_noted_with_the_customer(post, cast):
    factories.tiers()
    post(cast.rep, NEW, {"name": "Lanmere", "potential": "20000", "potential_source": "Their report"})
    made = Customer.objects.get(name="Lanmere")
    assert made.potentials.get().amount == 20000
    assert made.tier.name == "B"


@pytest.mark.parametrize(
    "typed",
    [
        {"name": "OWN Customer Ltd"},
        {"name": "Other", "phone": "01392 555 777"},
        {"name": "Other", "web": "https://www.own.example/about"},
    ],
)
def test_a_look_alike_is_said_before_it_is_saved(post, cast, typed):
    cast.own.phone, cast.own.web = "01392 555 777", "https://own.example"
    cast.own.save(update_fields=["phone", "web"])
    before = Customer.objects.count()
    response = post(cast.rep, NEW, typed)
    assert [row.name for row in response.context["look_alikes"]] == ["Own customer"]
    assert Customer.objects.count() == before
    post(cast.rep, NEW, {**typed, "look_alikes_seen": "1"})
    assert Customer.objects.count() == before + 1


def test_a_phone_from_before_it_was_checked_stays_until_it_is_changed(post, cast):
    cast.own.phone = "zz"
    cast.own.save()
    typed = {"name": "Renamed", "team": cast.exeter.pk, "version": cast.own.version, "look_alikes_seen": "1"}
    edit = reverse("customer_edit", args=[cast.own.pk])
    assert list(post(cast.admin, edit, {**typed, "phone": "zzz"}).context["form"].errors) == ["phone"]
    assert post(cast.admin, edit, {**typed, "phone": "zz"}).status_code == 302
    cast.own.refresh_from_db()
    assert (cast.own.name, cast.own.phone) == ("Renamed", "zz")


def test_who_holds_the_name_in_town_or_web_is_no_look_alike(post, cast):
    cast.own.town, cast.own.postcode, cast.own.web = "Brackwell", "Dairy", "https://brackwelldairy.example"
    cast.own.save()
    assert post(cast.rep, NEW, {"name": "Brackwell Dairy"}).status_code == 302
    response = post(cast.rep, NEW, {"name": "Dairy, Brackwell"})
    assert [row.name for row in response.context["look_alikes"]] == ["Brackwell Dairy"]


SAME = [
    ("Mueller Bau", "Müller Bau GmbH"), ("Müller Bau", "Mueller Bau GmbH"), ("Muller Bau", "Mueller Bau"),
    ("Soerensen", "Sørensen A/S"), ("Sørensen", "Soerensen A/S"), ("Jaeger", "Jäger"), ("Jäger", "Jaeger"),
    ("Grosse", "Große"), ("Große", "Grosse"), ("Mue", "Mueller"), ("Goethestrasse", "Göthestraße"),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "stored"), SAME)
def test_umlauts_are_the_same_as_one_letter_or_two(post, cast, typed, stored):
    factories.customer(stored, owner=cast.rep_membership)
    assert [row.name for row in post(cast.rep, NEW, {"name": typed}).context["look_alikes"]] == [stored]


@pytest.mark.parametrize(("typed", "stored"), SAME)
def test_so_they_are_in_the_directory(post, cast, typed, stored):
    factories.customer(stored, owner=cast.mate_membership)
    assert [card.name for card in post(cast.rep, NEW, {"name": typed}).context["cards"]] == [stored]


@pytest.mark.parametrize(
    ("typed", "stored"), [("Roe", "Rodney"), ("Blue", "Blume"), ("Mueller", "Miller"), ("Möller", "Müller")]
)
def test_an_e_that_is_no_umlaut_makes_no_look_alike(post, cast, typed, stored):
    factories.customer(stored, owner=cast.rep_membership)
    assert post(cast.rep, NEW, {"name": typed}).status_code == 302


@pytest.mark.parametrize(
    "name",
    [".*", "a[oe", "(ue", "***a", "a\\", "o{2}", "^u$", "?aoe", "ß" * 200, "ü " * 100, "ae" * 100, "%_ue", "(?i)a"],
)
def test_a_name_is_no_pattern(post, cast, name):
    customer = factories.customer(name, owner=cast.rep_membership)
    assert customer.pk in [row.pk for row in post(cast.rep, NEW, {"name": name}).context["look_alikes"]]


def test_look_alikes_reveal_no_hidden_customer(post, cast):
    assert post(cast.rep, NEW, {"name": "Foreign customer"}).status_code == 302


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "X", "latitude": "91", "longitude": "1"}, "latitude"),
        ({"name": "X", "web": "not a web"}, "web"),
        ({"name": "X", "phone": "zz"}, "phone"),
        ({"name": "X", "phone": "12"}, "phone"),
        ({"name": "X", "since": "31.12.2025"}, "since"),
        ({"name": "X", "since": "2999-01-01"}, "since"),
        ({"name": "X", "potential": "-1"}, "potential"),
        ({"name": "X", "market": "999999"}, "market"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_is_kept(post, cast, typed, field):
    response = post(cast.rep, NEW, typed)
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert not Customer.objects.filter(name="X").exists()


def test_a_place_is_whole_or_absent(post, cast):
    response = post(cast.rep, NEW, {"name": "X", "latitude": "50"})
    assert "Give both latitude and longitude" in response.content.decode()


# --- Edit ---


def test_an_edit_is_saved_with_its_author(post, cast):
    response = post(cast.rep, address("customer_edit", cast.own), {"name": "Renamed", "version": 1})
    assert response.status_code == 302
    cast.own.refresh_from_db()
    assert (cast.own.name, cast.own.version) == ("Renamed", 2)
    assert cast.own.history.first().history_user == cast.rep


def test_a_second_edit_of_the_same_version_shows_both_values(post, cast):
    post(cast.rep, address("customer_edit", cast.own), {"name": "Mine", "version": 1})
    response = post(
        cast.coordinator, address("customer_edit", cast.own), {"name": "Theirs", "version": 1, "team": cast.exeter.pk}
    )
    content = response.content.decode()
    assert response.status_code == 409
    assert "Theirs" in content
    assert "Mine" in content
    assert Customer.objects.get(pk=cast.own.pk).name == "Mine"


def test_keeping_mine_after_a_conflict_saves_it(post, cast):
    post(cast.rep, address("customer_edit", cast.own), {"name": "First", "version": 1})
    conflict = post(cast.rep, address("customer_edit", cast.own), {"name": "Second", "version": 1})
    again = dict(conflict.context["conflict"]["data"])
    assert post(cast.rep, conflict.context["conflict"]["action"], again).status_code == 302
    assert Customer.objects.get(pk=cast.own.pk).name == "Second"


@pytest.mark.parametrize(("who", "status"), [("technician", 403), ("mate", 404), ("other_rep", 404)])
def test_who_may_not_change_it_writes_nothing(post, cast, who, status):
    for name in ("edit", "archive", "restore", "potential", "tier", "stage"):
        path = address(f"customer_{name}", cast.own)
        data = {"name": "Hacked", "version": 1, "amount": 1, "noted_on": "2026-01-01", "stage": "lost", "reason": "x"}
        assert post(getattr(cast, who), path, data).status_code == status, name
    cast.own.refresh_from_db()
    assert (cast.own.name, cast.own.archived_at, cast.own.version) == ("Own customer", None, 1)
    assert not Potential.objects.exists()
    assert not StageDecision.objects.exists()


def test_a_manager_moves_a_customer_to_a_team_below_them(post, cast):
    data = {"name": "Own customer", "version": 1, "team": cast.south_west.pk}
    post(cast.manager, address("customer_edit", cast.own), data)
    cast.own.refresh_from_db()
    assert cast.own.team == cast.south_west
    assert cast.own.team_changes.get(starts_on__isnull=False).team == cast.south_west


def test_a_manager_cannot_move_it_out_of_reach(post, cast):
    response = post(
        cast.manager, address("customer_edit", cast.own), {"name": "X", "version": 1, "team": cast.leeds.pk}
    )
    assert "team" in response.context["form"].errors
    cast.own.refresh_from_db()
    assert (cast.own.team, cast.own.name) == (cast.exeter, "Own customer")


def test_archive_and_bring_back(post, cast):
    post(cast.rep, address("customer_archive", cast.own), {})
    assert Customer.objects.get(pk=cast.own.pk).archived_at is not None
    post(cast.rep, address("customer_restore", cast.own), {})
    assert Customer.objects.get(pk=cast.own.pk).archived_at is None


def test_archiving_takes_a_post(client, cast):
    client.force_login(cast.rep)
    assert client.get(address("customer_archive", cast.own)).status_code == 405


# --- Potential, tier, stage ---


def test_a_potential_is_noted_on_a_day(post, cast):
    factories.tiers()
    data = {"amount": "45000", "source": "Visit", "noted_on": "2026-03-01"}
    post(cast.rep, address("customer_potential", cast.own), data)
    noted = Potential.objects.get()
    assert (noted.amount, noted.noted_on, noted.noted_by) == (Decimal(45000), dt.date(2026, 3, 1), cast.rep)


def test_a_potential_needs_reach_over_amounts(post, cast, client):
    role = factories.role("Technical support")
    role.access["customers"] = {"see": "own", "change": "own"}
    role.save(update_fields=["access"])
    path = address("customer_potential", cast.own)
    assert post(cast.technician, path, {"amount": 1, "noted_on": "2026-01-01"}).status_code == 403
    assert client.get(path).status_code == 403


def test_a_tier_is_fixed_with_a_reason_and_let_go(post, cast, client):
    tier = factories.tiers()["A"]
    path = address("customer_tier", cast.own)
    assert post(cast.rep, path, {"tier": tier.pk, "reason": ""}).status_code == 422
    post(cast.rep, path, {"tier": tier.pk, "reason": "Strategic"})
    cast.own.refresh_from_db()
    assert cast.own.tier == tier
    assert "Strategic" in client.get(address("customer_detail", cast.own)).content.decode()
    post(cast.rep, path, {"unfix": "1"})
    assert not TierFix.objects.filter(ends_on__isnull=True).exists()
    cast.own.refresh_from_db()
    assert cast.own.tier.name == "D"


def test_lost_needs_a_reason(post, cast):
    path = address("customer_stage", cast.own)
    response = post(cast.rep, path, {"stage": "lost", "reason": " "})
    assert "reason" in response.context["form"].errors
    post(cast.rep, path, {"stage": "lost", "reason": "Closed down"})
    cast.own.refresh_from_db()
    assert cast.own.stage == Stage.LOST


def test_lost_becomes_a_prospect_again(post, cast):
    path = address("customer_stage", cast.own)
    post(cast.rep, path, {"stage": "lost", "reason": "Closed down"})
    post(cast.rep, path, {"stage": "prospect", "reason": ""})
    cast.own.refresh_from_db()
    assert cast.own.stage == Stage.PROSPECT


def test_a_prospect_cannot_be_set_a_prospect(post, cast):
    response = post(cast.rep, address("customer_stage", cast.own), {"stage": "prospect"})
    assert "stage" in response.context["form"].errors
    assert not StageDecision.objects.exists()


def test_every_form_opens(client, cast):
    client.force_login(cast.rep)
    for name in ("edit", "potential", "tier", "stage"):
        assert client.get(address(f"customer_{name}", cast.own)).status_code == 200
    assert client.get(NEW).status_code == 200


def test_memberships_that_ended_own_nothing_new(post, cast):
    Membership.objects.filter(pk=cast.mate_membership.pk).update(ends_on=clock.company_today() - dt.timedelta(days=1))
    response = post(cast.coordinator, NEW, {"name": "X", "owner": cast.mate_membership.pk})
    assert "owner" in response.context["form"].errors
