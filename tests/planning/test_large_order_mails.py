"""Managers are told of a large pending order, each once an order, with the figures that they may see."""

import datetime as dt

import pytest

from planning.models import Situation
from planning.situations.runner import find_of_orders
from territory.mail.choices import choose
from territory.mail.models import Mail
from territory.mail.sending import deliver_waiting
from tests import factories

NOW = dt.datetime(2026, 6, 9, 10, 0, tzinfo=dt.UTC)


@pytest.fixture
def order(cast, time_machine):
    """210,000 pending in Exeter, which won 1,000,000 in the last year."""
    time_machine.move_to(NOW, tick=False)
    for days, amount in ((500, 1), (100, 1_000_000)):
        factories.order(cast.own, amount, "won", NOW - dt.timedelta(days=days), salesperson=cast.rep)
    return factories.order(cast.own, 210_000, salesperson=cast.rep, opened_at=NOW)


def run():
    find_of_orders(now=NOW)
    deliver_waiting()


def told(mailoutbox):
    return sorted(mail.to[0] for mail in mailoutbox)


def test_the_managers_of_the_team_and_of_all_above_are_told(cast, order, mailoutbox):
    leader = factories.membership(factories.person(), cast.exeter, "Sales manager").user
    run()

    assert told(mailoutbox) == sorted([cast.manager.email, leader.email])


def test_the_mail_holds_amount_share_and_a_link(cast, order, mailoutbox):
    run()

    body = mailoutbox[0].body
    assert mailoutbox[0].subject == "Large order pending: Own customer"
    assert "£210,000" in body
    assert "Exeter: 21\xa0% of what it won in the last 365 days" in body
    assert "http://localhost:8000/situations/" in body


def test_once_an_order_and_manager_whatever_runs_twice(cast, order, mailoutbox):
    for _ in range(3):
        run()

    assert len(mailoutbox) == 1


def test_not_again_when_it_resolves_and_opens_anew(cast, order, mailoutbox):
    run()
    for amount in (1_000, 210_000):
        order.amount = amount
        order.save()
        run()

    assert Situation.objects.filter(team=cast.exeter).count() == 2
    assert len(mailoutbox) == 1


def test_without_reach_over_the_team_s_amounts_there_is_no_figure(cast, order, mailoutbox):
    role = factories.role("Sales manager")
    role.access["amounts"] = {"see": "own"}
    role.save()
    run()

    (mail,) = mailoutbox
    assert "Own customer" in mail.body
    assert not [word for word in ("210", "21\xa0%", "£", "1,000") if word in mail.body + mail.subject]


def test_a_team_whose_amounts_one_may_not_see_is_left_out(cast, order, mailoutbox):
    role = factories.role("Sales manager")
    role.access["amounts"] = {"see": "team"}
    role.save()
    leader = factories.membership(factories.person(), cast.exeter, "Sales manager").user
    run()

    mail = next(mail for mail in mailoutbox if mail.to == [leader.email])
    assert "Exeter: 21\xa0%" in mail.body
    assert "South West" not in mail.body


def test_who_lost_access_before_it_was_sent_is_told_nothing(cast, order, mailoutbox):
    find_of_orders(now=NOW)
    cast.manager.memberships.update(ends_on=NOW.date() - dt.timedelta(days=1))
    deliver_waiting()

    assert (mailoutbox, Mail.objects.count()) == ([], 0)


def test_what_resolved_before_it_was_sent_is_not_told_but_may_be_later(cast, order, mailoutbox):
    find_of_orders(now=NOW)
    for amount in (1_000, 210_000):
        order.amount = amount
        order.save()
        run()

    assert len(mailoutbox) == 1


def test_who_wants_none_is_not_told(cast, order, mailoutbox):
    choose(actor=cast.manager, now=NOW, version=1, chosen={"large_order": "never"})
    run()

    assert mailoutbox == []


def test_due_touches_come_in_the_morning_to_who_asked_for_them(cast, time_machine, mailoutbox):
    from territory.mail.digest import post_digests

    time_machine.move_to(NOW, tick=False)
    factories.due_touch(cast.own, cast.rep, NOW.date() + dt.timedelta(days=1))
    choose(actor=cast.rep, now=NOW, version=1, chosen={"due_touches": "digest"})
    morning = dt.datetime(2026, 6, 10, 6, 0, tzinfo=dt.UTC)
    time_machine.move_to(morning, tick=False)
    post_digests(now=morning)
    deliver_waiting()

    (mail,) = mailoutbox
    assert (mail.to, mail.subject) == ([cast.rep.email], "1 touch is due today")
    assert "- Own customer: " in mail.body
