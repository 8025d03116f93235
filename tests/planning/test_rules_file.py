"""manage.py rules: all rules as one JSON, loaded as a whole or not at all."""

import copy
import datetime as dt
import json
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Role
from accounts.permissions import Area
from customers.models import SaleType, Tier, TouchType
from customers.signals import catalogue_changed
from planning.actions.starting_rules import create_starting_rules
from planning.models import ContactRule, OrderRule, PlanningSettings, RulesVersion, TouchValue
from planning.rules_file import RulesFileError, dump_rules, load_rules
from territory.company.models import Company, Holiday
from territory.company.signals import company_changed
from tests import factories

NOW = dt.datetime(2026, 11, 25, 10, 0, tzinfo=dt.UTC)


@pytest.fixture
def started(company):
    """A company with the starting rules."""
    create_starting_rules(now=NOW, on=dt.date(2026, 11, 25))
    return company


@pytest.fixture
def heard():
    """Which signals were sent."""
    calls = []

    def catalogue(**_):
        calls.append("catalogue")

    def days(**_):
        calls.append("company")

    catalogue_changed.connect(catalogue)
    company_changed.connect(days)
    yield calls
    catalogue_changed.disconnect(catalogue)
    company_changed.disconnect(days)


def load(given):
    return load_rules(given, actor=None, now=NOW)


def refused(given):
    with pytest.raises(RulesFileError) as caught:
        load(given)
    return str(caught.value)


def test_what_was_dumped_loads_without_any_change(started, heard):
    version = RulesVersion.current()
    assert load(dump_rules()) == {}
    assert RulesVersion.current() == version
    assert heard == []


def test_the_dump_names_everything(started):
    found = dump_rules()
    assert list(found) == [
        "working_days",
        "holidays",
        "roles",
        "tiers",
        "touch_types",
        "contact_roles",
        "order_steps",
        "sale_types",
        "circumstances",
        "contact_rules",
        "order_rules",
        "contact_loads",
        "team_selling_loads",
        "team_loads",
        "speeds",
        "touch_values",
        "activity_goals",
        "settings",
    ]
    assert found["working_days"] == ["monday", "tuesday", "wednesday", "thursday", "friday"]
    assert found["tiers"][0] == {"name": "A", "lower_bound": "40000.00"}
    rule = ContactRule.objects.select_related("tier", "role", "touch_type").first()
    assert found["contact_rules"][0] == {
        "tier": rule.tier.name,
        "stage": rule.stage,
        "role": rule.role.name,
        "touch_type": rule.touch_type.name,
        "count": rule.count,
        "period": rule.period,
        "minutes": rule.duration_seconds // 60,
    }
    assert found["order_rules"][0] == {"role": "Salesperson", "tier": None, "minutes": 20}
    assert found["settings"]["under_served_below"] == "0.7500"
    assert found["settings"]["retry_working_days"] == 2


def test_the_dump_of_one_installation_makes_another(started):
    found = dump_rules()
    found["roles"].append({"name": "Chemist", "function": "technical"})
    found["team_loads"].append({"role": "Chemist", "minutes": 12.5})
    ContactRule.objects.all().delete()
    TouchValue.objects.all().delete()
    changes = load(found)
    assert changes["contact_rules"] == len(found["contact_rules"])
    assert changes["touch_values"] == len(found["touch_values"])
    assert dump_rules()["contact_rules"] == found["contact_rules"]
    chemist = Role.objects.get(name="Chemist")
    assert chemist.access[str(Area.CUSTOMERS)] == {"see": "own"}
    assert load(found) == {}


def test_a_change_raises_the_version_once_and_tells(started, heard):
    found = dump_rules()
    found["touch_types"][0]["minutes"] = 12.5
    found["holidays"] = [{"on": "2026-12-25", "name": "Christmas Day"}]
    found["working_days"] = ["monday", "sunday"]
    assert load(found) == {"touch_types": 1, "holidays": 1, "working_days": 1}
    assert heard == ["catalogue", "company"]
    row = TouchType.objects.get(name="Voice call")
    assert (row.default_seconds, row.version, row.history.order_by("pk").last().history_change_reason) == (
        750,
        2,
        "Rules file",
    )
    assert Company.objects.get().working_days == [1, 7]
    assert Holiday.objects.get().name == "Christmas Day"
    assert RulesVersion.objects.filter(what="Rules file: touch_types, working_days, holidays").count() == 1


