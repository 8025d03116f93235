"""Situations of all kinds on screen: who sees which, grouped and in tabs, whose turn, until when acknowledged, on other pages."""

import datetime as dt
import re

import pytest
from django.urls import reverse

from accounts.models import Role
from customers.actions.lifecycle import rebuild_all_lifecycles
from planning.models import Situation, SituationHours
from planning.queries.workload import board
from planning.situations.registry import KINDS
from planning.situations.runner import find_situations
from territory.mail.models import Mail
from tests import factories
from tests.planning.situations.finding import NOW, TODAY, ago, day
from tests.planning.situations.test_runner import out_of_the_ordinary
from tests.two_teams import body

LIST = "situation_list"


def page(client, user, name=LIST, *args, **query):
    client.force_login(user)
    return client.get(reverse(name, args=args), query)


def status(client, user, row) -> int:
    return page(client, user, "situation_detail", row.pk).status_code


def badge(answer) -> int:
    return next(e["count"] for g in answer.context["shell"].groups for e in g["entries"] if e["name"] == LIST)


def test_every_kind_has_its_page(client, cast):
    out_of_the_ordinary(1)
    out_of_the_ordinary(2)
    find_situations(now=NOW)
    client.force_login(cast.admin)
    kinds = {}
    for row in Situation.objects.all():
        kinds[row.kind] = body(client.get(reverse("situation_detail", args=[row.pk])))
    assert kinds.keys() == {kind.key for kind in KINDS}
    assert "days without a touch" in kinds["stalled_order"]
    assert "100 / 1000" in kinds["under_served"]
    assert "3 customers" not in kinds["sole_away"]
    assert "Our share" in kinds["new_market"]
    assert "Who decided" in kinds["decider_left"]
    assert "Current contact" in kinds["single_contact"]
    assert "won a month" in kinds["large_order"]


# Who sees what


def test_one_on_a_person_is_for_themselves_and_for_who_sees_the_team(client, cast):
    row = factories.situation_of("sole_away", cast.exeter, person=cast.rep)
    seen = {name: status(client, user, row) == 200 for name, user in cast.everyone().items() if user.is_active}
    assert {name for name, sees in seen.items() if sees} == {"salesperson", "coordinator", "manager", "administrator"}


def test_who_does_not_see_absences_does_not_see_who_is_away(client, cast):
    row = factories.situation_of("sole_away", cast.exeter, person=cast.mate)
    role = Role.objects.get(name="Sales manager")
    role.access = {**role.access, "absences": {"see": "none", "change": "none", "approve": "none"}}
    role.save(update_fields=["access"])
    assert status(client, cast.manager, row) == 404


def test_one_on_a_market_is_for_who_sees_the_team_and_its_figures_for_who_sees_its_amounts(client, cast):
    fish, line = factories.market("Fish"), factories.product_line("Vision check")
    row = factories.situation_of("new_market", cast.exeter, market=fish, product_line=line, share=0.03)
    assert [status(client, user, row) for user in (cast.rep, cast.technician, cast.other_manager)] == [404] * 3
    for user in (cast.coordinator, cast.manager, cast.admin):
        assert "£640,000" in body(page(client, user, "situation_detail", row.pk))
        assert "Vision check, Fish" in body(page(client, user))
    role = Role.objects.get(name="Sales coordinator")
    role.access = {**role.access, "amounts": {"see": "own", "change": "none", "approve": "none"}}
    role.save(update_fields=["access"])
    for name, args in (("situation_detail", [row.pk]), (LIST, [])):
        text = body(page(client, cast.coordinator, name, *args))
        assert "Vision check, Fish" in text
        assert "640,000" not in text
        assert "3.0" not in text


