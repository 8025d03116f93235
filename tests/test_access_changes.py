"""What one may change of one's own and for how long; fields that no form lists; access that ends at once."""

import csv
import datetime as dt
import json

import pytest
from django.core.management import CommandError, call_command
from django.db import models
from django.urls import reverse

from accounts.models import Membership, Role, Team, User
from customers.actions.lifecycle import rebuild_lifecycle
from customers.actions.touch_entries import Participant, TouchEntry
from customers.actions.touches import edit_touch
from customers.models import (
    Assignment,
    Circumstance,
    Contact,
    Customer,
    Expense,
    InternalWork,
    Order,
    PlannedTouch,
    Touch,
)
from planning.models import CustomerRule
from territory import clock
from territory.company.models import Company
from tests import factories
from tests.accounts.signing_in import client_of
from tests.two_teams import Shared, Side, asks, body, company_asks, filled, side

EIGHT_DAYS = dt.timedelta(days=8)


@pytest.fixture
def now(time_machine):
    time_machine.move_to("2026-06-09T09:00:00Z", tick=False)
    return clock.now()


class TestInternalWorkOfOnesOwn:
    """† of the table: only what one logged oneself, within 7 days."""

    def test_for_a_team_it_is_closed_after_seven_days(self, cast, now):
        work = factories.internal_work(cast.rep, team=cast.exeter, logged_at=now - EIGHT_DAYS)
        client = client_of(cast.rep)
        for name in ("work_edit", "work_undo", "work_restore"):
            assert client.post(reverse(name, args=[work.pk])).status_code == 403, name

    def test_for_a_team_it_is_open_for_seven_days(self, cast, now):
        work = factories.internal_work(cast.rep, team=cast.exeter, logged_at=now - dt.timedelta(days=6))
        assert client_of(cast.rep).post(reverse("work_undo", args=[work.pk])).status_code == 302

    def test_what_another_noted_for_one_is_seen_and_not_changed(self, cast, now):
        work = factories.internal_work(cast.rep, team=cast.exeter, logged_by=cast.coordinator)
        assert client_of(cast.rep).post(reverse("work_undo", args=[work.pk])).status_code == 403

    def test_a_coordinator_changes_the_teams_at_any_time(self, cast, now):
        work = factories.internal_work(cast.rep, team=cast.exeter, logged_at=now - EIGHT_DAYS)
        assert client_of(cast.coordinator).post(reverse("work_undo", args=[work.pk])).status_code == 302


def test_putting_off_a_due_row_moves_nobody_elses_plan(cast, now):
    """Technical support, who changes only what is theirs, puts off on a customer where the rep has planned the same."""
    voice = factories.touch_type()
    reps = factories.planned_touch(cast.own, cast.rep, dt.date(2026, 6, 9), type=voice, reason="The rep's")
    url = f"{reverse('planned_put_off')}?customer={cast.own.pk}&type={voice.pk}"
    client_of(cast.technician).post(url, {"until": "2026-06-16", "reason": "The technician's"})
    reps.refresh_from_db()
    assert (reps.due_on, reps.reason) == (dt.date(2026, 6, 9), "The rep's")
    assert PlannedTouch.objects.exclude(pk=reps.pk).get().assignee == cast.technician


