"""An administrator edits what a role may do: chosen, shown with its effect, saved; never out of their own reach."""

import datetime as dt
import re

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.actions import roles
from accounts.models import Role
from accounts.reaches import cells, key_of, reach_of
from tests import factories
from tests.accounts.signing_in import client_of

NOW = dt.datetime(2026, 6, 9, 9, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 6, 9)


@pytest.fixture
def seller(cast):
    return Role.objects.get(name="Salesperson")


@pytest.fixture
def admins(cast):
    return Role.objects.get(name="Administrator")


def url(role):
    return reverse("role_access", args=[role.pk])


def typed(role, **changes):
    """What the form shows, with what was chosen."""
    shown = {key_of(area, act): str(reach_of(role.access, area, act)) for area, act in cells()}
    return {**shown, "version": role.version, **changes}


def text(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def save(cast, role, **changes):
    return client_of(cast.admin).post(url(role), typed(role, do="save", **changes))


def stored(role):
    return Role.objects.get(pk=role.pk).access


def test_each_cell_is_offered_what_makes_sense_there(cast, seller):
    form = client_of(cast.admin).get(url(seller)).context["form"]
    assert [value for value, _label in form.fields["rules_change"].choices] == ["none", "all"]
    assert [str(label) for _value, label in form.fields["touches_change"].choices] == [
        "none", "own †", "own", "team", "below", "all",
    ]  # fmt: skip
    assert form["touches_change"].value() == "authored"
    assert "audit_change" not in form.fields


def test_what_is_saved_holds_with_the_next_request(cast, seller):
    session = client_of(cast.rep)
    page = reverse("customer_detail", args=[cast.team_mates.pk])
    assert session.get(page).status_code == 404
    response = save(cast, seller, customers_see="team")
    assert response.url == reverse("access_table")
    assert session.get(page).status_code == 200
    save(cast, Role.objects.get(pk=seller.pk), customers_see="none", customers_change="none")
    assert session.get(reverse("customer_detail", args=[cast.own.pk])).status_code in (403, 404)


def test_history_says_who_changed_what(cast, seller):
    save(cast, seller, amounts_see="team")
    entry = seller.history.latest()
    assert (entry.history_user, entry.access["amounts"]) == (cast.admin, {"see": "team"})
    assert seller.history.count() == 1


def test_the_preview_saves_nothing(cast, seller):
    before = stored(seller)
    response = client_of(cast.admin).post(url(seller), typed(seller, amounts_see="team"))
    assert response.status_code == 200
    assert "Amounts of orders, potential, sales" in text(response)
    assert (stored(seller), seller.history.count()) == (before, 0)


def test_the_preview_says_in_numbers_what_opens(cast, seller):
    response = client_of(cast.admin).post(url(seller), typed(seller, customers_see="team", orders_see="team"))
    assert response.context["opens"] == [
        "2 people will see 2 more customers.",
        "2 people will see orders of 2 more customers.",
    ]
    assert response.context["closes"] == []


def test_the_preview_says_what_closes(cast, seller):
    response = client_of(cast.admin).post(url(seller), typed(seller, amounts_see="none", rules_see="none"))
    assert response.context["closes"] == [
        "3 people will no longer see amounts of 3 customers.",
        "3 people will no longer see the rules.",
    ]


def test_where_nobody_is_affected_it_says_so(cast):
    role = factories.role("Prospect manager")
    response = client_of(cast.admin).post(url(role), typed(role, customers_see="all"))
    assert "Nobody is affected today: nobody is in this role." in text(response)


@pytest.mark.parametrize(
    ("customers", "absences", "warned"),
    [
        ("own", "team", True),
        ("team", "below", True),
        ("own", "own", False),
        ("none", "own", False),
        ("team", "team", False),
    ],
)
def test_it_warns_of_a_role_that_comes_into_reach_by_covering(cast, seller, customers, absences, warned):
    change = {
        "customers_see": customers,
        "customers_change": "none",
        "absences_see": absences,
        "absences_change": absences,
    }
    answer = client_of(cast.admin).post(url(seller), typed(seller, do="preview", **change))
    assert ("By naming themselves as cover" in text(answer)) == warned


def test_what_another_membership_gives_anyway_is_not_counted(cast, seller):
    factories.membership(cast.manager, cast.exeter, "Prospect manager")
    role = factories.role("Prospect manager")
    response = client_of(cast.admin).post(url(role), typed(role, customers_see="team"))
    assert "Nobody is affected today: what this gives or takes, everyone in the role has or lacks" in text(response)


def test_to_choose_again_keeps_what_was_chosen(cast, seller):
    response = client_of(cast.admin).post(url(seller), typed(seller, amounts_see="below", do="choose"))
    assert response.context["form"]["amounts_see"].value() == "below"


@pytest.mark.parametrize("reach", ["everything", "authored", "below", ""])
def test_a_reach_that_is_not_offered_is_refused_by_field(cast, seller, reach):
    response = save(cast, seller, rules_change=reach)
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["rules_change"]


def test_nobody_changes_what_they_do_not_see(cast, seller):
    response = save(cast, seller, orders_change="all")
    assert response.status_code == 422
    assert "Wider than what the role sees there (own)" in text(response)


def test_of_two_who_edit_the_second_is_shown_both(cast, seller):
    page = typed(seller, do="save", amounts_see="below")
    save(cast, seller, amounts_see="team")
    response = client_of(cast.admin).post(url(seller), page)
    assert response.status_code == 409
    assert stored(seller)["amounts"] == {"see": "team"}
    field = next(field for field in response.context["conflict"]["fields"] if "amounts" in field["label"].lower())
    assert (field["mine"], field["theirs"]) == ("below", "team")
    again = client_of(cast.admin).post(url(seller), dict(response.context["conflict"]["data"]))
    assert again.status_code == 302
    assert stored(seller)["amounts"] == {"see": "below"}


def test_it_asks_for_the_password_again(cast, seller, time_machine):
    client = client_of(cast.admin)
    time_machine.move_to(dt.datetime.now(dt.UTC) + dt.timedelta(hours=2))
    client.force_login(cast.admin)
    response = client.post(url(seller), typed(seller, do="save", amounts_see="all"))
    assert response.status_code == 302
    assert response.url.startswith(reverse("account_reauthenticate"))
    assert stored(seller)["amounts"] == {"see": "own"}


class TestTheDifferenceToTheStart:
    def test_is_marked_with_word_and_icon(self, cast, seller):
        save(cast, seller, amounts_see="team")
        page = client_of(cast.admin).get(url(seller)).content.decode()
        assert page.count("at the start: own") == 1
        assert "#pencil" in page
        table = client_of(cast.admin).get(reverse("access_table"))
        assert "1 cell not as at the start" in text(table)
        assert "at the start: own" in text(table)

    def test_is_marked_where_something_was_taken_away(self, cast, seller):
        save(cast, seller, export_see="none")
        assert "see none at the start: own" in text(client_of(cast.admin).get(reverse("access_table")))

    def test_of_a_role_that_is_as_it_was_is_none(self, cast, seller):
        page = text(client_of(cast.admin).get(url(seller)))
        assert "As at the start for sales." in page
        assert "at the start:" not in page

    def test_goes_back_to_the_start(self, cast, seller):
        before = stored(seller)
        save(cast, seller, amounts_see="team", customers_see="below")
        client = client_of(cast.admin)
        page = client.get(url(seller) + "?start")
        assert "Nothing is saved yet" in text(page)
        role = Role.objects.get(pk=seller.pk)
        filled = {field.html_name: field.value() for field in page.context["form"]}
        assert client.post(url(role), {**filled, "do": "save"}).status_code == 302
        assert stored(role) == before


class TestNobodyIsLockedOut:
    @pytest.mark.parametrize("change", [{"people_change": "none"}, {"people_change": "none", "people_see": "below"}])
    def test_not_the_last_administrator(self, cast, admins, change):
        response = save(cast, admins, **change)
        assert response.status_code == 422
        assert stored(admins)["people"] == {"see": "all", "change": "all"}

    def test_the_preview_says_what_would_be_lost_and_offers_no_saving(self, cast, admins, time_machine):
        time_machine.move_to(NOW, tick=False)
        response = client_of(cast.admin).post(url(admins), typed(admins, people_change="none"))
        assert response.context["locked_out"] == [
            (
                "From 9 Jun on nobody could change people, teams, roles and access any more. "
                "This is the last administrator. Make somebody else an administrator first."
            ),
            "You could no longer change access yourself. Ask another administrator to do this for you.",
        ]
        assert "nobody could change people, teams, roles and access any more" in text(response)
        assert 'value="save"' not in response.content.decode()
        assert 'value="choose"' in response.content.decode()

    def test_the_preview_says_so_of_oneself_alone_where_others_stay(self, cast, admins):
        factories.membership(factories.person(), cast.south_west, factories.role("Second", access=admins.access))
        response = client_of(cast.admin).post(url(admins), typed(admins, people_change="none"))
        assert [sentence[:21] for sentence in response.context["locked_out"]] == ["You could no longer c"]

    def test_the_preview_is_saved_where_nobody_is_locked_out(self, cast, admins):
        response = client_of(cast.admin).post(url(admins), typed(admins, amounts_see="none"))
        assert response.context["locked_out"] == []
        assert 'value="save"' in response.content.decode()

    def test_not_by_somebody_elses_hand(self, cast, admins):
        with pytest.raises(ValidationError, match="last administrator"):
            roles.change_access(actor=None, now=NOW, on=TODAY, role=admins, version=1, access={})

    def test_not_oneself_though_others_stay(self, cast, admins):
        copy = factories.role("Second administrator", access=admins.access)
        factories.membership(factories.person(), cast.south_west, copy)
        response = save(cast, admins, people_change="none")
        assert response.status_code == 422
        assert "You could no longer change access yourself." in text(response)
        assert stored(admins)["people"] == {"see": "all", "change": "all"}

    def test_but_others_may_take_it_from_a_role_one_is_not_in(self, cast, admins):
        copy = factories.role("Second administrator", access=admins.access)
        factories.membership(factories.person(), cast.south_west, copy)
        assert save(cast, copy, people_change="none").status_code == 302

    def test_nor_by_seeing_less_than_one_changes(self, cast, admins):
        response = save(cast, admins, people_see="below")
        assert response.status_code == 422
        assert "people_change" in response.context["form"].errors

    def test_nor_by_retiring_ones_role(self, cast, admins):
        factories.membership(factories.person(), cast.south_west, factories.role("Second", access=admins.access))
        response = client_of(cast.admin).post(reverse("role_retire", args=[admins.pk]))
        assert response.status_code == 422
        assert "1 membership has this role. Give it another role first." in text(response)
        assert Role.objects.get(pk=admins.pk).retired_at is None


@pytest.mark.parametrize("who", ["rep", "coordinator", "manager", "technician"])
def test_nobody_else_edits_access(cast, seller, who):
    client = client_of(getattr(cast, who))
    assert client.get(url(seller)).status_code == 403
    assert client.post(url(seller), typed(seller, do="save", amounts_see="all")).status_code == 403
    assert stored(seller)["amounts"] == {"see": "own"}


def test_who_sees_all_people_reads_the_table_but_does_not_edit(cast, seller):
    role = factories.role("Clerk", access={"people": {"see": "all"}})
    clerk = client_of(factories.membership(role=role).user)
    page = clerk.get(reverse("access_table"))
    assert page.status_code == 200
    assert url(seller) not in page.content.decode()
    assert clerk.get(url(seller)).status_code == 403


@pytest.mark.parametrize("post", [{}, {"amounts_see": "all"}])
def test_the_pages_ask_as_often_with_more_people(cast, seller, post, django_assert_max_num_queries):
    client = client_of(cast.admin)

    def asked() -> int:
        with django_assert_max_num_queries(12) as captured:
            response = client.post(url(seller), typed(seller, **post)) if post else client.get(url(seller))
        assert response.status_code == 200
        assert len(response.content) < 60_000
        return len(captured)

    asked()
    few = asked()
    for n in range(5):
        seat = factories.membership(factories.person(), factories.team(f"More {n}", cast.exeter), "Salesperson")
        factories.customer(f"More {n}", owner=seat)
    assert asked() == few
