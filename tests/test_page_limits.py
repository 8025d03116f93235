"""Pages of the office stay small: at most 12 statements and 60 KB, for each who may open them."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.models import ImportState
from planning.models import Situation, SituationHours
from territory import clock
from territory.jobs.models import JobRun, JobState
from territory.mail.models import Mail, MailState
from tests import factories
from tests.accounts.signing_in import client_of
from tests.busy_customer import busy_customer
from tests.planning import full_day
from tests.planning.answering import answered
from tests.two_teams import body

NOW = dt.datetime(2026, 6, 9, 9, tzinfo=dt.UTC)
WHEN = {"state": MailState.SENT, "created_at": NOW, "due_at": NOW, "sent_at": NOW}

STATEMENTS, BYTES = 12, 60_000
PAGES = {
    "admin": [
        "access_table",
        "audit_denied",
        "call_judgement_set",
        "call_judgements",
        "call_plan",
        "call_plan_settings",
        "audit_list",
        "cost_of_sale",
        "directory_list",
        "expense_create",
        "expense_list",
        "expected_business",
        "goal_create",
        "goal_history",
        "goal_list",
        "import_create",
        "import_detail",
        "import_list",
        "involvement",
        "job_list",
        "market_potential_list",
        "mail_list",
        "map",
        "normal_sale",
        "order_board",
        "people_invite",
        "place_list",
        "profile_mails",
        "rhythm",
        "routing_server",
        "role_access",
        "territory_list",
        "standing",
        "standing_counts",
        "standing_counts_moved",
        "what_if",
        "work_value",
        "time_to_business",
        "town_files",
        "travel_time_files",
        "what_moves_it",
    ],
    "manager": [
        "managers_week",
        "cost_of_sale",
        "goal_create",
        "goal_history",
        "goal_list",
        "directory_list",
        "expense_create",
        "expense_list",
        "import_create",
        "import_detail",
        "import_list",
        "involvement",
        "map",
        "normal_sale",
        "order_board",
        "profile_mails",
        "rebalancing_list",
        "rhythm",
        "territory_detail",
        "territory_list",
        "work_value",
        "work_value_person",
        "what_moves_it",
    ],
    "rep": [
        "directory_list",
        "expense_create",
        "expense_list",
        "directory_card",
        "directory_log",
        "expected_business",
        "order_board",
        "my_week",
        "my_week_feed",
        "profile_mails",
        "rhythm",
        "work_value",
    ],
}


def divided(cast):
    """A proposal that many customers change hands."""
    moved = [
        (factories.customer(f"Long name of a mill by the river {n}", owner=cast.rep_membership), cast.mate_membership)
        for n in range(200)
    ]
    sides = {"customers": 10, "minutes": 1000.0, "potential": 0.0, "value": 0.0, "km": 100.0}
    row = factories.alignment(cast.exeter, cast.manager, *moved)
    row.figures["people"] = [
        {
            "membership": pk,
            "hours": 20,
            "before": sides,
            "after": {**sides, "km": 50.0, "minutes": 900.0, "customers": 9},
        }
        for pk in (cast.rep_membership.pk, cast.mate_membership.pk)
        for _each in range(10)
    ]
    row.figures["km"] = [1000.0, 500.0]
    row.save()
    return row


@pytest.fixture
def keys(cast):
    """What the pages with a key are about, by who asks and name."""
    factories.company(is_demo=True)
    factories.sale_types()
    hidden = factories.customer("Hidden Mill", owner=cast.mate_membership)
    found = {
        (who, "import_detail"): factories.import_of(getattr(cast, who), state=ImportState.DONE).pk for who in PAGES
    }
    found |= {("rep", name): hidden.pk for name in ("directory_card", "directory_log")}
    found |= {("manager", "work_value_person"): cast.rep.pk, ("manager", "territory_detail"): divided(cast).pk}
    return found | {("admin", "role_access"): cast.rep_membership.role_id}


def asked(method, url, data=None):
    """Status, statements and bytes of a page that was asked for before."""
    method(url, data)
    with CaptureQueriesContext(connection) as queries:
        answer = method(url, data)
    return answer, [row["sql"] for row in queries if not row["sql"].startswith(("SAVEPOINT", "RELEASE"))]


@pytest.mark.parametrize(("who", "name"), [(who, name) for who, names in PAGES.items() for name in names])
def test_a_page_of_the_office_is_small(cast, keys, who, name):
    key = keys.get((who, name))
    answer, statements = asked(client_of(getattr(cast, who)).get, reverse(name, args=[key] if key else []))
    assert answer.status_code == 200
    assert len(statements) <= STATEMENTS, "\n".join(statements)
    assert len(answer.content) < BYTES


@pytest.mark.parametrize("name", ["touch_values", "touch_value_adopt"])
def test_touch_values_are_small_with_every_panel_full(cast, name):
    """Five types on five tiers, one with a year of evidence and decisions; lists of eight people change."""
    tiers = [factories.tier(f"T{number}", 100 + number, number + 1) for number in range(5)]
    kinds = [factories.touch_type(f"Kind of touch {number}") for number in range(5)]
    for number, (kind, tier) in enumerate((kind, tier) for kind in kinds for tier in tiers):
        factories.touch_value(kind, tier, 60 + number)
        for month in range(1, 13 if number == 0 else 2):
            factories.touch_value(kind, tier, 61 + number, starts_on=dt.date(2025, month, 2))
        factories.evidence(kind, tier)
    for month in range(1, 13):
        factories.evidence(kinds[0], tiers[0], dt.date(2025, month, 3))
    for person in range(8):
        seat = factories.membership(factories.person(f"Person with a name {person}"), cast.exeter, "Salesperson")
        for place in range(8):
            row = factories.customer(f"A customer with a name {person} {place}", owner=seat)
            row.tier, row.stage = tiers[0], "prospect"
            row.save()
            rule = factories.contact_rule(tier=tiers[0], touch_type=kinds[place % 2])
            factories.due_touch(row, seat.user, clock.company_today(), rule, value=60, minutes=15 + place)
    line = f"?for=prospect&type={kinds[0].pk}&tier={tiers[0].pk}"
    client = client_of(cast.admin)
    answered(lambda: client.get(reverse(name) + line))
    answer, statements = asked(client.get, reverse(name) + line)
    assert answer.status_code == 200
    assert len(statements) <= STATEMENTS, "\n".join(statements)
    assert len(answer.content) < BYTES


def out_of_the_ordinary(cast) -> list[Situation]:
    """Thirty situations of every kind; of each the one that is named last: ten people are in its order, had its turn and have
    hours set aside for it, and it stood before."""
    people = [factories.person(f"Person with a long name {number}") for number in range(10)]
    for number in range(30):
        mill = factories.customer(f"Long name of a mill by the river {number}", owner=cast.rep_membership)
        order = factories.order(mill, 1000 + number, salesperson=cast.rep, opened_at=NOW)
        market = factories.market(f"Market with a long name {number}")
        of_mill, of_order = {"customer": mill}, {"customer": mill, "order": order}
        factories.situation(order, owner=cast.rep)
        factories.situation_of("stalled_order", cast.exeter, owner=cast.rep, **of_order)
        factories.situation_of("sole_away", cast.exeter, owner=cast.rep, person=cast.rep)
        for kind in ("decider_left", "single_contact", "under_served"):
            factories.situation_of(kind, cast.exeter, owner=cast.rep, **of_mill)
        line = factories.product_line(f"Line with a long name {number}")
        factories.situation_of("new_market", cast.exeter, owner=cast.rep, share=0.03, market=market, product_line=line)
    shown = list({row.kind: row for row in Situation.objects.order_by("pk")}.values())
    for person in people:
        factories.touch(mill, person, clock.now(), 30, order=order)
    for row in shown:
        for person in people:
            row.owner = person
            row.save()
            SituationHours.objects.create(situation=row, user=person, hours_per_week=3)
        before = Situation.objects.filter(kind=row.kind).exclude(pk=row.pk)[:7]
        Situation.objects.filter(pk__in=list(before.values_list("pk", flat=True))).update(
            subject=row.subject, resolved_at=clock.now(), resolved_because="long ago"
        )
    return shown


@pytest.mark.parametrize("who", ["rep", "manager", "admin"])
def test_special_situations_are_small_with_thirty_of_every_kind(cast, who):
    factories.company(is_demo=True)
    shown = out_of_the_ordinary(cast)
    client = client_of(getattr(cast, who))
    there = [row for row in Situation.objects.visible_to(getattr(cast, who)) if row in shown]
    assert len(there) >= 6
    urls = [reverse("situation_detail", args=[row.pk]) for row in there]
    urls += [reverse("situation_list") + query for query in ("", "?view=mine", "?view=resolved")]
    urls += [f"{reverse('situation_list')}?kind={row.kind}" for row in there]
    for url in urls:
        answer, statements = asked(client.get, url)
        assert answer.status_code == 200, url
        assert len(statements) <= STATEMENTS, "\n".join([url, *statements])
        assert len(answer.content) < BYTES, url


def test_a_managers_week_is_small_for_who_approves_values_and_sees_all(cast):
    factories.company(is_demo=True)
    full_day.fill(cast)
    for stage in ("prospect", "customer"):
        for tier in factories.tiers().values():
            kind = factories.touch_type(f"Kind of touch {tier} {stage}")
            factories.touch_value(kind, tier, 600, stage=stage)
            factories.evidence(kind, tier, stage=stage)
    answer, statements = asked(client_of(cast.admin).get, reverse("managers_week"))
    assert "8 official touch values have left their interval" in answer.text
    assert "to be looked at" in answer.text
    assert len(statements) <= STATEMENTS, "\n".join(statements)
    assert len(answer.content) < BYTES


@pytest.fixture
def busy(cast):
    """A customer of the rep with 1,000 touches, every kind of entry in the first piece of its timeline, and every panel."""
    factories.company(is_demo=True)
    factories.sale_types()
    return busy_customer(cast.rep_membership, touches=1000)


@pytest.mark.parametrize("who", ["rep", "manager", "admin"])
def test_a_customers_pages_and_the_search_are_small(cast, busy, who):
    detail, piece = (reverse(name, args=[busy.pk]) for name in ("customer_detail", "customer_timeline"))
    urls = [detail, *(f"{detail}?tab={tab}" for tab in ("touches", "orders", "changes")), piece]
    urls += [reverse(name) + query for name in ("search", "search_suggest") for query in ("", "?q=a")]
    urls += [reverse("order_detail", args=[key]) for key in busy.orders.values_list("pk", flat=True)]
    client = client_of(getattr(cast, who))
    for url in urls:
        answer, statements = asked(client.get, url)
        assert answer.status_code == 200, url
        assert len(statements) <= STATEMENTS, "\n".join([url, *statements])
        assert len(answer.content) < BYTES, url
    piece = client.get(detail).context["piece"]
    changes = client.get(f"{detail}?tab=changes").context["piece"].entries
    assert {entry.key.rpartition("-")[0] for entry in [*piece.entries, *changes] if "history" in entry.key} == HISTORIES
    assert {entry.key.split("-")[0] for entry in piece.entries} >= {"touch", "order", "expense", "stage", "situation"}
    assert 'id="place"' in client.get(detail).content.decode()
    assert piece.next is not None


def test_a_customer_with_more_of_everything_is_asked_for_as_often(cast):
    client = client_of(cast.manager)
    few, many = (busy_customer(cast.rep_membership, times) for times in (1, 4))
    for tab in ("timeline", "touches", "orders", "changes"):
        counts = [
            len(asked(client.get, f"{reverse('customer_detail', args=[row.pk])}?tab={tab}")[1]) for row in (few, many)
        ]
        assert counts[0] == counts[1], tab


HISTORIES = {
    f"{name}-history"
    for name in ("customer", "contact", "assignment", "order", "potential", "tierfix", "customerrule", "circumstance")
}


def test_the_preview_of_access_is_small(cast, keys):
    url = reverse("role_access", args=[keys["admin", "role_access"]])
    client = client_of(cast.admin)
    form = client.get(url).context["form"]
    typed = {name: form[name].value() for name in form.fields} | {"amounts_see": "all", "do": "preview"}
    answer, statements = asked(client.post, url, typed)
    assert answer.status_code == 200
    assert len(statements) <= STATEMENTS, "\n".join(statements)
    assert len(answer.content) < BYTES


@pytest.mark.parametrize("who", ["rep", "mate", "manager", "admin"])
def test_home_is_small_with_every_panel_full(cast, who):
    full_day.fill(cast)
    client = client_of(getattr(cast, who))
    for name, words in full_day.SHOWN.items():
        answer, statements = asked(client.get, reverse(name))
        page = answer.content.decode()
        absent = [word for word in words if word not in page]
        assert answer.status_code == 200
        assert len(statements) <= STATEMENTS, "\n".join(statements)
        assert len(answer.content) < BYTES
        assert absent == [], (who, name)


@pytest.mark.parametrize("name", ["job_progress", "job_again", "mail_detail"])
@pytest.mark.parametrize("who", ["rep", "manager", "coordinator", "technician"])
def test_a_job_and_a_mail_of_others_are_as_ones_that_do_not_exist(cast, keys, who, name):
    client = client_of(getattr(cast, who))
    if name == "mail_detail":
        kept = Mail.objects.create(
            recipient=cast.admin, kind="large_order", key="x", subject="Large order", text="See.", **WHEN
        )
    else:
        kept = JobRun.objects.create(name="sweep", state=JobState.FAILED, queued_at=NOW)
    send = client.post if name == "job_again" else client.get
    answers = [send(reverse(name, args=[key])) for key in (kept.pk, 98_765_432)]
    assert answers[0].status_code == answers[1].status_code in (403, 404)
    assert body(answers[0]) == body(answers[1])


def test_a_call_plan_is_small_with_five_tiers_of_five_types(cast):
    plan = factories.call_plan(cast.south_west, cast.manager)
    kinds = [factories.touch_type(f"Kind of touch {number}") for number in range(5)]
    [group] = plan.result["groups"]
    groups = []
    for number in range(5):
        tier = factories.tier(f"T{number}", 100 + number, number + 1)
        for stage in ("prospect", "customer"):
            rules = [factories.contact_rule(tier=tier, touch_type=kind, stage=stage) for kind in kinds]
            lines = [group["lines"][0] | {"rule": rule.pk} for rule in rules]
            groups.append(group | {"tier": tier.pk, "stage": stage, "own_times": [1, 0, 2], "lines": lines})
    plan.result["groups"] = groups
    plan.save()
    answer, statements = asked(client_of(cast.manager).get, reverse("call_plan"))
    assert answer.text.count("on average") == 10
    assert len(statements) <= STATEMENTS, "\n".join(statements)
    assert len(answer.content) < BYTES