class TestTheAuthorWhoseCustomerItIsNoLonger:
    """Sees the customer's name and what they wrote, nothing more."""

    @pytest.fixture
    def touch(self, cast, now) -> Touch:
        touch = factories.touch(cast.foreign, cast.rep, note="As I wrote")
        entry = TouchEntry(
            customer=cast.foreign,
            type=touch.type,
            participants=(Participant(user=cast.rep, duration_seconds=600),),
            note="As I wrote",
            order=factories.order(cast.foreign, 100, title="Their order"),
        )
        edit_touch(actor=cast.other_manager, now=now, touch=touch, version=1, entry=entry)
        return touch

    def test_not_what_others_did_to_it(self, cast, touch):
        page = body(client_of(cast.rep).get(reverse("touch_history", args=[touch.pk])))
        assert "Other manager" not in page
        assert "Their order" not in page

    def test_not_who_works_there(self, cast, now):
        mine = factories.touch(cast.foreign, cast.rep, note="As I wrote")
        page = body(client_of(cast.rep).get(reverse("touch_edit", args=[mine.pk])))
        assert "As I wrote" in page
        assert "Other rep" not in page

    def test_nor_the_form_that_would_show_what_others_made_of_it(self, cast, touch):
        response = client_of(cast.rep).get(reverse("touch_edit", args=[touch.pk]))
        assert response.status_code == 403
        assert "Their order" not in body(response)

    def test_not_the_order(self, cast, touch):
        assert "Their order" not in body(client_of(cast.rep).get(reverse("touch_detail", args=[touch.pk])))


# What each form's action may change beyond the form's own fields.
FOLLOWS = {"version", "search_text"}
ROWS: dict[str, tuple[type[models.Model], str]] = {
    "absence_edit": (User.absences.rel.related_model, "absence"),
    "assignment_edit": (Assignment, "assignment"),
    "circumstance_edit": (Circumstance, "circumstance"),
    "contact_edit": (Contact, "contact"),
    "customer_edit": (Customer, "customer"),
    "expense_edit": (Expense, "expense"),
    "membership_edit": (Membership, "membership"),
    "order_edit": (Order, "order"),
    "own_rule_edit": (CustomerRule, "own_rule"),
    "person_edit": (User, "person"),
    "planned_edit": (PlannedTouch, "planned"),
    "touch_edit": (Touch, "touch"),
    "work_edit": (InternalWork, "work"),
}


def state(row: models.Model) -> dict[str, object]:
    fresh = type(row)._base_manager.get(pk=row.pk)
    return {field.name: getattr(fresh, field.attname) for field in fresh._meta.concrete_fields}


def poison(model: type[models.Model], but: set[str], cast) -> dict[str, object]:
    """A value for every field of the model that the form does not list, by its name and by the column's."""
    sent: dict[str, object] = {"user_ptr": "1", "is_superuser": "on", "is_staff": "on", "groups": "1"}
    for field in model._meta.get_fields():
        if not field.concrete or field.name in but:
            continue
        if field.is_relation:
            value: object = {"User": cast.other_rep.pk, "Team": cast.leeds.pk, "Customer": cast.foreign.pk}.get(
                field.related_model.__name__,
                field.related_model._base_manager.order_by("pk").values_list("pk", flat=True).first() or 1,
            )
        elif isinstance(field, models.BooleanField):
            value = "on"
        elif isinstance(field, models.DateTimeField):
            value = "2020-01-01T00:00"
        elif isinstance(field, models.DateField):
            value = "2020-01-01"
        elif isinstance(field, models.IntegerField | models.DecimalField | models.FloatField):
            value = "7"
        elif isinstance(field, models.JSONField):
            value = json.dumps({"people": {"change": "all"}})
        elif isinstance(field, models.UUIDField):
            value = "00000000-0000-4000-8000-000000000007"
        else:
            value = next((choice for choice, _ in field.choices or [("poison", "")]), "poison")
        sent[field.name] = sent.setdefault(f"{field.name}_id", value) if field.is_relation else value
    return {name: value for name, value in sent.items() if name not in but}


def listed(client, url: str) -> set[str]:
    return set(client.get(url).context["form"].fields)


