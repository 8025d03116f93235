"""One event for each changed row, whatever changed it: what stands in the tables before and after is held against history."""

import datetime as dt
import json
import sys

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import transaction
from django.urls import reverse
from simple_history.models import HistoricalChanges

import manage
from customers.actions.customers import move_to_team
from customers.actions.imports import keep_mapping
from customers.actions.lifecycle import rebuild_lifecycle
from customers.imports.runs import run_import
from customers.models import Customer, SavedMapping, Tier, TouchType
from planning.actions.runs import find_all_situations
from planning.actions.starting_rules import create_starting_rules
from planning.models import RuleDraft, Situation
from planning.rule_kinds import RULE_KINDS
from planning.rules_file import dump_rules
from territory import clock
from territory.audit import registry
from territory.audit.events import Asked, piece
from territory.jobs.runner import run_job
from tests import factories
from tests.accounts.signing_in import client_of
from tests.territory.audit.watching import Watch
from tests.two_teams import ONES_OWN, Ask, Shared, asks, company_asks, filled, side


@pytest.fixture
def now(time_machine):
    time_machine.move_to("2026-06-09T09:00:00Z", tick=False)
    return clock.now()


def test_every_history_is_in_the_audit():
    histories = {model for model in apps.get_models() if issubclass(model, HistoricalChanges)}
    assert histories == {kind.history for kind in registry.kinds()}


# Rows without a history of their own, and why what happens to them is told all the same or is nobody's change.
UNFOLLOWED = {
    "account.EmailAddress": "the sign-in library's copy of the person's address, whose history is the person's",
    "account.EmailConfirmation": "not used: nobody confirms an address",
    "accounts.UserSession": "where somebody is signed in: comes and goes with the session",
    "audit.Denial": "is the audit",
    "auth.Group": "not used: roles say who may do what",
    "auth.Group_permissions": "not used",
    "auth.Permission": "made by migrations, not used",
    "contenttypes.ContentType": "made by migrations",
    "customers.DataFile": "a file that was brought in as a whole, and itself the record of who did and when",
    "customers.DataFileContent": "the file's content, until it is stored",
    "customers.Town": "what such a file says; it is brought in and replaced as a whole",
    "customers.Import": "a file on its way in, and itself the record of who imported what; each row that it stores is told",
    "customers.ImportFile": "the file's content, for a while",
    "customers.ImportProblem": "what the import said of a row",
    "customers.Receipt": "told with the expense: its type and checksum",
    "customers.SellingCourse": "follows from orders and stages",
    "customers.StagePeriod": "follows from orders and what was decided",
    "customers.TierPeriod": "follows from orders, potential and fixed tiers",
    "customers.Touch_contacts": "told with the touch",
    "customers.TouchPerson": "told with the touch",
    "jobs.Heartbeat": "that a process lives",
    "jobs.JobRun": "is the record of a job",
    "mail.Mail": "is the record of a mail",
    "planning.Budget": "computed",
    "planning.BudgetShare": "computed",
    "planning.CustomerFigures": "computed",
    "planning.DueTouch": "computed",
    "planning.EvidenceRun": "computed from the log every night",
    "planning.TouchEvidence": "computed from the log every night",
    "planning.CourseStarts": "computed from the log every night",
    "planning.ExpectedBusiness": "computed from the log every night",
    "planning.TierCurve": "computed from the log every night",
    "planning.StandingMark": "what past months were read from",
    "planning.StandingMonths": "read from stages, tiers, teams and owners over time",
    "planning.CustomerInvolvement": "computed from the log every night",
    "planning.InvolvementFinding": "computed from the log every night",
    "planning.InvolvementRun": "computed from the log every night",
    "planning.FactsMark": "how often a customer's facts changed; each of them is told",
    "planning.JourneyPair": "what a server of routes said, or a file that is brought in as a whole",
    "planning.AlignmentProposal": "a proposal: what comes of it are assignments, each of which is told",
    "planning.AlignmentMove": "of such a proposal",
    "planning.Rebalancing": "a proposal: what comes of it are assignments or planned touches, each of which is told",
    "planning.VisitPlan": "a proposal: what comes of it are planned touches, each of which is told",
    "planning.VisitStop": "a proposal likewise",
    "planning.CallPlan": "computed for whoever asks; taking it up makes drafts of rules",
    "planning.KeptAnswer": "computed from the log for whoever looks, and forgotten after a week",
    "planning.RhythmGap": "computed from the log every night",
    "planning.RhythmRun": "computed from the log every night",
    "planning.RhythmSum": "computed from the log every night",
    "planning.SaleFigures": "computed from the log every night",
    "planning.SaleNorm": "computed from the log every night",
    "planning.SalePart": "computed from the log every night",
    "planning.SalesRun": "computed from the log every night",
    "planning.MovedMeasure": "computed from what sales took every night",
    "planning.ConditionEffect": "part of what moves a measure",
    "planning.UnsoldFigures": "computed from the log every night",
    "planning.UnsoldPart": "computed from the log every night",
    "planning.RuleDraft": "what somebody typed and nothing rests on yet; saving it changes rules, which is told",
    "planning.RulesVersion": "is the record of a change of rules, which is told with the rule",
    "sessions.Session": "where somebody is signed in",
}