def test_a_market_whose_customers_stand_under_several_teams_at_the_top_has_figures_for_who_sees_all(client, cast):
    fish, line = factories.market("Fish"), factories.product_line("Vision check")
    row = factories.situation_of("new_market", cast.exeter, market=fish, product_line=line, share=0.03)
    row.evidence = {**row.evidence, "shared": True}
    row.save(update_fields=["evidence"])
    for name, args in (("situation_detail", [row.pk]), (LIST, [])):
        assert "640,000" not in body(page(client, cast.manager, name, *args))
        assert "640,000" in body(page(client, cast.admin, name, *args))


def test_who_could_take_a_new_market_is_told_with_load_and_hours_left_and_that_nobody_could(client, cast):
    fish, line = factories.market("Fish"), factories.product_line("Vision check")
    row = factories.situation_of("new_market", cast.exeter, market=fish, product_line=line, share=0.03)
    rep = {"person": cast.rep.pk, "customers": 2, "load": "0.71", "room": "5.5"}
    mate = {"person": cast.mate.pk, "customers": 1, "load": "1.04", "room": "-0.8"}

    def told(*people):
        row.evidence = {**row.evidence, "people": people}
        row.save(update_fields=["evidence"])
        text = re.sub(r"<[^>]+>", "|", body(page(client, cast.manager, "situation_detail", row.pk)))
        return re.sub(r"[|\s]+", "|", text.replace("\N{NO-BREAK SPACE}", "~"))

    text = told(rep, mate)
    assert "2|customers|load|71.0~%,|5.5|h|a|week|left" in text
    assert "1|customer|load|104.0~%|Who|else|could|take|it|Nobody|else|you|see|who|sells|has|room." in text
    assert "5.5|h|a|week|left,|load|71.0~%" in told(mate, {**rep, "customers": 0})
    assert "could|take|it" not in told()


def test_who_is_in_it_is_told_of_touches_and_work_for_the_order_or_while_it_was_open(client, cast):
    order = factories.order(cast.own, 50_000, salesperson=cast.rep, team=cast.exeter, opened_at=ago(30))
    other = factories.order(cast.own, 10, salesperson=cast.rep, opened_at=ago(30))
    for at, minutes, about in ((ago(40), 5, None), (ago(40), 7, order), (ago(20), 60, None), (ago(20), 100, other)):
        factories.touch(cast.own, cast.rep, at, minutes, order=about)
    factories.touch(cast.own, cast.manager, ago(10), 30)
    factories.internal_work(cast.rep, cast.own, spent_on=day(10), minutes=13)
    row = factories.situation(order, cast.exeter)
    found = page(client, cast.manager, "situation_detail", row.pk).context["in_it"]
    assert [(part.name, part.minutes) for part in found.parts] == [("Rep", 80.0), ("Manager", 30.0)]
    assert "No senior manager yet" in body(page(client, cast.manager, "situation_detail", row.pk))
    role = Role.objects.get(name="Sales manager")
    role.access = {**role.access, "touches": {"see": "none", "change": "none", "approve": "none"}}
    role.save(update_fields=["access"])
    text = body(page(client, cast.manager, "situation_detail", row.pk))
    assert "Who is in it" not in text
    assert "No senior manager yet" not in text


def test_a_senior_manager_in_it_is_seen(client, cast):
    order = factories.order(cast.own, 50_000, salesperson=cast.rep, team=cast.exeter, opened_at=ago(30))
    senior = factories.membership(factories.person("Edda"), cast.exeter, "Senior manager")
    factories.touch(cast.own, senior.user, ago(10), 30, order=order)
    row = factories.situation(order, cast.exeter)
    text = body(page(client, cast.manager, "situation_detail", row.pk))
    assert "No senior manager yet" not in text
    for number in range(8):
        factories.touch(cast.own, factories.person(f"Person {number}"), ago(9), number + 1)
    found = page(client, cast.manager, "situation_detail", row.pk).context["in_it"]
    assert (len(found.parts), found.more, found.has_senior) == (6, 3, True)