@pytest.mark.parametrize("who", ["salesperson", "manager", "administrator"])
def test_fields_that_no_form_lists_do_not_change(cast, now, who):
    """Every field of the model is sent with every form that edits a row: only those of the form change."""
    shared = Shared.made()
    it = side(cast.rep_membership, cast.own)
    rebuild_lifecycle([cast.own.pk], now=now, actor=None)
    client, tried, wrong = client_of(cast.everyone()[who]), 0, []
    forms = {ask.name: ask for ask in asks(it, shared, cast.mate_membership)}
    rows = {name: model._base_manager.get(pk=it.keys[kind]) for name, (model, kind) in ROWS.items()}
    if who == "administrator":
        forms |= {ask.name: ask for ask in company_asks(it, shared, cast.mate_membership)}
        rows |= {
            "market_edit": shared.market,
            "market_potential_edit": shared.potential,
            "product_line_edit": shared.line,
            "rule_edit": shared.step,
            "role_edit": cast.rep_membership.role,
            "calendar": Company.objects.get(),
        }
    for name, row in rows.items():
        if client.get(forms[name].url).status_code != 200:
            continue
        fields, before = listed(client, forms[name].url), state(row)
        data = {**poison(type(row), fields, cast), **filled(client, forms[name])}
        response = client.post(forms[name].url, data)
        assert response.status_code == 302, (name, response.status_code, response.context["form"].errors)
        if name == "calendar":
            client.post(f"{response.url}save/", {"reason": "Because", "unseen": "on"})
        after = state(row)
        tried += len(after)
        assert after.get("version", 2) == before.get("version", 1) + 1, name
        wrong += [
            f"{name}: {field} {before[field]!r} became {after[field]!r}"
            for field in set(after) - fields - FOLLOWS
            if after[field] != before[field]
        ]
    assert not wrong, "\n".join(wrong)
    assert tried > 90


@pytest.mark.parametrize(
    "name",
    [
        "customer_create",
        "circumstance_create",
        "contact_create",
        "log_touch",
        "planned_create",
        "work_log",
        "order_create",
        "own_rule_create",
        "expense_create",
    ],
)
def test_what_is_new_takes_only_what_its_form_lists(cast, now, name):
    shared = Shared.made()
    it: Side = side(cast.rep_membership, cast.own)
    model = {
        "customer_create": Customer, "circumstance_create": Circumstance, "contact_create": Contact, "log_touch": Touch, "planned_create": PlannedTouch,
        "work_log": InternalWork, "order_create": Order, "own_rule_create": CustomerRule,
        "expense_create": Expense,
    }[name]  # fmt: skip
    client = client_of(cast.rep)
    ask = next(each for each in asks(it, shared, cast.mate_membership) if each.name == name)
    fields, known = listed(client, ask.url), set(model._base_manager.values_list("pk", flat=True))
    sent = poison(model, fields, cast)
    assert client.post(ask.url, {**sent, **filled(client, ask)}).status_code == 302
    row = model._base_manager.exclude(pk__in=known).get()
    theirs = {cast.other_rep.pk, cast.leeds.pk, cast.foreign.pk}
    wrong = []
    for field in row._meta.concrete_fields:
        value = getattr(row, field.attname)
        if field.name in fields or field.name == "id":
            continue
        if field.is_relation:
            taken = field.related_model in (User, Team, Customer) and value in theirs
        else:
            taken = str(value) in ("poison", "7") or str(value).startswith("2020-")
        if taken:
            wrong.append(f"{field.name} = {value!r}")
    assert not wrong, wrong
    assert getattr(row, "version", 1) == 1
    assert getattr(row, "archived_at", None) is None
    assert getattr(row, "external_id", None) in (None, "")
    assert getattr(row, "logged_by", cast.rep) == cast.rep


def test_ones_profile_takes_only_what_it_lists(cast, now):
    client = client_of(cast.rep)
    before = state(cast.rep)
    fields = listed(client, reverse("profile"))
    shown = filled(client, type("Page", (), {"url": reverse("profile"), "typed": {}}))
    assert client.post(reverse("profile"), {**poison(User, fields, cast), **shown}).status_code == 302
    after = state(cast.rep)
    assert {name for name in after if after[name] != before[name]} <= {"version"}


def _end(cast, seat):
    seat.starts_on, seat.ends_on = dt.date(2020, 1, 1), dt.date(2026, 6, 8)
    seat.save()


