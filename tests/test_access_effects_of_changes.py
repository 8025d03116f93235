"""Previews of changed rules and of changed access: who sees no budgets, amounts or customers is told none of their figures."""

import pytest
from django.urls import reverse

from accounts.models import Role
from accounts.reaches import cells, key_of, reach_of
from planning.actions.effects import EFFECT_VERSION
from planning.models import RuleDraft, RulesVersion
from planning.queries.drafts import effect_shown
from territory import clock
from tests import factories
from tests.accounts.signing_in import client_of
from tests.test_access_amounts import SEPARATORS
from tests.two_teams import body

RULES = {area: {"see": "all", "change": "all", "approve": "all"} for area in ("rules", "touch_values")} | {
    "people": {"see": "all", "change": "all"},
    "names": {"see": "all"},
}
CUSTOMERS = {"customers": {"see": "all"}, "orders": {"see": "all"}, "touches": {"see": "all"}}
BUDGETS = {"budgets": {"see": "all"}}

# Figures that stand nowhere else, by what they tell of.
COUNTS = {"715151", "715252", "513131", "513232"}
MINUTES = {
    "471311",
    "481311",
    "816161",
    "816262",
    "816363",
    "816464",
    "917171",
    "917272",
    "918181",
    "918282",
    "919191",
    "919292",
}
LARGEST = {"471414", "481414"}
LARGE_ORDERS = {"614141", "614242"}

WHO = [
    ("sets rules alone", RULES, set()),
    ("and sees customers", RULES | CUSTOMERS, COUNTS),
    ("and sees budgets, of no customer", RULES | BUDGETS, MINUTES),
    ("and sees both, but no amounts", RULES | CUSTOMERS | BUDGETS, COUNTS | MINUTES | LARGEST),
    ("sees all", RULES | CUSTOMERS | BUDGETS | {"amounts": {"see": "all"}}, COUNTS | MINUTES | LARGEST | LARGE_ORDERS),
]


@pytest.fixture
def draft(cast) -> RuleDraft:
    """A change of rules with figures that cannot be mistaken."""
    row = factories.rule_draft(cast.admin)
    rule = factories.contact_rule()
    names = {
        "roles": {str(rule.role_id): [rule.role.name, 1]},
        "types": {str(rule.touch_type_id): str(rule.touch_type)},
        "tiers": {str(rule.tier_id): [rule.tier.name, 1]},
    }
    row.effect = {
        "customers": 715252,
        "touched": 715151,
        "budgets": [[rule.role_id, rule.tier_id, 471311.0, 481311.0]],
        "tiers": [[rule.tier_id, 513131, 513232]],
        "status": {"under": [816161, 816262], "over": [816363, 816464]},
        "due": [917171, 917272],
        "due_soon": [919191, 919292],
        "days": [[cast.rep.pk, 918181, 918282, [[cast.own.pk, rule.touch_type_id]], [], False]],
        "loads": [],
        "situations": [["large_order", 614141, 614242]],
        "largest": [[cast.own.pk, 471414.0, 481414.0]],
        "names": names,
    }
    row.effect_version, row.effect_rules_number = EFFECT_VERSION, RulesVersion.current()
    row.computed_at = clock.now()
    row.save()
    return row


def somebody(cast, access):
    role = factories.role("Office", function="administration", access=access)
    return factories.membership(factories.person("Office"), cast.south_west, role).user


@pytest.mark.parametrize(("who", "access", "told"), WHO, ids=[who for who, *_ in WHO])
def test_the_effect_of_rules_tells_what_its_reader_may_see(cast, draft, who, access, told):
    client = client_of(somebody(cast, access))
    for name in ("draft_detail", "draft_effect"):
        response = client.get(reverse(name, args=[draft.pk]))
        page = SEPARATORS.sub("", body(response))
        assert response.status_code == 200
        assert {number for number in COUNTS | MINUTES | LARGEST | LARGE_ORDERS if number in page} == told, name
        assert ("Own customer" in page) == (told >= LARGEST)
        assert ("lies beyond what you may see" in page) == (not told)


@pytest.mark.parametrize(("who", "access", "told"), WHO[:4], ids=[who for who, *_ in WHO[:4]])
def test_thresholds_cannot_be_tried_until_they_tell_how_large_an_order_is(cast, draft, who, access, told):
    """Whether a threshold lies below or above an order's share shows in nothing, not even in "nothing changes"."""
    user = somebody(cast, access)
    nothing = {"touched": 0, "tiers": [], "days": [], "loads": []}
    one, other = (draft.effect | nothing | {"situations": [["large_order", *pair]]} for pair in ([3, 3], [3, 4]))
    shown = [effect_shown(user, effect) for effect in (one, other)]
    assert shown[0] == shown[1]
    assert not shown[0].nothing


@pytest.mark.parametrize(("access", "counted"), [(RULES, False), (RULES | CUSTOMERS, True)])
def test_the_effect_of_access_counts_customers_for_who_sees_all_of_them(cast, access, counted):
    client = client_of(somebody(cast, access))
    role = Role.objects.get(name="Salesperson")
    shown = {key_of(area, act): str(reach_of(role.access, area, act)) for area, act in cells()}
    opened = client.post(
        reverse("role_access", args=[role.pk]),
        {**shown, "version": role.version, "customers_see": "team", "orders_see": "team", "amounts_see": "team"},
    )
    number = "2 more customers" if counted else "more customers"
    assert opened.context["opens"] == [
        f"2 people will see {number}.",
        f"2 people will see orders of {number}.",
        f"2 people will see amounts of {number}.",
        "3 people will see the sales of 2 more teams.",
    ]
    closed = client.post(
        reverse("role_access", args=[role.pk]), {**shown, "version": role.version, "amounts_see": "none"}
    )
    number = "3 customers" if counted else "customers"
    assert closed.context["closes"] == [f"3 people will no longer see amounts of {number}."]