def test_a_large_order_that_is_won_is_not_drawn_as_if_it_were_to_come(client, cast):
    order = factories.order(cast.own, 50_000, salesperson=cast.rep, team=cast.exeter)
    row = factories.situation(order, cast.exeter)
    assert "won a month" in body(page(client, cast.manager, "situation_detail", row.pk))
    row.resolved_at, row.resolved_because = NOW, "order ended"
    row.save(update_fields=["resolved_at", "resolved_because"])
    assert "won a month" not in body(page(client, cast.manager, "situation_detail", row.pk))


def test_an_order_without_an_amount_of_a_team_without_sales_is_drawn(client, cast):
    order = factories.order(cast.own, 0, salesperson=cast.rep, team=cast.exeter)
    row = factories.situation(order, cast.exeter)
    row.share, row.evidence = None, {**row.evidence, "amount": "0.00", "sales": "0.00", "share": None, "uplift": None}
    row.save(update_fields=["share", "evidence"])
    assert status(client, cast.manager, row) == 200


def test_a_contact_is_named_as_long_as_they_are_there(client, cast):
    contact = factories.contact(cast.own, "Jane Roe")
    row = factories.situation_of(
        "single_contact",
        cast.exeter,
        customer=cast.own,
        evidence={"contact": contact.pk, "left": 0, "last_left_on": None},
    )
    assert "Jane Roe" in body(page(client, cast.rep, "situation_detail", row.pk))
    contact.delete()
    assert "not to be seen" in body(page(client, cast.rep, "situation_detail", row.pk))


# The list


def test_of_each_kind_five_are_named_and_all_are_counted(client, cast):
    for number in range(7):
        factories.situation_of("single_contact", cast.exeter, customer=cast.own, weight=-number)
    factories.situation_of("decider_left", cast.exeter, customer=cast.own)
    answer = page(client, cast.manager)
    assert [(group.kind.key, group.count, len(group.lines)) for group in answer.context["groups"]] == [
        ("decider_left", 1, 1),
        ("single_contact", 7, 5),
    ]
    assert "Show 2 more" in body(answer)
    assert [line.row.weight for line in answer.context["groups"][1].lines] == [0, -1, -2, -3, -4]
    assert len(page(client, cast.manager, kind="single_contact").context["lines"]) == 7


def test_one_is_shown_beside_the_list_without_the_frame(client, cast):
    row = factories.situation_of("decider_left", cast.exeter, customer=cast.own)
    text = body(page(client, cast.manager))
    assert f'href="{reverse("situation_detail", args=[row.pk])}" data-panel data-beside' in text
    assert 'id="beside"' in text
    assert 'id="beside"' not in body(page(client, cast.manager, view="resolved"))
    part = client.get(reverse("situation_detail", args=[row.pk]), headers={"HX-Request": "true", "HX-Target": "beside"})
    assert "Who decided" in body(part)
    assert "<html" not in body(part)
    assert len(re.findall(r' id="id_version"', body(part))) == 1


def test_tabs(client, cast):
    mine = factories.situation_of("decider_left", cast.exeter, customer=cast.own, owner=cast.manager)
    factories.situation_of("decider_left", cast.exeter, customer=cast.team_mates, owner=cast.rep)
    factories.situation_of(
        "decider_left", cast.exeter, customer=cast.team_mates, owner=cast.manager, acknowledged_at=NOW, note="Seen"
    )
    for days in (89, 91):
        at = NOW - dt.timedelta(days=days)
        factories.situation_of(
            "decider_left", cast.exeter, customer=cast.own, resolved_at=at, resolved_because="long ago"
        )
    answer = page(client, cast.manager, view="mine")
    assert answer.context["counts"] == {"open": 3, "mine": 1, "acknowledged": 1, "resolved": 1}
    assert [line.row for group in answer.context["groups"] for line in group.lines] == [mine]