def test_what_has_no_history_is_known_and_why():
    followed = {kind.model for kind in registry.kinds()} | {kind.history for kind in registry.kinds()}
    models = {model for model in apps.get_models(include_auto_created=True) if model not in followed}
    assert {model._meta.label for model in models} == set(UNFOLLOWED)


def test_every_form_tells_each_row_it_changes_once(cast, now):
    shared = Shared.made()
    it = side(cast.rep_membership, cast.own)
    every = [*asks(it, shared, cast.mate_membership), *company_asks(it, shared, cast.mate_membership)]
    rebuild_lifecycle([row.pk for row in Customer.objects.all()], now=now, actor=None)
    by_role, changed, faults = {True: cast.rep, False: cast.admin}, 0, []
    clients = {user: client_of(user) for user in by_role.values()}
    watch = Watch()
    for ask in every:
        user = by_role[ask.name in ONES_OWN]
        client = clients[user]
        data = filled(client, ask)
        with transaction.atomic():
            answer = client.post(ask.url, data)
            rows, wrong = watch.faults(user.pk)
            transaction.set_rollback(True)
        changed += rows
        faults += [f"{ask.name} ({answer.status_code}): {fault}" for fault in wrong]
    assert not faults, "\n".join(faults)
    assert changed > 60


# Of each kind a new row, and what is typed into one that there is: tiers change places.
CHANGED_RULES = {
    "tiers": ({"name": "Between", "lower_bound": "1000"}, {"lower_bound": "60000"}),
    "touch-types": ({"name": "Visit with lunch", "channel": "field", "default_seconds": "90"}, {"name": "Renamed"}),
    "contact-rules": ({"stage": "lost", "count": "2", "period": "year", "duration_seconds": "15"}, {"count": "9"}),
}


@pytest.mark.parametrize("kind", CHANGED_RULES)
def test_a_change_of_rules_tells_each_row_once(cast, now, kind):
    create_starting_rules(now=now, on=now.date())
    client, (new, other) = client_of(cast.admin), CHANGED_RULES[kind]
    row = RULE_KINDS[kind].rows().order_by("pk")[1]
    named = {
        "tier": Tier.objects.first().pk,
        "role": cast.rep_membership.role_id,
        "touch_type": TouchType.objects.first().pk,
    }
    acts = [
        Ask("rule_create", reverse("rule_create", args=[kind]), named | new),
        Ask("rule_edit", reverse("rule_edit", args=[kind, row.pk]), other),
        Ask("rule_remove", reverse("rule_remove", args=[kind, row.pk]), {}),
    ]
    if RULE_KINDS[kind].retires:
        acts.append(Ask("rule_restore", reverse("rule_restore", args=[kind, row.pk]), {}))
    for ask in acts:
        client.post(ask.url, filled(client, ask))
        draft = RuleDraft.objects.latest("pk")
        watch = Watch()
        client.post(reverse("draft_save", args=[draft.pk]), {"reason": "Asked for", "unseen": "on"})
        rows, faults = watch.faults(cast.admin.pk, "Asked for")
        assert not faults, f"{ask.name}\n" + "\n".join(faults)
        assert rows, ask.name