def test_a_change_of_rules_alone_raises_the_version_too(started):
    version = RulesVersion.current()
    found = dump_rules()
    found["contact_rules"][0]["count"] = 3
    assert load(found) == {"contact_rules": 1}
    assert RulesVersion.current() > version
    assert ContactRule.objects.filter(count=3).count() == 1


def test_what_no_figure_rests_on_leaves_the_version(started, heard):
    version = RulesVersion.current()
    found = dump_rules()
    found["order_steps"][0]["probability"] = "0.35"
    found["contact_roles"].append({"name": "Advisor", "expected_in_top_tiers": False})
    found["sale_types"].append({"name": "Upgrade"})
    assert load(found) == {"contact_roles": 1, "order_steps": 1, "sale_types": 1}
    assert (RulesVersion.current(), heard) == (version, [])


def test_sections_that_are_left_out_stay(started):
    before = dump_rules()
    load({"team_loads": []})
    after = dump_rules()
    assert after.pop("team_loads") == []
    before.pop("team_loads")
    assert after == before


def test_rows_that_are_left_out_go_or_are_retired_where_something_names_them(started):
    factories.customer("Acme", tier=Tier.objects.get(name="C"))
    TouchValue.objects.all().delete()
    found = dump_rules()
    found["tiers"] = [row for row in found["tiers"] if row["name"] not in ("B", "C")]
    found["contact_rules"] = [row for row in found["contact_rules"] if row["tier"] not in ("B", "C")]
    assert load(found)["tiers"] == 3
    assert list(Tier.objects.live().values_list("name", "position")) == [("A", 1), ("D", 2)]
    assert Tier.objects.get(name="C").retired_at == NOW
    assert not Tier.objects.filter(name="B").exists()


def test_a_retired_row_comes_back_by_its_name(started):
    TouchType.objects.filter(name="Demo").update(retired_at=NOW)
    found = dump_rules()
    found["touch_types"].insert(
        3, {"name": "Demo", "channel": "field", "minutes": 90, "travels": True, "is_demo": True}
    )
    assert load(found) == {"touch_types": 1}
    assert TouchType.objects.get(name="Demo").retired_at is None


def test_tiers_can_change_places(started):
    found = dump_rules()
    found["tiers"][0]["lower_bound"], found["tiers"][1]["lower_bound"] = "15000", "40000"
    load(found)
    assert list(Tier.objects.live().values_list("name", "lower_bound")) == [
        ("B", Decimal(40000)),
        ("A", Decimal(15000)),
        ("C", Decimal(5000)),
        ("D", Decimal(0)),
    ]


def test_tiers_of_other_names_at_the_same_bounds(started):
    """The old ones stay for what names them, and stand in nobody's way."""
    load({"contact_rules": [], "tiers": [{"name": "Gold", "lower_bound": 40000}, {"name": "Tin", "lower_bound": 0}]})
    assert list(Tier.objects.live().values_list("name", "lower_bound")) == [
        ("Gold", Decimal(40000)),
        ("Tin", Decimal(0)),
    ]
    assert load({"tiers": [{"name": "Gold", "lower_bound": 40000}, {"name": "Tin", "lower_bound": 0}]}) == {}


def test_the_two_sale_types_that_orders_get_by_themselves_are_renamed(started):
    new = SaleType.objects.get(kind="new_business")
    rows = [{"name": "Neu", "kind": "new_business"}, {"name": "Wieder", "kind": "repeat"}]
    load({"sale_types": rows})
    new.refresh_from_db()
    assert new.name == "Neu"
    assert load({"sale_types": rows}) == {}


def test_values_are_added_and_never_overwritten(started):
    value = {
        "touch_type": "Voice call",
        "tier": "A",
        "stage": "prospect",
        "amount": "99.00",
        "starts_on": "2026-12-01",
        "reason": "Reviewed",
    }
    assert load({"touch_values": [value]}) == {"touch_values": 1}
    assert load({"touch_values": [value]}) == {}
    assert TouchValue.objects.filter(touch_type__name="Voice call", tier__name="A", stage="prospect").count() == 2
    words = refused({"touch_values": [value | {"amount": "98.00"}]})
    assert words.startswith(
        "touch_values[0].amount: 99.00 starts on that day already, and values are never overwritten"
    )


