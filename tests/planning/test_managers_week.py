"""A manager's week, as a page and by mail: what it says, to whom, once."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Role
from customers.actions.lifecycle import rebuild_lifecycle
from customers.models import Customer, StageDecision
from planning.models import BudgetShare, Situation
from planning.queries.managers_week import managers_week
from planning.week_mails import post_weeks
from territory import clock
from territory.company.models import Holiday
from territory.mail.choices import choose
from territory.mail.models import Mail
from territory.mail.sending import deliver_waiting
from tests import factories
from tests.accounts.signing_in import client_of

pytestmark = pytest.mark.django_db

URL = reverse("managers_week")
MONDAY = dt.date(2026, 6, 8)
# 07:00 in London.
SEVEN = dt.datetime(2026, 6, 8, 6, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def now(time_machine):
    time_machine.move_to(SEVEN, tick=False)
    return time_machine


def at(day, hour=12):
    return dt.datetime.combine(day, dt.time(hour), tzinfo=dt.UTC)


@pytest.fixture
def happened(cast, now):
    """In Exeter: won 5,000 on Tuesday, lost 700 on Friday; a customer lost on Sunday. In Leeds: won 90,000. The rep has 200 %."""
    factories.tiers()
    factories.order(cast.own, 5_000, "won", at(dt.date(2026, 6, 2)), salesperson=cast.rep)
    factories.order(cast.own, 700, "lost", at(dt.date(2026, 6, 5)))
    factories.order(cast.own, 900, "won", at(dt.date(2026, 6, 8), hour=0))
    factories.order(cast.foreign, 90_000, "won", at(dt.date(2026, 6, 3)))
    StageDecision.objects.create(customer=cast.team_mates, stage="lost", at=at(dt.date(2026, 6, 7)), reason="gone")
    rebuild_lifecycle(list(Customer.objects.values_list("pk", flat=True)), now=clock.now())
    BudgetShare.objects.create(
        customer=cast.own,
        role=cast.rep_membership.role,
        membership=cast.rep_membership,
        team=cast.exeter,
        share=1,
        touch_minutes=40_000,
    )
    order = factories.order(cast.own, 80_000, title="Mill")
    Situation.objects.create(
        kind="large_order",
        subject=f"{order.pk}:{cast.exeter.pk}",
        order=order,
        customer=cast.own,
        team=cast.exeter,
        opened_at=at(dt.date(2026, 6, 4)),
        found_at=at(dt.date(2026, 6, 4)),
        checked_at=at(dt.date(2026, 6, 4)),
    )
    return cast


def text_of(user):
    answered = client_of(user).get(URL)
    assert answered.status_code == 200
    return answered.content.decode().split("<main")[1]


def test_it_says_what_changed_last_week(happened):
    week = managers_week(happened.manager)

    assert (week.first, week.last, week.before, week.until) == (
        MONDAY,
        dt.date(2026, 6, 14),
        dt.date(2026, 6, 1),
        dt.date(2026, 6, 7),
    )
    assert (week.won.orders, week.won.amount) == (1, Decimal(5_000))
    assert (week.lost.orders, week.lost.amount) == (1, Decimal(700))
    assert {move: number for move, number in week.moved if not move.is_of_tiers} == {"won": 1, "lost": 1}
    assert managers_week(happened.admin).won.orders == 2
    assert managers_week(happened.other_manager).won.amount == Decimal(90_000)


def test_it_says_what_to_decide_with_a_link_each(happened):
    text = text_of(happened.manager)

    assert "1 person has too much this week or next" in text
    assert '<span class="row-note">Rep</span>' in text
    assert "1 special situation asks to be looked at" in text
    assert "Large pending order: Own customer" in text
    assert f'href="{reverse("situation_list")}"' in text
    other = text_of(happened.other_manager)
    assert "Own customer" not in other
    assert "too much" not in other


def test_amounts_are_left_out_for_who_may_not_see_them(happened):
    role = Role.objects.get(name="Sales manager")
    role.access["amounts"] = {}
    role.save()

    week = managers_week(happened.manager)
    assert (week.won.orders, week.won.amount) == (1, None)
    assert "5,000" not in text_of(happened.manager)


def test_it_is_for_who_leads(cast, now):
    status = {
        name: client_of(getattr(cast, name)).get(URL).status_code for name in ("rep", "technician", "manager", "admin")
    }
    assert status == {"rep": 403, "technician": 403, "manager": 200, "admin": 200}
    assert URL in text_of_home(cast.manager)
    assert URL not in text_of_home(cast.rep)


def text_of_home(user):
    return client_of(user).get(reverse("customer_list")).content.decode()


def test_questions_do_not_grow_with_rows(happened):
    client = client_of(happened.manager)

    def look():
        with CaptureQueriesContext(connection) as queries:
            answered = client.get(URL)
        return len(queries), len(answered.content)

    look()
    few, _size = look()
    for number in range(30):
        seat = factories.membership(factories.person(f"Person {number}"), happened.exeter, "Salesperson")
        row = factories.customer(f"Customer {number}", owner=seat)
        order = factories.order(row, 1_000 + number, "won", at(dt.date(2026, 6, 3)))
        Situation.objects.create(
            kind="large_order" if number < 2 else "stalled_order",
            subject=f"{order.pk}",
            order=order,
            customer=row,
            team=happened.exeter,
            opened_at=at(dt.date(2026, 6, 4)),
            found_at=at(dt.date(2026, 6, 4)),
            checked_at=at(dt.date(2026, 6, 4)),
        )
    for number in range(3):
        market, line = factories.market(f"Market {number}"), factories.product_line(f"Line {number}")
        factories.situation_of("new_market", happened.exeter, market=market, product_line=line)
    many, size = look()
    assert "Line 2, Market 2" in client.get(URL).content.decode()
    assert many == few <= 12
    assert size < 60_000


def test_the_most_pressing_and_the_largest_won_and_lost_are_named(happened):
    for number in range(15):
        row = factories.customer(f"Customer {number}", owner=happened.rep_membership)
        factories.order(row, 1_000 + number, "won", at(dt.date(2026, 6, 3)))
        factories.order(row, 100 + number, "lost", at(dt.date(2026, 6, 3)))
        factories.situation_of("single_contact", happened.exeter, customer=row)
    factories.situation(factories.order(happened.own, 50_000, salesperson=happened.rep), happened.exeter)
    week = managers_week(happened.manager)
    for closed in (week.won, week.lost):
        assert (len(closed.largest), closed.largest[1].text) == (6, "Customer 14")
    kinds = [row.text.split(":")[0] for row in week.opened]
    assert len(kinds) == 6
    assert kinds == sorted(kinds, key=["large pending order", "single contact"].index)
    assert kinds[-1] == "single contact"


def test_one_person_and_several_are_told_of_as_such(happened):
    [one] = [row for row in managers_week(happened.manager).decisions if "too much" in row.text]
    assert (one.text, one.about) == ("1 person has too much this week or next", "Rep")
    BudgetShare.objects.create(
        customer=happened.team_mates,
        role=happened.mate_membership.role,
        membership=happened.mate_membership,
        team=happened.exeter,
        share=1,
        touch_minutes=30_000,
    )
    [both] = [row for row in managers_week(happened.manager).decisions if "too much" in row.text]
    assert (both.text, both.about) == ("2 people have too much this week or next", "Rep, Mate")


# --- By mail -----------------------------------------------------------------------------------------------------------


def run(now):
    post_weeks(now=now)
    deliver_waiting()


def test_on_monday_morning_each_manager_gets_their_own_week(happened, mailoutbox):
    run(SEVEN - MINUTE)
    assert mailoutbox == []
    run(SEVEN)

    mails = {mail.to[0]: mail for mail in mailoutbox}
    assert set(mails) == {happened.manager.email, happened.other_manager.email, happened.admin.email}
    mail = mails[happened.manager.email]
    assert mail.subject == "Your teams' week, 8 Jun to 14 Jun"
    assert "- 1 person has too much this week or next (Rep): http://localhost:8000/workload/" in mail.body
    assert "- 1 order won, £5,000" in mail.body
    assert "- became customers: 1" in mail.body
    assert f"http://localhost:8000{URL}" in mail.body
    assert "90,000" not in mail.body
    assert "Own customer" not in mails[happened.other_manager.email].body


def test_once_a_week_and_person_whatever_runs_twice(cast, now, mailoutbox):
    for minutes in (0, 0, 30, 600):
        run(SEVEN + minutes * MINUTE)
    assert len(mailoutbox) == 3
    run(SEVEN + dt.timedelta(days=1))
    assert len(mailoutbox) == 3
    now.move_to(SEVEN + dt.timedelta(days=7), tick=False)
    run(SEVEN + dt.timedelta(days=7))
    assert len(mailoutbox) == 6


def test_the_morning_is_that_of_the_person(cast, now, mailoutbox):
    cast.manager.time_zone = "America/New_York"
    cast.manager.save()
    run(SEVEN)
    assert cast.manager.email not in [mail.to[0] for mail in mailoutbox]
    now.move_to(SEVEN + dt.timedelta(hours=5), tick=False)
    run(SEVEN + dt.timedelta(hours=5))
    assert cast.manager.email in [mail.to[0] for mail in mailoutbox]


def test_no_week_on_a_monday_that_is_not_worked(cast, now, mailoutbox):
    Holiday.objects.create(on=MONDAY, name="Whit Monday")
    run(SEVEN)
    assert mailoutbox == []


def test_it_can_be_turned_off_in_the_profile(cast, now, mailoutbox):
    page = client_of(cast.manager).get(reverse("profile_mails")).content.decode()
    assert "My teams&#x27; week" in page
    assert "My teams&#x27; week" not in client_of(cast.rep).get(reverse("profile_mails")).content.decode()

    choose(actor=cast.manager, now=SEVEN, version=1, chosen={"managers_week": "never"})
    run(SEVEN)
    assert cast.manager.email not in [mail.to[0] for mail in mailoutbox]
    assert not Mail.objects.filter(recipient=cast.manager).exists()


def test_who_leads_no_more_when_it_is_sent_gets_none(cast, now, mailoutbox):
    post_weeks(now=SEVEN)
    role = Role.objects.get(name="Sales manager")
    role.access["budgets"] = {"see": "own"}
    role.save()
    deliver_waiting()
    assert [mail.to[0] for mail in mailoutbox] == [cast.admin.email]


def test_questions_of_the_tick_do_not_grow_with_managers(cast, now):
    def ask(when):
        with CaptureQueriesContext(connection) as queries:
            post_weeks(now=when)
        return len(queries)

    assert ask(SEVEN + dt.timedelta(days=2)) == 0
    post_weeks(now=SEVEN)
    few = ask(SEVEN)
    for number in range(5):
        factories.membership(
            factories.person(f"Manager {number}", email=f"m{number}@example.com"), cast.north, "Sales manager"
        )
    post_weeks(now=SEVEN)
    assert ask(SEVEN) == few