def manage_py(monkeypatch, *words):
    """What manage.py does, but that it leaves the test its connection to the database."""
    monkeypatch.setattr(sys, "argv", ["manage.py", *words])
    monkeypatch.setattr(manage, "execute_from_command_line", lambda argv: call_command(*argv[1:]))
    manage.main()


def test_a_file_of_rules_tells_each_row_once(cast, now, tmp_path, monkeypatch):
    """Tiers whose bounds move on, one that is retired and one that was retired before, which leave theirs to others."""
    create_starting_rules(now=now, on=now.date())
    factories.customer("Acme", tier=Tier.objects.get(name="C"))
    Tier.objects.create(name="Old", lower_bound=45_000, retired_at=now)
    bounds = {"A": 45_000, "B": 40_000, "New": 5_000, "D": 0}
    rules = {
        "tiers": [{"name": name, "lower_bound": bound} for name, bound in bounds.items()],
        "contact_rules": [row for row in dump_rules()["contact_rules"] if row["tier"] in bounds],
    }
    file = tmp_path / "rules.json"
    file.write_text(json.dumps(rules))
    watch = Watch()
    manage_py(monkeypatch, "rules", "load", str(file))
    rows, faults = watch.faults(None, "Rules file")
    assert not faults, "\n".join(faults)
    assert rows > 5
    assert dict(Tier.objects.live().values_list("name", "lower_bound")) == bounds


def test_a_command_says_that_it_was_the_command(cast, now, monkeypatch):
    factories.sale_types()
    factories.order(cast.own, 50_000, "won", salesperson=cast.rep, closed_at=now - dt.timedelta(days=9))
    watch = Watch()
    manage_py(monkeypatch, "recompute")
    rows, faults = watch.faults(None, "command recompute")
    assert not faults, "\n".join(faults)
    assert rows


def test_what_somebody_wants_mailed_is_told_once_the_first_time_too(cast, now):
    client = client_of(cast.rep)
    for version, when in ((1, "digest"), (2, "never")):
        watch = Watch()
        client.post(reverse("profile_mails"), {"version": version, "due_touches": when})
        assert watch.faults(cast.rep.pk) == (1, [])


def test_an_import_tells_each_row_it_adds_or_changes_once(cast, now):
    kinds = {"kind": "customers", "fields": {"external_id": "id", "name": "name", "team": "team", "town": "town"}}
    text = "id,name,team,town\n" + "".join(f"A{number},Bakery {number},Exeter,{{}}\n" for number in range(30))
    for town, expected in (("Bath", 30), ("Wells", 30), ("Wells", 0)):
        watch = Watch()
        run_import(
            kind="customers",
            data=text.replace("{}", town).encode(),
            mapping=kinds,
            actor=cast.admin,
            now=now,
            file="old.csv",
        )
        rows, faults = watch.faults(cast.admin.pk)
        assert not faults, "\n".join(faults)
        assert rows >= expected, town
        assert expected or not rows


def test_a_job_says_that_it_was_the_job(cast, now):
    """An order's sale type follows from the customer's history: a job works it out when an older order turns up."""
    factories.sale_types()
    factories.order(cast.own, 50_000, "won", salesperson=cast.rep, closed_at=now - dt.timedelta(days=9))
    watch = Watch()
    run_job("rebuild", lambda _progress: len(rebuild_lifecycle([cast.own.pk], now=now, actor=None)))
    rows, faults = watch.faults(None, "job rebuild")
    assert not faults, "\n".join(faults)
    assert rows


