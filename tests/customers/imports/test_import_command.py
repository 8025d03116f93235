"""manage.py import_data: exit status 0, 1, 2; with JSON nothing else on standard output."""

import json

import pytest
from django.core.management import CommandError, call_command

from customers.models import Customer, Order


@pytest.fixture
def folder(tmp_path, ground):
    def write(name, content):
        text = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / name).write_text(text, encoding="utf-8")
        return str(tmp_path / name)

    write("customers.csv", "id,name,team\nC1,Acme,South\nC2,Beta,Moon\n")
    write("customers.json", {"fields": {"external_id": "id", "name": "name", "team": "team"}})
    write("orders.csv", "id,customer,n\nO1,C1,10\n")
    write(
        "orders.json",
        {"fields": {"external_id": "id", "customer": "customer", "amount": "n", "status": {"constant": "pending"}}},
    )
    write("rules.json", {"order_steps": [{"name": "Offer", "probability": 0.4}]})
    write(
        "plan.json",
        [
            {"rules": "rules.json"},
            {"kind": "customers", "file": "customers.csv", "mapping": "customers.json"},
            {"kind": "orders", "file": "orders.csv", "mapping": "orders.json"},
        ],
    )
    return tmp_path


def run(capsys, *args):
    call_command("import_data", *map(str, args))
    return capsys.readouterr().out


def test_a_file_and_its_counts_as_json(folder, capsys):
    out = run(capsys, "customers", folder / "customers.csv", "--mapping", folder / "customers.json", "--format", "json")
    assert json.loads(out) == {
        "kind": "customers",
        "file": "customers.csv",
        "dry_run": False,
        "rows": 2,
        "created": 1,
        "changed": 0,
        "unchanged": 0,
        "skipped": 0,
        "rejected": 1,
        "rejected_rows": [
            {
                "row": 3,
                "field": "team",
                "column": "team",
                "value": "Moon",
                "reason": "no team with this external id / name",
            }
        ],
    }


def test_a_row_that_lacks_a_column_is_named_without_a_value(folder, capsys):
    (folder / "names.json").write_text('{"fields": {"name": "name"}}')
    out = run(capsys, "customers", folder / "customers.csv", "--mapping", folder / "names.json", "--dry-run")
    assert "  row 2: a new customer needs a team" in out.splitlines()


def test_a_file_and_its_counts_as_text(folder, capsys):
    out = run(capsys, "customers", folder / "customers.csv", "--mapping", folder / "customers.json", "--dry-run")
    assert out.splitlines() == [
        "customers from customers.csv: 1 created, 0 changed, 0 unchanged, 1 rejected",
        "  row 3, column team: “Moon” no team with this external id / name",
        "Dry run: nothing was stored.",
    ]
    assert not Customer.objects.exists()


def test_a_plan_runs_rules_and_files_in_order(folder, capsys):
    out = json.loads(run(capsys, "--plan", folder / "plan.json", folder, "--format", "json"))
    assert out["plan"] == "plan.json"
    assert out["steps"][0] == {"rules": "rules.json", "changed": {"order_steps": 1}}
    assert [(step["kind"], step["created"], step["rejected"]) for step in out["steps"][1:]] == [
        ("customers", 1, 1),
        ("orders", 1, 0),
    ]
    again = json.loads(run(capsys, "--plan", folder / "plan.json", folder, "--format", "json"))
    assert again["steps"][0]["changed"] == {}
    assert [(step["created"], step["unchanged"]) for step in again["steps"][1:]] == [(0, 1), (0, 1)]


def test_a_plan_as_text(folder, capsys):
    out = run(capsys, "--plan", folder / "plan.json", folder)
    assert out.splitlines()[0] == "rules from rules.json: changed"
    assert out.splitlines()[-1] == "orders from orders.csv: 1 created, 0 changed, 0 unchanged, 0 rejected"


def test_a_dry_plan_sees_its_own_steps_and_stores_nothing(folder, capsys):
    out = json.loads(run(capsys, "--plan", folder / "plan.json", folder, "--dry-run", "--format", "json"))
    assert out["steps"][2]["created"] == 1
    assert not Order.objects.exists()
    again = json.loads(run(capsys, "--plan", folder / "plan.json", folder, "--dry-run", "--format", "json"))
    assert again["steps"][0]["changed"] == {"order_steps": 1}


def failure(*args):
    with pytest.raises(CommandError) as caught:
        call_command("import_data", *map(str, args))
    return caught.value.returncode, str(caught.value)


def test_what_could_not_run_exits_with_1(folder, capsys):
    data, mapping = folder / "customers.csv", folder / "customers.json"
    broken = folder / "broken.json"
    broken.write_text('{"fields": }')
    assert failure("customers", folder / "none.csv", "--mapping", mapping)[0] == 1
    code, words = failure("customers", data, "--mapping", broken)
    assert (code, "line 1, column 12" in words) == (1, True)
    data.write_text("id,name\nC1,Acme\n")
    code, words = failure("customers", data, "--mapping", mapping, "--format", "json")
    assert code == 1
    assert words == "customers.csv (customers.json): fields.team: The file has no column “team”. It has: id, name."
    assert capsys.readouterr().out == ""


def test_a_plan_that_could_not_run_names_the_step(folder):
    (folder / "orders.csv").unlink()
    code, words = failure("--plan", folder / "plan.json", folder)
    assert code == 1
    assert words.startswith("plan.json[2]: ")
    assert not Customer.objects.exists()


def test_rules_that_contradict_stop_the_plan(folder):
    (folder / "rules.json").write_text('{"contact_rules": [{"tier": "E"}]}')
    code, words = failure("--plan", folder / "plan.json", folder)
    assert code == 1
    assert "contact_rules[0]" in words


@pytest.mark.parametrize(
    "args",
    [
        ["customers", "file.csv"],
        ["goats", "file.csv", "--mapping", "m.json"],
        ["--plan", "plan.json"],
        ["--plan", "plan.json", "folder", "file.csv"],
        ["--plan", "plan.json", "folder", "--mapping", "m.json"],
    ],
)
def test_wrong_usage_exits_with_2(args):
    assert failure(*args)[0] == 2


def test_a_plan_must_be_a_list_of_steps(folder):
    plan = folder / "plan.json"
    for given in (
        '{"rules": "rules.json"}',
        "[]",
        '[{"rule": "rules.json"}]',
        '[{"kind": "orders", "file": "orders.csv"}]',
    ):
        plan.write_text(given)
        assert failure("--plan", plan, folder)[0] == 1