def test_goals_of_roles_are_set_and_ended_without_making_a_figure_stale(started):
    version = RulesVersion.current()
    goal = {"role": "Salesperson", "touch_type": "Voice call", "count": 25, "period": "week"}
    assert load({"activity_goals": [goal]}) == {"activity_goals": 1}
    assert load({"activity_goals": [goal]}) == {}
    assert load({"activity_goals": [goal | {"count": 30, "starts_on": "2027-01-01"}]}) == {"activity_goals": 1}
    assert load({"activity_goals": [goal | {"ends_on": "2027-06-30"}]}) == {"activity_goals": 1}
    factories.activity_goal(factories.person(), touch_type=TouchType.objects.get(name="Voice call"))
    assert [(row["count"], row["starts_on"], row["ends_on"]) for row in dump_rules()["activity_goals"]] == [
        (25, None, "2027-06-30"),
        (30, "2027-01-01", None),
    ]
    assert load(dump_rules()) == {}
    assert RulesVersion.current() == version
    wrong = {"period": "week", "starts_on": "2027-01-02", "ends_on": "2027-01-01"}
    assert refused({"activity_goals": [goal | wrong]}) == "activity_goals[0].ends_on: is before starts_on."
    assert "activity_goals[0].period" in refused({"activity_goals": [goal | {"period": "year"}]})


def test_settings(started):
    assert load({"settings": {"large_order_above": 0.25, "retry_working_days": 3}}) == {"settings": 1}
    settings = PlanningSettings.current()
    assert (settings.situations, settings.retry_working_days) == ({"large_order_above": "0.2500"}, 3)


def test_settings_of_counting_make_no_figure_stale(started):
    before = RulesVersion.current()
    assert load({"settings": {"repeats_count_once": True, "margin_share": 0.35}}) == {"settings": 1}
    assert dump_rules()["settings"]["repeats_count_once"] is True
    assert dump_rules()["settings"]["margin_share"] == "0.3500"
    assert load({"settings": {"margin_share": None}}) == {"settings": 1}
    assert dump_rules()["settings"]["margin_share"] is None
    assert RulesVersion.current() == before
    load({"settings": {"margin_share": "0.2", "retry_working_days": 4}})
    assert RulesVersion.current() == before + 1


RULE = {
    "tier": "A",
    "stage": "customer",
    "role": "Salesperson",
    "touch_type": "Voice call",
    "count": 1,
    "period": "month",
    "minutes": 10,
}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "The file must hold one object."),
        ({"teirs": []}, "teirs: is not known. Known: about, "),
        ({"tiers": {}}, "tiers: must be a list."),
        ({"tiers": []}, "tiers: there must be one tier at least."),
        ({"tiers": ["A"]}, "tiers[0]: must be an object."),
        ({"tiers": [{"name": "A"}]}, "tiers[0].lower_bound: is missing."),
        ({"tiers": [{"name": "A", "lower_bound": "much"}]}, "tiers[0].lower_bound: must be a number."),
        ({"tiers": [{"name": "A", "lower_bound": "NaN"}]}, "tiers[0].lower_bound: must be a number."),
        ({"tiers": [{"name": "A", "lower_bound": -1}]}, "tiers[0].lower_bound: Ensure this value is greater"),
        (
            {"tiers": [{"name": "A", "lower_bound": 5}, {"name": "B", "lower_bound": "5.00"}]},
            "tiers[1].lower_bound: tiers[0] begins at 5.00 already.",
        ),
        (
            {"tiers": [{"name": "A", "lower_bound": 5}, {"name": "A", "lower_bound": 6}]},
            "tiers[1]: says again what tiers[0] says.",
        ),
        (
            {"tiers": [{"name": "A", "lower_bound": 0, "color": "red"}]},
            "tiers[0].color: is not known. Known: lower_bound, name.",
        ),
        ({"tiers": [{"name": "Z", "lower_bound": 0}]}, "tiers: “A” is left out, but contact_rules name it;"),
        (
            {"contact_rules": [RULE, RULE | {"touch_type": "Demo"}, RULE | {"tier": "E"}]},
            "contact_rules[2].tier: no tier “E”.",
        ),
        ({"contact_rules": [RULE | {"role": "Wizard"}]}, "contact_rules[0].role: no role “Wizard”."),
        ({"contact_rules": [RULE, RULE | {"count": 2}]}, "contact_rules[1]: says again what contact_rules[0] says."),
        ({"contact_rules": [RULE | {"count": 0}]}, "contact_rules[0].count: Ensure this value is greater"),
        ({"contact_rules": [RULE | {"count": 1.5}]}, "contact_rules[0].count: must be a whole number."),
        ({"contact_rules": [RULE | {"stage": "asleep"}]}, "contact_rules[0].stage: "),
        ({"contact_rules": [RULE | {"period": "hour"}]}, "contact_rules[0].period: "),
        ({"contact_rules": [RULE | {"minutes": -1}]}, "contact_rules[0].minutes: must be minutes from 0 to 1440."),
        ({"contact_rules": [RULE | {"minutes": 1441}]}, "contact_rules[0].minutes: must be minutes from 0 to 1440."),
        ({"order_rules": [{"role": "Salesperson", "minutes": 1441}]}, "order_rules[0].minutes: must be minutes from 0"),
        ({"team_loads": [{"role": "Salesperson", "minutes": 44641}]}, "team_loads[0].minutes: must be minutes from 0"),
        (
            {"touch_types": [{"name": "Call", "channel": "voice", "minutes": 5}], "contact_rules": [RULE]},
            "contact_rules[0].touch_type: no touch_type “Voice call”.",
        ),
        (
            {
                "order_rules": [
                    {"role": "Salesperson", "minutes": 1},
                    {"role": "Salesperson", "tier": None, "minutes": 2},
                ]
            },
            "order_rules[1]: says again what order_rules[0] says.",
        ),
        (
            {"sale_types": [{"name": "New", "kind": "new_business"}]},
            "sale_types: exactly one must be of the kind repeat",
        ),
        ({"settings": {"full_up_to": "1.3"}}, "settings.full_up_to: 1.3000 is above over_up_to, 1.2000."),
        ({"settings": {"large_order_until": "0.3"}}, "settings.large_order_until: 0.3000 is above large_order_above"),
        ({"settings": {"speed": 3}}, "settings.speed: is not known."),
        ({"working_days": []}, "working_days: must be a list"),
        ({"working_days": ["monday", "funday"]}, "working_days[1]: must be one of monday"),
        ({"holidays": [{"on": "25/12/2026", "name": "X"}]}, "holidays[0].on: must be a day like 2026-06-09."),
    ],
)
def test_what_is_wrong_is_named_and_nothing_changes(started, given, words):
    before = copy.deepcopy(dump_rules())
    version = RulesVersion.current()
    assert refused(given).startswith(words)
    assert dump_rules() == before
    assert RulesVersion.current() == version


