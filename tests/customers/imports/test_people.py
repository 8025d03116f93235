"""Teams, people with memberships, and absences from files."""

import datetime as dt
from decimal import Decimal

from accounts.models import Absence, Membership, Team, User
from tests.customers.imports.results import counts, reasons


def test_a_tree_of_teams_whatever_the_order_of_rows(load):
    fields = {"external_id": "id", "name": "name", "parent": "in"}
    text = "id,name,in\nT3,Exeter,T2\nT2,Devon,England\nT1,England,\nT4,Nowhere,T9\n"
    report = load("teams", text, fields)
    assert counts(report) == (3, 0, 0, 1)
    assert reasons(report) == [(5, "parent", "in", "T9", "no team with this external id / name")]
    exeter = Team.objects.get(external_id="T3")
    assert [team.name for team in Team.objects.at_or_below(Team.objects.get(name="England"))] == [
        "Devon",
        "England",
        "Exeter",
    ]
    assert exeter.depth == 2
    assert counts(load("teams", text, fields)) == (0, 0, 3, 1)


def test_two_teams_of_one_name_under_different_parents(load):
    fields = {"name": "name", "parent": "in"}
    text = "name,in\nEast,\nWest,\nNew York,East\nNew York,West\n"
    assert counts(load("teams", text, fields)) == (4, 0, 0, 0)
    assert counts(load("teams", text, fields)) == (0, 0, 4, 0)


def test_teams_that_contain_each_other_are_refused(load):
    fields = {"external_id": "id", "name": "name", "parent": "in"}
    load("teams", "id,name,in\nT1,One,\nT2,Two,T1\n", fields)
    report = load("teams", "id,name,in\nT1,One,T2\n", fields)
    assert reasons(report) == [(2, "parent", "in", "T2", "A team cannot be part of itself or of a team under it.")]


PERSON = {
    "external_id": "id",
    "name": "name",
    "email": "mail",
    "team": "team",
    "role": "role",
    "weekly_hours": "hours",
    "selling_share": {"constant": 1},
    "starts_on": "from",
}


def test_people_with_their_memberships(load, ground):
    text = "id,name,mail,team,role,hours,from\nP8,Cy,Cy@Example.com,South,Salesperson,36,\nP9,Di,,North,Sales manager,,2024-01-01\n"
    report = load("people", text, PERSON)
    assert counts(report) == (2, 0, 0, 0)
    cy = User.objects.get(external_id="P8")
    assert (cy.email, cy.has_usable_password()) == ("cy@example.com", False)
    row = cy.memberships.get()
    assert (row.team, row.role.name, row.weekly_hours, row.selling_share, row.starts_on) == (
        ground["south"],
        "Salesperson",
        Decimal(36),
        Decimal(1),
        None,
    )
    assert User.objects.get(name="Di").memberships.get().weekly_hours == Decimal(40)
    assert counts(load("people", text, PERSON)) == (0, 0, 2, 0)
    assert counts(load("people", text.replace("36", "30"), PERSON)) == (0, 1, 1, 0)


def test_a_person_of_two_memberships_stands_in_two_rows(load):
    text = "id,name,mail,team,role,hours,from\nP8,Cy,,South,Salesperson,20,\nP8,Cy,,North,Salesperson,16,\n"
    assert counts(load("people", text, PERSON)) == (2, 0, 0, 0)
    assert User.objects.filter(external_id="P8").count() == 1
    assert Membership.objects.filter(user__external_id="P8").count() == 2
    assert counts(load("people", text, PERSON)) == (0, 0, 2, 0)


def test_one_person_is_not_called_two_ways_in_a_file(load):
    text = "id,name,mail,team,role,hours,from\nP8,Cy,,South,Salesperson,20,\nP8,Cyril,,North,Salesperson,16,\n"
    report = load("people", text, PERSON)
    assert reasons(report) == [(3, "external_id", "id", "P8", "stands in row 2 already, with other values")]


def test_people_who_cannot_go_in(load):
    text = (
        "id,name,mail,team,role,hours,from\n"
        "P8,Cy,,South,Wizard,,\n"
        "P8,Cy,,Moon,Salesperson,,\n"
        "P8,Cy,,South,,,\n"
        "P8,Cy,cy,,,,\n"
        "P8,Cy,,South,Salesperson,169,\n"
    )
    report = load("people", text, PERSON)
    assert [(row.row, row.field, row.reason) for row in report.rejected_rows] == [
        (2, "role", "no role with this name"),
        (3, "team", "no team with this external id / name"),
        (4, "role", "a membership needs both a team and a role"),
        (5, "email", "Enter a valid email address."),
        (6, "weekly_hours", "Ensure this value is less than or equal to 168."),
    ]
    assert not User.objects.filter(external_id="P8").exists()


def test_absences_of_people(load):
    fields = {
        "person": "who",
        "starts_on": "from",
        "ends_on": "to",
        "kind": {"column": "what", "values": {"Urlaub": "holiday"}},
    }
    text = "who,from,to,what\nP1,2026-12-01,2026-12-05,Urlaub\nBob,2026-12-01,2026-11-30,sick\nAnn,2026-12-05,2026-12-07,sick\n"
    report = load("absences", text, fields)
    assert counts(report) == (1, 0, 0, 2)
    row = Absence.objects.get()
    assert (row.user.name, row.starts_on, row.ends_on, row.kind) == (
        "Ann",
        dt.date(2026, 12, 1),
        dt.date(2026, 12, 5),
        "holiday",
    )
    assert [problem.field for problem in report.rejected_rows] == ["ends_on", "starts_on"]
    assert counts(load("absences", text, fields)) == (0, 0, 1, 2)
