"""What a form does not list cannot be sent with it: every field of every model, on top of what a person would send.

Every address that takes POST is found by walking the resolver. The same is sent twice, once as a person would and once with the
name of every field of every model that the page does not ask for: the answer and every statement that writes must be the same.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management.color import no_style
from django.db import connection, models, transaction

from accounts.models import Absence
from customers.models import Circumstance, MarketPotential, OrderStep
from planning.models import ActivityGoal, CustomerRule
from territory.company.models import Holiday
from tests.test_access_matrix import address, names, subjects
from tests.two_teams import Ask, Shared, asks, clients, company_asks, filled, shown_in, side

# At least so many addresses wrote something for them, so that what was compared is no row of refusals.
ACTS = {
    "salesperson": 30,
    "coordinator": 30,
    "technical support": 4,
    "manager": 30,
    "other team's manager": 4,
    "administrator": 60,
}
FRAMEWORK = {"sessions", "contenttypes", "admin", "sites", "account", "mfa"}
UUID = "11111111-2222-4333-8444-555555555555"
# Of no model, or of the framework's, and as tempting.
TEMPTING = {
    **dict.fromkeys(("pk", "groups", "user_permissions", "actor", "history_user", "by"), "1"),
    **dict.fromkeys(("is_staff", "is_superuser", "force", "confirmed"), "on"),
    "now": "2020-01-02T03:04",
    "via": "forged",
}
FILE = b"name,team\nAcme,Exeter\n"
# What is typed into forms that `two_teams` knows nothing of.
TYPED: dict[str, dict[str, Any]] = {
    "people_invite": {"emails": "newcomer@example.com"},
    "expense_way": {"touch": "1", "uuid": UUID},
    "import_create": {"kind": "customers", "file": FILE},
    "import_again": {"file": FILE},
    "import_json": {"text": '{"kind": "customers", "fields": {"name": "name"}}'},
}
# New with every request.
RANDOM = re.compile(
    rf"<memory at \w+>|![A-Za-z0-9]{{40}}|gAAAAA[\w-]+=*|(?!{UUID})[0-9a-f]{{8}}-?(?:[0-9a-f]{{4}}-?){{3}}[0-9a-f]{{12}}"
)


def forged_value(field: models.Field) -> str:
    """A value that the field would take, and that no row of the tests has there."""
    if field.is_relation:
        row = field.related_model._base_manager.order_by("-pk").first()
        return str(row.pk) if row else "1"
    if field.choices:
        return str(field.flatchoices[-1][0])
    kinds: list[tuple[Any, str]] = [
        (models.BooleanField, "on"),
        (models.DateTimeField, "2020-01-02T03:04"),
        (models.DateField, "2020-01-02"),
        (models.DecimalField, "0.31"),
        (models.IntegerField, "31"),
        (models.UUIDField, UUID),
        (models.JSONField, '{"people": {"see": "all", "change": "all"}}'),
        (models.EmailField, "forged@example.com"),
    ]
    return next((value for kind, value in kinds if isinstance(field, kind)), "forged")


def forged() -> list[dict[str, str]]:
    """The names of all fields of all models, twice: where models differ about a name, one's value, then another's."""
    every: dict[str, list[str]] = {}
    for model in apps.get_models():
        if model._meta.app_label in FRAMEWORK:
            continue
        for field in [*model._meta.concrete_fields, *model._meta.many_to_many]:
            for name in {field.name, field.attname}:
                every.setdefault(name, []).append(forged_value(field))
    return [TEMPTING | {name: values[which] for name, values in every.items()} for which in (0, -1)]


class Written:
    """Remembers each statement that writes, with its values."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, execute, sql, params, many, context):
        if sql.lstrip()[:6].upper() in ("INSERT", "UPDATE", "DELETE") and "session" not in sql:
            self.seen.append(RANDOM.sub("RANDOM", f"{sql} {params}"))
        return execute(sql, params, many, context)


def reset_keys() -> None:
    """PostgreSQL does not take keys back with what is rolled back: the next row is to get the same one as before."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), apps.get_models()):
                cursor.execute(statement)


def outcome(client, url: str, data: dict[str, Any]) -> tuple[str, list[str]]:
    """Status and where it leads, and what was written; it is rolled back."""
    written = Written()
    files = {name: SimpleUploadedFile("new.csv", value) for name, value in data.items() if isinstance(value, bytes)}
    with transaction.atomic():
        reset_keys()
        with connection.execute_wrapper(written):
            response = client.post(url, data | files)
        transaction.set_rollback(True)
    return f"{response.status_code} {response.headers.get('Location', '')}", written.seen


def listed_by(client, ask: Ask) -> set[str]:
    """The names that this person's page asks for, ticked or not."""
    response = client.get(ask.url)
    if response.status_code != 200 or response.streaming:
        return set()
    names_ = set(shown_in(response.content.decode()))
    for part in (layer for context in response.context or [] for layer in context.dicts):
        for form in part.values():
            if hasattr(form, "add_prefix") and hasattr(form, "fields"):
                names_ |= {form.add_prefix(name) for name in form.fields}
    return names_


def endpoints(cast) -> Iterator[Ask]:
    """Every address of the resolver but the sign-in library's, with what a person types there."""
    about = subjects(cast)
    for twice in (
        Absence,
        Holiday,
        OrderStep,
        ActivityGoal,
        CustomerRule,
        Circumstance,
        MarketPotential,
    ):  # the same rows are made below
        twice.objects.all().delete()
    shared = Shared.made()
    it = side(cast.rep_membership, cast.own)
    about |= {"holiday": shared.holiday.pk, "absence": it.keys["absence"], "rule": shared.step.pk}
    about |= {"goal": it.keys["goal"], "own_rule": it.keys["own_rule"]}
    about |= {"circumstance": it.keys["circumstance"], "market_potential": shared.potential.pk}
    helper = cast.mate_membership
    known = {ask.name: ask for ask in [*asks(it, shared, helper), *company_asks(it, shared, helper)]}
    for name in names():
        if not name.startswith("account_"):
            yield known.get(name) or Ask(name, address(name, about), TYPED.get(name, {}))


@pytest.mark.parametrize("who", ACTS)
def test_only_what_a_form_lists_can_be_sent(cast, time_machine, who):
    time_machine.move_to("2026-06-09T09:00:00Z", tick=False)
    every, client = list(endpoints(cast)), clients(cast)[who]
    rounds = forged()
    wrong, done, compared = [], set(), 0
    for ask in every:
        if outcome(client, ask.url, {})[0].startswith("405"):
            continue
        data = filled(client, ask)
        before, wrote = outcome(client, ask.url, data)
        listed = listed_by(client, ask) | set(data)
        for more in rounds[: 1 if before.startswith(("403", "404")) else 2]:
            extra = {name: value for name, value in more.items() if name not in listed}
            after, wrote_then = outcome(client, ask.url, extra | data)
            compared += 1
            if before != after:
                wrong.append(f"{ask.name}: {before} becomes {after}")
            elif wrote != wrote_then:
                wrong.append(f"{ask.name}: {sorted(set(wrote) ^ set(wrote_then))[:2]}")
        if wrote:
            done.add(ask.name)
    assert not wrong, "\n".join(wrong)
    assert compared > 100
    assert len(done) >= ACTS[who]