def test_of_a_team_and_all_under_it(client, cast):
    factories.situation_of("decider_left", cast.exeter, customer=cast.own)
    factories.situation_of("decider_left", cast.south_west, customer=cast.own)
    assert page(client, cast.manager, team=cast.exeter.pk).context["counts"]["open"] == 1
    assert page(client, cast.manager, team=cast.south_west.pk).context["counts"]["open"] == 2
    assert page(client, cast.manager, team=cast.leeds.pk).status_code == 404


def test_its_queries_do_not_grow(client, cast, django_assert_max_num_queries):
    for number in range(8):
        row = factories.customer(owner=cast.rep_membership)
        factories.situation_of("single_contact", cast.exeter, customer=row, weight=number, owner=cast.rep)
        factories.situation(factories.order(row, 1000))
        factories.situation_of(
            "new_market", cast.exeter, market=factories.market(), product_line=factories.product_line(), share=0.01
        )
    page(client, cast.manager)
    for query in ({}, {"kind": "new_market"}, {"view": "resolved"}):
        with django_assert_max_num_queries(12):
            assert client.get(reverse(LIST), query).status_code == 200
    for row in (Situation.objects.filter(kind=kind.key).first() for kind in KINDS):
        if row is not None:
            with django_assert_max_num_queries(12):
                assert client.get(reverse("situation_detail", args=[row.pk])).status_code == 200


# Acknowledging until a day, handing the turn over


@pytest.fixture
def left(cast):
    return factories.situation_of("decider_left", cast.exeter, customer=cast.own, owner=cast.rep)


def acknowledge(client, row, **data):
    return client.post(
        reverse("situation_acknowledge", args=[row.pk]), {"note": "We call them.", "version": row.version, **data}
    )


def test_until_a_day_it_is_acknowledged_then_it_asks_again(client, cast, left, time_machine):
    client.force_login(cast.manager)
    day = TODAY + dt.timedelta(days=10)
    assert acknowledge(client, left, look_again_on=day.isoformat()).status_code == 302
    assert badge(client.get(reverse(LIST))) == 0
    time_machine.move_to(NOW + dt.timedelta(days=9), tick=False)
    assert badge(page(client, cast.manager)) == 0
    time_machine.move_to(NOW + dt.timedelta(days=10), tick=False)
    answer = page(client, cast.manager)
    assert (badge(answer), answer.context["counts"]["acknowledged"]) == (1, 0)


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("situation_acknowledge", {"note": "We call them.", "version": 1}),
        ("situation_turn", {"owner": None, "version": 1}),
        ("situation_hours", {"user": None, "hours_per_week": "2"}),
    ],
)
def test_what_is_done_beside_the_list_answers_there_and_in_a_panel_leads_back(client, cast, left, name, sent):
    """On a page of its own it leads to that page."""
    client.force_login(cast.manager)
    sent = {key: cast.rep.pk if value is None else value for key, value in sent.items()}
    url, here = reverse(name, args=[left.pk]), reverse(LIST) + "?view=mine&kind=decider_left"

    def done(part: str):
        shown = {"HX-Request": "true", "HX-Target": part, "HX-Current-URL": f"http://testserver{here}"}
        sent["version"] = Situation.objects.get(pk=left.pk).version
        return client.post(url, sent, headers=shown if part else {})

    beside = done("beside")
    assert (beside.status_code, beside.templates[0].name) == (200, "planning/situations/detail.html")
    assert "<html" not in body(beside)
    assert beside.context["situation"].version > 1 or name == "situation_hours"
    assert 'hx-swap-oob="beforeend:#toasts"' in body(beside)
    assert done("panel-content").headers["HX-Redirect"] == here
    assert done("").url == reverse("situation_detail", args=[left.pk])


@pytest.mark.parametrize(("days", "code"), [(0, 422), (1, 302), (365, 302), (366, 422)])
def test_the_day_lies_ahead_within_a_year(client, cast, left, days, code):
    client.force_login(cast.manager)
    assert acknowledge(client, left, look_again_on=(TODAY + dt.timedelta(days=days)).isoformat()).status_code == code