def test_a_late_mistake_takes_back_what_came_before_it(started):
    value = dump_rules()["touch_values"][0] | {"amount": "1.00"}
    before = dump_rules()
    refused({"order_rules": [], "touch_values": [value]})
    assert dump_rules() == before
    assert OrderRule.objects.count() == 2


class TestCommand:
    def test_dump_and_load(self, started, tmp_path, capsys):
        file = tmp_path / "rules.json"
        call_command("rules", "dump", str(file))
        call_command("rules", "dump")
        assert json.loads(capsys.readouterr().out) == json.loads(file.read_text())
        call_command("rules", "load", str(file))
        assert capsys.readouterr().out == "Nothing to change.\n"
        file.write_text('{"team_loads": []}')
        call_command("rules", "load", str(file))
        assert capsys.readouterr().out == "Changed: team_loads (5)\n"
        call_command("rules", "load", str(file), "--format", "json")
        assert json.loads(capsys.readouterr().out) == {"changed": {}}

    def test_who_approves(self, started, tmp_path):
        boss = factories.person("Boss", email="boss@example.com")
        value = dump_rules()["touch_values"][0] | {"starts_on": "2027-01-01"}
        (tmp_path / "rules.json").write_text(json.dumps({"touch_values": [value]}))
        call_command("rules", "load", str(tmp_path / "rules.json"), "--by", "boss@example.com")
        assert TouchValue.objects.get(starts_on="2027-01-01").approved_by == boss

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"{", "line 1, column 2"),
            (b"\xff{}", "is not UTF-8"),
            (b'{"tiers": 1}', "tiers: must be a list"),
            (None, "cannot be read"),
        ],
    )
    def test_what_could_not_be_loaded_exits_with_1(self, started, tmp_path, content, words):
        file = tmp_path / "rules.json"
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(CommandError) as caught:
            call_command("rules", "load", str(file))
        assert caught.value.returncode == 1
        assert words in str(caught.value)

    def test_an_unknown_approver_exits_with_1(self, started, tmp_path):
        (tmp_path / "rules.json").write_text("{}")
        with pytest.raises(CommandError, match="nobody here"):
            call_command("rules", "load", str(tmp_path / "rules.json"), "--by", "no@example.com")

    def test_load_without_a_file_is_wrong_usage(self, started):
        with pytest.raises(CommandError) as caught:
            call_command("rules", "load")
        assert caught.value.returncode == 2
