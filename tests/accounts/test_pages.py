"""Who may open which page of people, teams and roles; what stands on it."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.models import Absence, Membership, Team, User
from tests import factories
from tests.accounts.signing_in import client_of
from tests.two_teams import body

SEERS = ["rep", "mate", "coordinator", "technician", "manager", "other_manager", "admin"]


def get(user, name, *args, **query):
    return client_of(user).get(reverse(name, args=args), query)


@pytest.mark.parametrize("who", SEERS)
def test_everyone_who_sees_people_may_list_them(cast, who):
    assert get(getattr(cast, who), "people_list").status_code == 200


def test_signed_out_is_asked_to_sign_in(cast, client):
    response = client.get(reverse("people_list"))
    assert (response.status_code, response.url) == (302, "/accounts/login/?next=/people/")


@pytest.mark.parametrize("url", ["/jobs/", "/customers/999999/", "/no-such-page/"])
def test_who_is_signed_in_keeps_the_navigation_where_there_is_nothing_for_them(cast, client, url):
    page = client_of(cast.rep).get(url)
    assert page.status_code in (403, 404)
    assert 'href="/customers/"' in page.content.decode()
    assert 'href="/customers/"' not in client.get("/no-such-page/").content.decode()


def names(response):
    return [person.name for person in response.context["page"]]


def test_a_salesperson_sees_only_themselves(cast):
    assert names(get(cast.rep, "people_list")) == ["Rep"]


def test_a_coordinator_sees_their_team(cast):
    assert names(get(cast.coordinator, "people_list")) == ["Coordinator", "Mate", "Rep", "Technician"]


def test_a_manager_sees_all_below(cast):
    expected = ["Administrator", "Coordinator", "Manager", "Mate", "Rep", "Technician"]
    assert names(get(cast.manager, "people_list")) == expected


def test_an_administrator_sees_everyone_active(cast):
    assert len(names(get(cast.admin, "people_list"))) == 8


def test_deactivated_people_are_listed_when_asked_for(cast):
    assert names(get(cast.admin, "people_list", state="deactivated")) == ["Leaver"]


def test_people_who_cannot_sign_in_are_listed_when_asked_for(cast):
    factories.person("Imported", email=None, password=None)
    assert names(get(cast.admin, "people_list", state="no_sign_in")) == ["Imported"]


def test_search_folds_case_and_accents(cast):
    factories.person("Zoë Ångström")
    assert names(get(cast.admin, "people_list", q="zoe ANGSTROM")) == ["Zoë Ångström"]


def test_a_team_filter_takes_all_under_it(cast):
    expected = ["Administrator", "Coordinator", "Manager", "Mate", "Rep", "Technician"]
    assert names(get(cast.admin, "people_list", team=cast.south_west.pk)) == expected


def test_a_role_filter_takes_people_in_it_today(cast):
    role = factories.role("Sales manager")
    assert names(get(cast.admin, "people_list", role=role.pk)) == ["Manager", "Other manager"]


def test_a_filter_that_is_none_narrows_nothing(cast):
    assert len(names(get(cast.admin, "people_list", team="x", role="999", state="y"))) == 8


def test_people_are_paged(cast, monkeypatch):
    monkeypatch.setattr("accounts.views.people.PER_PAGE", 3)
    assert names(get(cast.admin, "people_list", page=2)) == ["Mate", "Other manager", "Other rep"]


@pytest.mark.parametrize(
    ("who", "status"),
    [("rep", 200), ("mate", 404), ("coordinator", 200), ("manager", 200), ("other_manager", 404), ("admin", 200)],
)
def test_a_persons_page_is_seen_by_reach(cast, who, status):
    assert get(getattr(cast, who), "person_detail", cast.rep.pk).status_code == status


def test_a_hidden_person_and_none_look_the_same(cast):
    hidden = get(cast.rep, "person_detail", cast.mate.pk)
    none = get(cast.rep, "person_detail", 999_999)
    assert hidden.status_code == none.status_code == 404
    assert body(hidden) == body(none)


def pages_of_administrators(cast):
    absence = factories.absence(cast.rep, "2026-07-01", "2026-07-03")
    yield "person_create", ()
    for name in ("person_edit", "person_deactivate", "person_reactivate", "person_send_link", "membership_create"):
        yield name, (cast.rep.pk,)
    yield "membership_edit", (cast.rep_membership.pk,)
    yield "team_create", ()
    yield "team_edit", (cast.exeter.pk,)
    yield "team_archive", (cast.exeter.pk,)
    yield "team_restore", (cast.exeter.pk,)
    yield "role_list", ()
    yield "role_create", ()
    for name in ("role_edit", "role_retire", "role_restore"):
        yield name, (factories.role("Salesperson").pk,)
    yield "access_table", ()
    yield "absence_edit", (absence.pk,)


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("who", ["rep", "coordinator", "technician"])
def test_pages_of_administrators_are_denied_and_change_nothing(cast, who, method):
    pages = list(pages_of_administrators(cast))
    client = client_of(getattr(cast, who))
    before = [list(model.objects.order_by("pk").values()) for model in (User, Team, Membership, Absence)]
    statuses = {name: getattr(client, method)(reverse(name, args=args)).status_code for name, args in pages}
    if method == "post":
        assert statuses.pop("role_list") in (403, 405)
        assert statuses.pop("access_table") in (403, 405)
    assert set(statuses.values()) == {403}
    assert [list(model.objects.order_by("pk").values()) for model in (User, Team, Membership, Absence)] == before


def test_an_administrator_opens_all_their_pages(cast):
    cast.exeter.archived_at = None
    client = client_of(cast.admin)
    statuses = {
        name: client.get(reverse(name, args=args)).status_code
        for name, args in pages_of_administrators(cast)
        if name != "team_restore"
    }
    assert set(statuses.values()) == {200}


def test_a_manager_enters_an_absence_below_them(cast):
    data = {"starts_on": "2026-07-06", "ends_on": "2026-07-10", "kind": "holiday", "note": ""}
    response = client_of(cast.manager).post(reverse("absence_create", args=[cast.rep.pk]), data)
    assert response.url == reverse("person_detail", args=[cast.rep.pk])
    assert [str(row) for row in cast.rep.absences.all()] == ["Rep, 2026-07-06 to 2026-07-10"]


def test_a_manager_enters_no_absence_elsewhere(cast):
    url = reverse("absence_create", args=[cast.other_rep.pk])
    data = {"starts_on": "2026-07-06", "ends_on": "2026-07-10", "kind": "holiday"}
    assert client_of(cast.manager).post(url, data).status_code == 404
    assert not Absence.objects.exists()


def test_another_managers_absence_is_hidden(cast):
    absence = factories.absence(cast.other_rep, "2026-07-01", "2026-07-03")
    client = client_of(cast.manager)
    assert client.post(reverse("absence_delete", args=[absence.pk])).status_code == 404
    assert Absence.objects.count() == 1


def test_an_absence_is_removed_after_asking(cast):
    absence = factories.absence(cast.rep, "2026-07-01", "2026-07-03")
    client = client_of(cast.manager)
    assert client.get(reverse("absence_delete", args=[absence.pk])).status_code == 200
    client.post(reverse("absence_delete", args=[absence.pk]))
    assert not Absence.objects.exists()


def test_an_overlapping_absence_is_refused_by_field(cast):
    factories.absence(cast.rep, "2026-07-01", "2026-07-03")
    data = {"starts_on": "2026-07-03", "ends_on": "2026-07-10", "kind": "holiday"}
    response = client_of(cast.manager).post(reverse("absence_create", args=[cast.rep.pk]), data)
    assert response.status_code == 422
    assert response.context["form"].errors == {
        "starts_on": ["Rep is away then already: holiday from 2026-07-01 to 2026-07-03."]
    }


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_nobody_is_away_on_a_day_that_nobody_means(cast, day):
    data = {"starts_on": day, "ends_on": day, "kind": "holiday"}
    response = client_of(cast.manager).post(reverse("absence_create", args=[cast.rep.pk]), data)
    words = ["Choose a day between 1900 and 2200."]
    assert (response.status_code, response.context["form"].errors) == (422, {"starts_on": words, "ends_on": words})


@pytest.mark.parametrize("who", ["rep", "manager", "admin"])
def test_teams_are_named_to_everyone(cast, who):
    response = get(getattr(cast, who), "team_list")
    assert [(node.team.name, node.depth, node.people_below) for node in response.context["nodes"]] == [
        ("North", 0, 2),
        ("Leeds", 1, 1),
        ("South West", 0, 6),
        ("Exeter", 1, 4),
    ]


def test_the_tree_names_managers(cast):
    response = get(cast.rep, "team_list")
    managers = {node.team.name: [person.name for person in node.managers] for node in response.context["nodes"]}
    assert managers == {"North": ["Other manager"], "Leeds": [], "South West": ["Manager"], "Exeter": []}


def test_names_link_only_to_people_one_may_see(cast):
    content = get(cast.rep, "team_list").content.decode()
    assert reverse("person_detail", args=[cast.rep.pk]) in content
    assert reverse("person_detail", args=[cast.mate.pk]) not in content


def access_of(response, role):
    """Area -> what the role may do there."""
    names = [column.names for column in response.context["columns"]]
    at = next(n for n, name in enumerate(names) if role in name)
    rows = response.context["rows"]
    return {area: tuple((line.act, line.reach, line.marks) for line in cells[at].lines) for area, cells in rows}


def test_roles_that_may_do_the_same_share_a_column(cast):
    response = get(cast.admin, "access_table")
    assert [column.names for column in response.context["columns"]] == [
        "Salesperson, Prospect manager",
        "Sales coordinator",
        "Technical support, Engineering, Research and development",
        "Sales manager, Senior manager",
        "Administrator",
    ]


def test_access_is_shown_in_words(cast):
    response = get(cast.admin, "access_table")
    touches = access_of(response, "Salesperson")["touches, planned touches, internal work"]
    assert touches == (("see", "own", ""), ("change", "own", "†"))
    people = access_of(response, "Administrator")["people, roles, teams"]
    assert people == (("see", "all", ""), ("change", "all", "§ ¶"))
    expenses = access_of(response, "Sales manager")["expenses"]
    assert expenses == (("see", "below", ""), ("change", "own", "‡"), ("approve", "below", "§"))


def test_a_role_without_a_reach_may_do_nothing_there(cast):
    assert access_of(get(cast.admin, "access_table"), "Salesperson")["audit, jobs"] == ()


def test_an_administrator_adds_a_person(cast):
    data = {"name": "New Person", "email": "New@Example.com", "locale": "en-gb", "time_zone": ""}
    response = client_of(cast.admin).post(reverse("person_create"), data)
    person = User.objects.get(name="New Person")
    assert response.url == reverse("person_detail", args=[person.pk])
    assert (person.email, person.has_usable_password()) == ("new@example.com", False)


def test_an_address_in_use_is_refused_by_field(cast):
    data = {"name": "New Person", "email": cast.rep.email.upper(), "locale": "en-gb"}
    response = client_of(cast.admin).post(reverse("person_create"), data)
    assert response.status_code == 422
    assert response.context["form"].errors == {"email": ["Somebody else has this e-mail address."]}
    assert response.context["form"]["name"].value() == "New Person"


def test_half_a_base_is_refused_by_field(cast):
    data = {"name": "New Person", "locale": "en-gb", "base_latitude": "50.7"}
    response = client_of(cast.admin).post(reverse("person_create"), data)
    assert response.context["form"].errors == {"base_longitude": ["Give both latitude and longitude, or neither."]}


def person_data(person, **changes):
    return {"name": person.name, "email": person.email, "locale": "en-gb", "version": person.version, **changes}


def test_of_two_changes_the_second_sees_both_values(cast):
    client = client_of(cast.admin)
    url = reverse("person_edit", args=[cast.rep.pk])
    assert client.post(url, person_data(cast.rep, name="First name")).status_code == 302
    response = client.post(url, person_data(cast.rep, name="Second name"))
    assert response.status_code == 409
    assert response.context["conflict"]["fields"] == [{"label": "Name", "mine": "Second name", "theirs": "First name"}]
    cast.rep.refresh_from_db()
    assert cast.rep.name == "First name"


def test_a_form_without_its_version_changes_nothing(cast):
    data = person_data(cast.rep, name="Other")
    del data["version"]
    response = client_of(cast.admin).post(reverse("person_edit", args=[cast.rep.pk]), data)
    assert response.status_code == 422
    cast.rep.refresh_from_db()
    assert cast.rep.name == "Rep"


def test_fields_that_are_not_in_the_form_do_not_change(cast):
    data = person_data(cast.rep, is_active="", password="x", search_text="x", deactivated_at="2026-01-01")
    client_of(cast.admin).post(reverse("person_edit", args=[cast.rep.pk]), data)
    person = User.objects.get(pk=cast.rep.pk)
    assert (person.is_active, person.deactivated_at, person.search_text) == (True, None, cast.rep.search_text)
    assert person.check_password("correct horse 1")


def membership_data(membership, **changes):
    return {
        "team": membership.team_id,
        "role": membership.role_id,
        "profile": membership.profile,
        "weekly_hours": membership.weekly_hours,
        "selling_share": "50",
        "version": membership.version,
        **changes,
    }


def test_an_administrator_changes_a_membership(cast):
    url = reverse("membership_edit", args=[cast.rep_membership.pk])
    data = membership_data(cast.rep_membership, weekly_hours="37.5", selling_share="60")
    assert client_of(cast.admin).post(url, data).status_code == 302
    row = Membership.objects.get(pk=cast.rep_membership.pk)
    assert (str(row.weekly_hours), str(row.selling_share), row.version) == ("37.50", "0.6000", 2)


def test_a_membership_begins_on_a_day_that_somebody_means(cast):
    data = membership_data(cast.rep_membership, starts_on="9999-12-31")
    response = client_of(cast.admin).post(reverse("membership_create", args=[cast.rep.pk]), data)
    assert response.status_code == 422
    assert response.context["form"].errors["starts_on"] == ["Choose a day between 1900 and 2200."]


def test_a_membership_with_an_archived_team_cannot_be_chosen(cast):
    gone = factories.team("Gone", archived_at="2026-01-01T00:00Z")
    url = reverse("membership_create", args=[cast.rep.pk])
    response = client_of(cast.admin).post(url, membership_data(cast.rep_membership, team=gone.pk))
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["team"]


def test_what_was_posted_is_done_after_the_password(cast):
    client = client_of(cast.admin, signed_in_ago=3600)
    response = client.post(reverse("team_create"), {"name": "Truro", "parent": cast.south_west.pk})
    assert response.url == "/accounts/reauthenticate/?next=%2Fteams%2Fadd%2F"
    assert not Team.objects.filter(name="Truro").exists()
    client.post(response.url, {"password": "correct horse 1", "next": "/teams/add/"})
    assert Team.objects.get(name="Truro").parent == cast.south_west


@pytest.mark.parametrize("name", ["person_create", "team_create", "role_create"])
def test_acts_of_administrators_ask_for_the_password_again(cast, name):
    response = client_of(cast.admin, signed_in_ago=16 * 60).get(reverse(name))
    assert response.status_code == 302
    assert response.url.startswith("/accounts/reauthenticate/")


def test_an_administrators_absences_ask_for_the_password_again(cast):
    url = reverse("absence_create", args=[cast.rep.pk])
    assert client_of(cast.admin, signed_in_ago=16 * 60).get(url).status_code == 302
    assert client_of(cast.manager, signed_in_ago=16 * 60).get(url).status_code == 200


def test_a_denied_person_is_not_asked_for_the_password(cast):
    assert client_of(cast.rep, signed_in_ago=3600).post(reverse("team_create"), {"name": "X"}).status_code == 403


def test_ones_own_profile(cast):
    client = client_of(cast.rep)
    data = {
        "time_zone": "Europe/Paris",
        "locale": "en-us",
        "base_latitude": "50.5",
        "base_longitude": "-3.5",
        "version": cast.rep.version,
        "name": "Somebody else",
        "email": "other@example.com",
    }
    assert client.post(reverse("profile"), data).status_code == 302
    person = User.objects.get(pk=cast.rep.pk)
    assert (person.time_zone, person.locale, person.base_latitude, person.base_longitude) == (
        "Europe/Paris",
        "en-us",
        50.5,
        -3.5,
    )
    assert (person.name, person.email) == (cast.rep.name, cast.rep.email)


def test_a_time_zone_that_is_none_is_refused(cast):
    data = {"time_zone": "Europe/Nowhere'; --", "locale": "en-gb", "version": cast.rep.version}
    response = client_of(cast.rep).post(reverse("profile"), data)
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["time_zone"]


@pytest.mark.parametrize("name", ["people_list", "team_list", "role_list", "access_table", "profile"])
def test_pages_are_readable_in_both_formats(cast, name):
    cast.admin.locale = "en-us"
    cast.admin.save(update_fields=["locale"])
    assert get(cast.admin, name).status_code == 200


def count_queries(client, url, django_assert_max_num_queries):
    with django_assert_max_num_queries(100) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


@pytest.mark.parametrize("name", ["people_list", "team_list", "role_list", "access_table"])
def test_lists_take_as_many_queries_with_more_rows(cast, name, django_assert_max_num_queries):
    client = client_of(cast.admin)
    url = reverse(name)
    count_queries(client, url, django_assert_max_num_queries)
    few = count_queries(client, url, django_assert_max_num_queries)
    for n in range(4):
        team = factories.team(f"More {n}", cast.exeter)
        role = factories.role(f"More {n}", access={}, position=20 + n)
        factories.membership(factories.person(), team, role)
        factories.membership(cast.rep, team, role)
    assert count_queries(client, url, django_assert_max_num_queries) == few


def test_a_persons_page_takes_as_many_queries_with_more_rows(cast, django_assert_max_num_queries):
    client = client_of(cast.admin)
    url = reverse("person_detail", args=[cast.rep.pk])
    factories.absence(cast.rep, "2026-01-01", "2026-01-01")
    count_queries(client, url, django_assert_max_num_queries)
    few = count_queries(client, url, django_assert_max_num_queries)
    for n in range(4):
        factories.membership(cast.rep, factories.team(f"More {n}"), factories.role("Engineering"))
        factories.absence(cast.rep, f"2026-02-0{n + 1}", f"2026-02-0{n + 1}")
    assert count_queries(client, url, django_assert_max_num_queries) == few


def test_a_new_membership_comes_with_usual_values(cast):
    form = get(cast.admin, "membership_create", cast.rep.pk).context["form"]
    assert [form[name].value() for name in ("profile", "weekly_hours")] == ["sole", Decimal("40")]
    assert form["selling_share"].as_widget().count('value="50"') == 1


def test_history_says_what_was_changed_and_by_whom(cast):
    url = reverse("membership_edit", args=[cast.rep_membership.pk])
    client = client_of(cast.admin)
    client.post(url, membership_data(cast.rep_membership, weekly_hours="30", team=cast.leeds.pk))
    entry = client.get(reverse("person_detail", args=[cast.rep.pk])).context["history"][0]
    assert (entry.what, entry.by) == ("Salesperson in Leeds", cast.admin)
    changes = [(change.label, change.before, change.after) for change in entry.changes]
    assert changes == [("Team", "Exeter", "Leeds"), ("Weekly hours", "40", "30")]


def test_absences_stay_out_of_the_history_of_who_may_not_see_them(cast):
    factories.absence(cast.rep, dt.date(2026, 7, 1), dt.date(2026, 7, 3), note="Operation")
    role = factories.role("Clerk", access={"people": {"see": "all"}, "names": {"see": "all"}})
    clerk = factories.membership(factories.person("Clerk"), cast.exeter, role).user
    response = get(clerk, "person_detail", cast.rep.pk)
    assert all("Absence" not in entry.what for entry in response.context["history"])
    assert "Operation" not in response.content.decode()
