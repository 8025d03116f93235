"""Thresholds are declared by the kinds: their page, the preview of a change and the rules file follow."""

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from planning.actions.effects import run_effect
from planning.draft_kinds import DRAFT_KINDS
from planning.models import PlanningSettings, RuleDraft
from planning.rules_file import RulesFileError, dump_rules, load_rules
from planning.situations.registry import KINDS
from planning.situations.runner import find_situations
from planning.situations.threshold import Threshold, Unit
from tests import factories
from tests.planning.drafting import sent
from tests.planning.situations.finding import NOW, customer

PAGE = "threshold_situations"
DECLARED = [threshold for kind in KINDS for threshold in kind.thresholds]


def post(client, user, **values):
    client.force_login(user)
    row = PlanningSettings.objects.get_or_create(pk=1)[0]
    return client.post(reverse(PAGE), sent("situations", row, **values))


def test_names_are_declared_once_and_what_lies_below_is_there():
    names = [threshold.name for threshold in DECLARED]
    assert len(names) == len(set(names))
    assert {threshold.below for threshold in DECLARED} <= {"", *names}


def test_the_page_has_a_field_for_each(client, cast):
    client.force_login(cast.admin)
    text = client.get(reverse(PAGE)).content.decode()
    assert [name for name in (row.name for row in DECLARED) if f'name="{name}"' not in text] == []


def test_who_may_not_change_rules_reads_them(client, cast):
    client.force_login(cast.rep)
    text = client.get(reverse(PAGE)).content.decode()
    assert "Pointed out so many days before" in text
    assert 'name="sole_away_notice"' not in text
    assert "<dd>20\N{NO-BREAK SPACE}%</dd>" in text
    assert "<dd>£10,000</dd>" in text
    assert post(client, cast.rep).status_code == 403


def test_what_must_lie_below_must(client, cast):
    answer = post(client, cast.admin, large_order_until="20")
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["large_order_until"]
    assert post(client, cast.admin, large_order_until="19").status_code == 302


def test_a_preview_tells_how_many_would_stand_of_kinds_that_change(client, cast):
    factories.contact(customer(50_000))
    factories.contact(customer(15_000))
    find_situations(now=NOW)
    post(client, cast.admin, single_contact_tiers="1")
    draft = RuleDraft.objects.get()
    run_effect(draft.pk, draft.asked, now=NOW)
    draft.refresh_from_db()
    assert draft.effect["situations"] == [["single_contact", 2, 1]]
    text = client.get(reverse("draft_detail", args=[draft.pk])).content.decode()
    assert "Pointed out: single contact" in text
    # Two kinds have a threshold of the same words.
    assert "Single contact: On so many of the highest tiers" in text


def test_saved_it_holds(client, cast):
    post(client, cast.admin, single_contact_tiers="1", large_order_above="30")
    row = PlanningSettings.current()
    assert row.situations == {}
    draft = RuleDraft.objects.get()
    kind = DRAFT_KINDS["situations"]
    form = kind.bound(draft)
    assert form.is_valid()
    form.instance.save()
    kept = PlanningSettings.current().situations
    assert (kept["single_contact_tiers"], kept["large_order_above"]) == (1, "0.3000")


def test_the_rules_file_knows_them(started_rules):
    told = dump_rules()["settings"]
    assert {row.name: told[row.name] for row in DECLARED} == {row.name: row.kept(row.default) for row in DECLARED}
    assert load_rules({"settings": dump_rules()["settings"]}, actor=None, now=NOW) == {}
    assert load_rules({"settings": {"single_contact_tiers": 3}}, actor=None, now=NOW) == {"settings": 1}
    assert PlanningSettings.current().situations == {"single_contact_tiers": 3}
    assert load_rules({"settings": dump_rules()["settings"]}, actor=None, now=NOW) == {}


@pytest.mark.parametrize("wrong", [{"single_contact_tiers": 21}, {"sole_away_days": 0}, {"stalled_order_share": "1.5"}])
def test_the_rules_file_refuses_what_lies_outside(started_rules, wrong):
    with pytest.raises(RulesFileError, match=f"settings.{next(iter(wrong))}"):
        load_rules({"settings": wrong}, actor=None, now=NOW)


@pytest.fixture
def started_rules(company):
    PlanningSettings.objects.get_or_create(pk=1)


@pytest.mark.parametrize(("value", "fits"), [(0, False), (1, True), (9, True), (10, False)])
def test_bounds_are_inclusive(value, fits):
    threshold = Threshold("x", "x", Unit.NUMBER, 5, least=1, most=9)
    if fits:
        assert threshold.checked(value) == value
    else:
        with pytest.raises(ValidationError):
            threshold.checked(value)