def turn(client, row, owner, version=1):
    return client.post(reverse("situation_turn", args=[row.pk]), {"owner": owner.pk, "version": version})


def test_the_turn_is_handed_over_and_its_history_says_so(client, cast, left):
    client.force_login(cast.manager)
    assert turn(client, left, cast.mate).status_code == 302
    left.refresh_from_db()
    assert left.owner == cast.mate
    assert turn(client, left, cast.rep).status_code == 409
    assert turn(client, left, cast.other_rep, 2).status_code == 422
    assert f"Handed over to {cast.mate.name}" in body(client.get(reverse("situation_detail", args=[left.pk])))


def test_who_only_sees_it_hands_nothing_over_and_who_does_not_finds_nothing(client, cast, left):
    for user, code in ((cast.rep, 403), (cast.mate, 404), (cast.other_manager, 404)):
        client.force_login(user)
        assert turn(client, left, cast.mate).status_code == code
    left.refresh_from_db()
    assert left.owner == cast.rep


def test_what_stood_before_is_told(client, cast, left):
    earlier = factories.situation_of("decider_left", cast.exeter, customer=cast.own, resolved_at=NOW)
    Situation.objects.update(subject="customer 1")
    answer = page(client, cast.manager, "situation_detail", left.pk)
    assert reverse("situation_detail", args=[earlier.pk]) in body(answer)


# Elsewhere


def test_quiet_kinds_wait_on_their_own_page(client, cast):
    for kind in ("single_contact", "under_served"):
        factories.situation_of(kind, cast.exeter, customer=cast.own, share=0.47)
    assert badge(page(client, cast.manager)) == 0
    assert page(client, cast.manager, "workload").context["situations"] == []
    assert page(client, cast.rep, "today").context["situations"] == []
    customer = body(page(client, cast.rep, "customer_detail", cast.own.pk))
    assert "Single contact." in customer
    assert "232 of 491 min a month, 47" in customer


def test_today_names_the_most_pressing_and_ones_own_absence(client, cast):
    for _ in range(6):
        factories.situation_of("stalled_order", cast.exeter, customer=cast.own, order=factories.order(cast.own))
    away = factories.situation_of("sole_away", cast.exeter, person=cast.rep)
    answer = page(client, cast.rep, "today")
    assert answer.context["situations"][0] == away
    assert len(answer.context["situations"]) == 6
    assert "All special situations" in body(answer)
    assert page(client, cast.mate, "today").context["situations"] == []


def test_hours_set_aside_are_in_the_workload_until_it_resolves(client, cast, left):
    SituationHours.objects.create(situation=left, user=cast.rep, hours_per_week=3)

    def minutes() -> float:
        lines = {line.person.pk: line for _rows, line in board(cast.manager).lines if line}
        return lines[cast.rep.pk].cells[0].set_aside

    assert minutes() == 180
    Situation.objects.update(resolved_at=NOW - dt.timedelta(days=1))
    assert minutes() == 0


def test_managers_get_one_mail_a_run_in_their_digest(cast, mailoutbox):
    for number in range(2):
        factories.contact(cast.own if number else cast.team_mates, decides=True, left_on=TODAY)
    seat = factories.membership(factories.person(), cast.exeter, "Salesperson")
    factories.assign(factories.customer(team=cast.exeter), seat, "sole")
    factories.absence(seat.user, TODAY, TODAY + dt.timedelta(days=9))
    rebuild_all_lifecycles(now=NOW)
    find_situations(now=NOW)
    find_situations(now=NOW + dt.timedelta(minutes=10))
    [mail] = Mail.objects.filter(kind="situations")
    assert (mail.recipient, mail.in_digest) == (cast.manager, True)
    from planning.situations.mails import _compose_new

    message = _compose_new(cast.manager, mail.facts)
    assert message.subject == "3 new special situations"
    assert f"- {seat.user.name}: sole contact away, " in message.text
    assert "Own customer: decider left" in message.text
    assert _compose_new(cast.other_manager, mail.facts) is None