def test_situations_tell_what_the_job_and_what_people_did(cast, now):
    def found():
        return run_job("find situations", lambda _progress: find_all_situations(now=clock.now())).result

    def told_since(watch, author, through=""):
        rows, faults = watch.faults(author, through)
        assert not faults, "\n".join(faults)
        return rows

    for days, amount in ((500, 1), (200, 1_000_000)):
        factories.order(cast.own, amount, "won", salesperson=cast.rep, closed_at=now - dt.timedelta(days=days))
    order = factories.order(cast.own, 300_000, salesperson=cast.rep, opened_at=now)
    watch = Watch()
    opened = found()["opened"]
    assert opened == told_since(watch, None, "job find situations") > 0
    order.amount = 400_000
    order.save()
    watch = Watch()
    assert found()["updated"] == told_since(watch, None, "job find situations") == opened
    watch = Watch()
    row = Situation.objects.filter(team=cast.exeter).get()
    client = client_of(cast.manager)
    client.post(reverse("situation_acknowledge", args=[row.pk]), {"version": row.version, "note": "I drive there."})
    client.post(reverse("situation_hours", args=[row.pk]), {"user": cast.rep.pk, "hours_per_week": "4"})
    assert told_since(watch, cast.manager.pk) == 2
    order.status, order.closed_at = "lost", now
    order.save()
    watch = Watch()
    assert found()["resolved"] == told_since(watch, None, "job find situations") == opened
    said = [event.act for event in piece(Asked(kind=registry.get("planning.situation"), row=row.pk), _sees).events]
    assert said == ["~", "~", "~", "+"]
    without_amounts = piece(
        Asked(kind=registry.get("planning.situation"), row=row.pk), lambda area: area != "amounts"
    ).events
    assert not {"share", "evidence"} & {change.name for event in without_amounts for change in event.changes}
    assert [event.is_hidden for event in without_amounts] == [False, False, True, False]


def _sees(_area):
    return True


def test_a_team_that_a_customer_had_in_between_is_told(cast, now):
    """Noted for days that are over: the customer itself stays as it is."""
    day = now.date()
    for team, on in ((cast.leeds, day), (cast.north, day - dt.timedelta(days=30))):
        watch = Watch()
        move_to_team(actor=cast.admin, now=now, customer=cast.own, team=team, on=on)
        assert watch.faults(cast.admin.pk)[1] == []
    watch = Watch()
    move_to_team(actor=cast.admin, now=now, customer=cast.own, team=cast.leeds, on=day)
    assert watch.faults(cast.admin.pk) == (0, [])
    said = piece(Asked(kind=registry.get("customers.customerteam")), _sees).events[0]
    assert (said.act, said.name, said.by) == ("+", "Own customer", cast.admin)
    assert [(row.label, row.after) for row in said.changes] == [
        ("Customer", "Own customer"),
        ("Team", "North"),
        ("From", "10 May 2026"),
    ]


def test_a_mapping_that_is_kept_replaced_and_thrown_away_is_told(cast, now):
    row = factories.import_of(cast.admin)
    for mapping in ({"kind": "customers", "fields": {"name": "A"}}, {"kind": "customers", "fields": {"name": "B"}}):
        row.mapping = mapping
        keep_mapping(row=row, name="Old system", now=clock.now())
    kept = SavedMapping.objects.get()
    client_of(cast.admin).post(reverse("import_mapping_remove", args=[kept.pk]))
    events = piece(Asked(kind=registry.get("customers.savedmapping")), _sees).events
    assert [(event.act, event.name) for event in events] == [
        ("-", "Old system, Administrator"),
        ("~", "Old system, Administrator"),
        ("+", "Old system, Administrator"),
    ]
    assert [(row.before, row.after) for row in events[1].changes if row.name == "mapping"] == [
        ("fields name: A", "fields name: B")
    ]
    assert [event.by for event in events] == [cast.admin, None, None]
