"""Who approves is told, once a month, of official values that lie outside what the log shows."""

import datetime as dt

import pytest

from accounts.models import Role
from planning.actions.values import reject_suggestion
from planning.queries.touch_values import line_on
from planning.value_mails import tell_approvers
from territory.mail.choices import choose
from territory.mail.models import Mail
from territory.mail.sending import deliver_waiting
from tests import factories

NOW = dt.datetime(2026, 6, 9, 10, tzinfo=dt.UTC)


@pytest.fixture
def evidence(cast, time_machine):
    """Voice calls with prospects of tier A: officially 60, while the log shows 155 (113 to 201)."""
    time_machine.move_to(NOW, tick=False)
    kind, tier = factories.touch_types()["voice"], factories.tiers()["A"]
    factories.touch_value(kind, tier, 60)
    return factories.evidence(kind, tier)


def run(now=NOW):
    tell_approvers(now=now)
    deliver_waiting()


def test_the_administrator_is_told_what_lies_outside(cast, evidence, mailoutbox):
    run()

    [mail] = mailoutbox
    assert mail.to == [cast.admin.email]
    assert mail.subject == "1 official touch value is outside its interval"
    assert "- Voice call, tier A, prospects: £60; the log shows £155 (113 to 201)" in mail.body
    assert "http://localhost:8000/touch-values/" in mail.body


def test_once_a_month_whatever_runs_twice(cast, evidence, mailoutbox, time_machine):
    for now in (NOW, NOW, NOW + dt.timedelta(days=20)):
        run(now)
    assert len(mailoutbox) == 1

    time_machine.move_to(NOW + dt.timedelta(days=22), tick=False)
    run(NOW + dt.timedelta(days=22))
    assert len(mailoutbox) == 2


def test_nobody_is_told_of_what_is_inside_or_rejected(cast, evidence, mailoutbox):
    line = line_on("prospect", evidence.touch_type_id, evidence.tier_id, NOW.date())
    reject_suggestion(line=line, seen=(evidence.pk, line.official.pk), reason="One campaign", actor=cast.admin, now=NOW)
    run()
    assert not Mail.objects.exists()


def test_who_may_not_approve_any_more_or_wants_none_is_told_nothing(cast, evidence, mailoutbox):
    choose(actor=cast.admin, now=NOW, version=1, chosen={"touch_values_outside": "never"})
    other = factories.membership(factories.person("Second"), cast.exeter, "Administrator")
    tell_approvers(now=NOW)
    other.ends_on = NOW.date() - dt.timedelta(days=1)
    other.save()
    deliver_waiting()

    assert mailoutbox == []


def test_who_approves_but_does_not_see_evidence_is_not_told_what_it_says(cast, evidence, mailoutbox):
    role = Role.objects.get(name="Sales manager")
    role.access["touch_values"] = {"see": "all", "approve": "all"}
    role.save()
    run()

    assert [mail.to for mail in mailoutbox] == [[cast.admin.email]]


def test_rights_of_several_memberships_count_together(cast, evidence, mailoutbox):
    person = factories.person("Analyst")
    seeing = {area: {"see": "all"} for area in ("customers", "touches", "orders", "amounts")}
    factories.membership(person, cast.exeter, factories.role("Analyst", access=seeing))
    approving = {"touch_values": {"see": "all", "approve": "all"}}
    factories.membership(person, cast.leeds, factories.role("Approver", access=approving))
    run()

    assert sorted(mail.to[0] for mail in mailoutbox) == sorted([cast.admin.email, person.email])
