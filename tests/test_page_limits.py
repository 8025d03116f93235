"""Pages of the office stay small: at most 12 statements and 60 KB, for each who may open them."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.models import ImportState
from territory import clock
from territory.jobs.models import JobRun, JobState
from territory.mail.models import Mail, MailState
from tests import factories
from tests.accounts.signing_in import client_of
from tests.busy_customer import busy_customer
from tests.planning import full_day
from tests.two_teams import body

NOW = dt.datetime(2026, 6, 9, 9, tzinfo=dt.UTC)
WHEN = {"state": MailState.SENT, "created_at": NOW, "due_at": NOW, "sent_at": NOW}

STATEMENTS, BYTES = 12, 60_000
PAGES = {
    "admin": [
        "access_table",
        "audit_denied",
        "audit_list",
        "directory_list",
        "expected_business",
        "goal_create",
        "goal_history",
        "goal_list",
        "import_create",
        "import_detail",
        "import_list",
        "job_list",
        "mail_list",
        "order_board",
        "people_invite",
        "profile_mails",
        "rhythm",
        "role_access",
        "what_if",
        "work_value",
        "time_to_business",
    ],
    "manager": [
        "goal_create",
        "goal_history",
        "goal_list",
        "directory_list",
        "import_create",
        "import_detail",
        "import_list",
        "order_board",
        "profile_mails",
        "rhythm",
        "work_value",
        "work_value_person",
    ],
    "rep": [
        "directory_list",
        "directory_card",
        "directory_log",
        "expected_business",
        "order_board",
        "profile_mails",
        "rhythm",
        "work_value",
    ],
}


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
    found |= {("manager", "work_value_person"): cast.rep.pk}
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
    answer, statements = asked(client_of(cast.admin).get, reverse(name) + line)
    assert answer.status_code == 200
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
    assert {entry.key.rpartition("-")[0] for entry in piece.entries if "history" in entry.key} == HISTORIES
    assert {entry.key.split("-")[0] for entry in piece.entries} >= {"touch", "order", "stage", "situation"}
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
    f"{name}-history" for name in ("customer", "contact", "assignment", "order", "potential", "tierfix", "customerrule")
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