def _demote(cast, seat):
    seat.role = factories.role("Research and development")
    seat.save()


def _move(cast, seat):
    seat.team = cast.leeds
    seat.save()


def _narrow(cast, seat):
    seat.role.access = {}
    seat.role.save()


def _deactivate(cast, seat):
    User.objects.filter(pk=seat.user_id).update(is_active=False)


@pytest.mark.parametrize("how", [_end, _demote, _move, _narrow, _deactivate])
@pytest.mark.parametrize("who", ["coordinator", "manager"])
def test_the_next_request_is_denied(cast, now, who, how):
    """Whatever takes the reach away, an open session has it no longer; nothing is written."""
    user = cast.everyone()[who]
    client = client_of(user)
    page, post = (
        reverse("customer_detail", args=[cast.team_mates.pk]),
        reverse("customer_archive", args=[cast.team_mates.pk]),
    )
    assert client.get(page).status_code == 200
    how(cast, user.memberships.get())
    assert client.post(post).status_code in (302, 403, 404)
    assert client.get(page).status_code in (302, 403, 404)
    cast.team_mates.refresh_from_db()
    assert cast.team_mates.archived_at is None


@pytest.mark.parametrize("how", [_end, _demote, _narrow, _deactivate])
def test_an_administrator_is_none_with_the_next_request(cast, now, how):
    client = client_of(cast.admin)
    url = reverse("person_edit", args=[cast.rep.pk])
    assert client.get(url).status_code == 200
    how(cast, cast.admin.memberships.get())
    response = client.post(url, {"name": "Taken over", "version": "1"})
    assert response.status_code in (302, 403)
    cast.rep.refresh_from_db()
    assert cast.rep.name == "Rep"


class TestTheLastAdministrator:
    """Neither a file of rules nor one of people takes the last one away. (Pages and actions: test_administrators.)"""

    def test_not_by_a_file_of_rules(self, cast, now, tmp_path):
        access = Role.objects.get(name="Administrator").access
        path = tmp_path / "rules.json"
        path.write_text(json.dumps({"roles": [{"name": "Administrator", "function": "sales"}]}))
        call_command("rules", "load", str(path))
        role = Role.objects.get(name="Administrator")
        assert (role.access, role.retired_at) == (access, None)
        path.write_text(json.dumps({"roles": [{"name": "Administrator", "function": "sales", "access": {}}]}))
        with pytest.raises(CommandError):
            call_command("rules", "load", str(path))
        assert Role.objects.get(name="Administrator").access == access

    def test_not_by_a_file_of_people(self, cast, now, tmp_path, capsys):
        User.objects.filter(pk=cast.admin.pk).update(external_id="admin")
        source, mapping = tmp_path / "people.csv", tmp_path / "people.json"
        with source.open("w", newline="") as file:
            csv.writer(file).writerows(
                [
                    ["id", "name", "team", "role", "until"],
                    ["admin", "Administrator", "South West", "Administrator", "2026-06-10"],
                ]
            )
        fields = {
            "external_id": "id",
            "name": "name",
            "team": {"column": "team", "by": "name"},
            "role": "role",
            "ends_on": "until",
        }
        mapping.write_text(json.dumps({"fields": fields}))
        call_command("import_data", "people", str(source), "--mapping", str(mapping), "--format", "json")
        told = json.loads(capsys.readouterr().out)
        assert "last administrator" in json.dumps(told)
        assert cast.admin.memberships.get().ends_on is None


def test_rules_pages_take_no_access(cast, now):
    """A role's form renames; what a role may do is not among its fields."""
    role = cast.rep_membership.role
    client = client_of(cast.admin)
    client.post(
        reverse("role_edit", args=[role.pk]),
        {
            "name": "Seller",
            "function": "sales",
            "version": role.version,
            "access": json.dumps({"people": {"change": "all"}}),
        },
    )
    role.refresh_from_db()
    assert role.name == "Seller"
    assert "people" in role.access
    assert "change" not in role.access["people"]
