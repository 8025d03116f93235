"""What people type stays text on every page, in every file and in every address one is led to."""

import ast
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import cycle
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import openpyxl
import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import models
from django.test import Client
from django.urls import reverse

from customers.actions.customers import note_potential
from customers.actions.stages import fix_tier, set_lost
from customers.imports import jobs
from customers.imports.kinds import KINDS
from customers.models import Contact, Customer, Order
from territory import clock
from territory.formats.cells import csv_lines
from territory.mail.models import Mail
from tests import factories
from tests.accounts.signing_in import client_of
from tests.factories.imports import rejected_rows
from tests.test_access_amounts import pages
from tests.test_access_swapped import REPORTS
from tests.two_teams import Shared, asks, body, company_asks, filled, sent, side

# Leaves a value, a tag, a script, a comment, a style and a template; then would be a tag and an attribute of its own.
MARKUP = "'\"></script></title></textarea></style>--><evil data-evil=\"1\" hx-get='/x' onerror=x>{{7*7}}"


class Injected(HTMLParser):
    """Tags and attributes that no page of ours has."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag == "evil" or any(name.startswith(("data-evil", "onerror", "onclick")) for name, _ in attrs):
            self.found.append(self.get_starttag_text() or tag)
        for name, value in attrs:
            if name in ("href", "src", "action", "hx-get", "hx-post") and (value or "").strip().lower().startswith(
                ("javascript:", "data:text")
            ):
                self.found.append(f"{name}={value}")

    handle_startendtag = handle_starttag


@pytest.fixture
def now(time_machine):
    time_machine.move_to("2026-06-09T09:00:00Z", tick=False)
    return clock.now()


# Texts that are no words of a person: what they hold is looked up, or read by a library.
NOT_TYPED = {
    *("path", "search_text", "password", "time_zone", "currency", "request_digest", "icon", "locale"),
    *("kind", "act", "row_key", "key", "state", "history_type", "history_change_reason"),
}


def spoil(row: models.Model) -> int:
    """Markup in every text field of a row that people may type into; returns how many."""
    return spoiled_alike(row, [f"{row.pk}{MARKUP}"], 0)


def spoiled_alike(row: models.Model, payloads: list[str], first: int) -> int:
    """The payloads joined to one in every text field of a row, from another one on in each; returns in how many."""
    fields = [
        field
        for field in row._meta.concrete_fields
        if isinstance(field, models.CharField | models.TextField) and not field.choices and field.name not in NOT_TYPED
    ]
    spoilt = {}
    for number, field in enumerate(fields):
        start = (first + number) % len(payloads)
        joined = "".join([*payloads[start:], *payloads[:start]])
        unique = f"{row.pk}" if field.max_length and len(payloads) > 1 else ""
        spoilt[field.name] = f"{unique}{joined}"[: field.max_length or None]
    if "web" in spoilt:
        spoilt["web"] = "javascript:alert(1)//"
    spoilt.pop("email", None)
    type(row)._base_manager.filter(pk=row.pk).update(**spoilt)
    return len(spoilt)


def test_markup_stays_text_on_every_page(cast, now):
    shared = Shared.made()
    it = side(cast.rep_membership, cast.own)
    note_potential(actor=cast.rep, now=now, customer=cast.own, amount=5000, source=MARKUP[:200])
    fix_tier(actor=cast.rep, now=now, customer=cast.own, tier=shared.tiers["A"], reason=MARKUP)
    set_lost(actor=cast.rep, now=now, customer=cast.own, reason=MARKUP)
    factories.order(cast.own, 10, "lost", salesperson=cast.rep, lost_reason=MARKUP)
    factories.figures(cast.own)
    factories.due_touch(cast.own, cast.rep, clock.company_today())
    fields = sum(
        spoil(row)
        for room in ("accounts", "customers", "planning", "company")
        for model in apps.get_app_config(room).get_models()
        if not model.__name__.startswith("Historical")
        for row in model._base_manager.all()
    )
    # Of kinds that code knows, so that only what people write is markup.
    factories.import_of(cast.admin, file_name=MARKUP[:200])
    Mail.objects.create(recipient=cast.rep, kind="large_order", key="x", state="sent", created_at=now, due_at=now)
    wrong, read = [], 0
    for who in ("administrator", "salesperson"):
        client = client_of(cast.everyone()[who])
        for url in [*pages(cast, it, shared), *(reverse("rule_list", args=[key]) for key in kinds())]:
            response, _ = sent(client, "GET", url)
            if "text/html" not in response.headers.get("Content-Type", ""):
                continue
            read += 1
            found = injected(response)
            wrong += [f"{url} for {who}: {found[:2]}"] if found else []
    assert not wrong, "\n".join(wrong)
    assert fields > 80
    assert read > 200


def kinds() -> list[str]:
    from planning.rule_kinds import RULE_KINDS

    return list(RULE_KINDS)


def injected(response) -> list[str]:
    parser = Injected()
    parser.feed(body(response))
    return parser.found


def test_markup_in_refused_forms_and_conflicts_stays_text(cast, now):
    """422 and 409 show what was typed."""
    shared = Shared.made()
    it = side(cast.rep_membership, cast.own)
    client, wrong, shown = client_of(cast.admin), [], 0
    for ask in [*asks(it, shared, cast.mate_membership), *company_asks(it, shared, cast.mate_membership)]:
        data = filled(client, ask)
        spoilt = {name: value if name in ("uuid", "version") else MARKUP for name, value in data.items()}
        texts = {
            name: MARKUP if name in ("name", "title", "note", "reason", "town") else value
            for name, value in data.items()
        }
        for posted in (spoilt, {**texts, "version": "99"}):
            response, _ = sent(client, "POST", ask.url, posted)
            assert response.status_code < 500, ask.name
            shown += response.status_code in (409, 422)
            if found := injected(response):
                wrong.append(f"{ask.name}: {found[:2]}")
    assert not wrong, "\n".join(wrong)
    assert shown > 40


# Who may say that a text is safe as it stands, and how often: constants without anything in them ...
SAID_SAFE = {
    "customers/templatetags/board.py": 1,
    "planning/templatetags/goals.py": 2,
    "planning/templatetags/planning.py": 1,
    "planning/templatetags/standing.py": 2,
    "planning/templatetags/territories.py": 4,
    "planning/templatetags/today.py": 1,
    "planning/templatetags/touch_values.py": 2,
    "territory/templatetags/look.py": 4,
}
# ... and hundreds of cells, each of them escaped, put together at once.
JOINED = {
    "customers/queries/listing.py": 1,
    "planning/templatetags/planning.py": 1,
    "planning/templatetags/touch_values.py": 1,
    "planning/templatetags/work.py": 1,
}
SAFE_MAKERS = {"mark_safe", "SafeString", "SafeText", "format_html", "format_html_join", "html_safe"}


def test_only_constants_are_said_to_be_safe():
    """Nothing escapes the escaping: no template switches it off, what is said to be safe in Python is a constant or joined."""
    root = Path(__file__).parent.parent
    for file in root.glob("templates/**/*.*"):
        switched_off = re.search(r"\|\s*safe(?:seq)?\b|autoescape\s+off|\|\s*escapejs\b", file.read_text())
        assert not switched_off, f"{file.relative_to(root)}: {switched_off}"
    said: Counter[str] = Counter()
    joined: Counter[str] = Counter()
    for room in ("accounts", "customers", "planning", "territory"):
        for file in root.glob(f"{room}/**/*.py"):
            place, tree = str(file.relative_to(root)), ast.parse(file.read_text())
            constants = constants_of(tree)
            for name, call in calls_of(tree, SAFE_MAKERS):
                text = call.args[1 if name == "format_html_join" else 0]
                if ast.unparse(text).startswith("''.join(") and name == "mark_safe":
                    joined[place] += 1
                    continue
                is_constant = isinstance(text, ast.Constant) or ast.unparse(text) in constants
                assert is_constant, f"{place}:{call.lineno}: {name} of something computed"
                said[place] += not name.startswith("format_html")
    assert (+said, joined) == (SAID_SAFE, JOINED)


def constants_of(tree: ast.Module) -> set[str]:
    """Names that a module gives to texts, once."""
    given = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    times = Counter(node.id for node in given)
    texts = (node for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant))
    return {name.id for node in texts for name in node.targets if isinstance(name, ast.Name) and times[name.id] == 1}


def calls_of(tree: ast.AST, wanted: set[str]) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in wanted:
                yield name, node


ELSEWHERE = [
    "https://evil.example/", "//evil.example/", "///evil.example/", "http:///evil.example", "/\\evil.example", "\\\\evil.example",
    "javascript:alert(1)", "https:evil.example", " https://evil.example", "\thttps://evil.example", "//evil.example/today/",
    "https://testserver@evil.example/", "https://evil.example\\@testserver/", "http://testserver.evil.example/", "%2F%2Fevil.example",
    "/%09/evil.example", "//%0D%0Aevil.example", "data:text/html,x", "////evil.example", "/\t/evil.example", "\\/evil.example",
    "https:///evil.example/", "HTTPS://EVIL.EXAMPLE/", "ftp://evil.example/", "vbscript:alert(1)", "//testserver@evil.example/",
    "https://evil.example#@testserver/", "https://evil.example?testserver/", "http:evil.example", "//evil.example:80\\@testserver/",
]  # fmt: skip


def test_nobody_is_led_elsewhere(cast, now):
    """Thirty addresses that pretend to be our own, at every place that leads back to where somebody came from."""
    assert len(set(ELSEWHERE)) >= 30
    it = side(cast.rep_membership, cast.own)
    work, cancel = reverse("work_undo", args=[it.keys["work"]]), reverse("planned_cancel", args=[it.keys["planned"]])
    restore = reverse("planned_restore", args=[it.keys["planned"]])
    who = {"login": cast.rep.email, "password": "correct horse 1"}
    wrong = []
    for where in ELSEWHERE:
        cache.clear()  # who signs in thirty times a minute is stopped otherwise
        signed_in = client_of(cast.rep)
        answers = [
            client_of(cast.rep).post(reverse("account_logout"), {"next": where}),
            Client().post(reverse("account_login"), {**who, "next": where}),
            signed_in.post(reverse("account_reauthenticate"), {"password": who["password"], "next": where}),
            signed_in.post(work, {"back": where}),
            signed_in.post(work, headers={"referer": where.strip()}),
            signed_in.post(work, {}, query_params={"next": where}),
            signed_in.post(cancel, {"back": where}),
        ]
        second_time = signed_in.post(cancel, {"back": where})
        assert second_time.status_code == 409
        if injected(second_time) or "evil.example" in body(second_time):
            wrong.append(f"{where!r} stands in the page of what was closed already")
        signed_in.post(restore)
        for response in answers:
            if response.status_code != 302 or host_of(response.url) != "testserver":
                wrong.append(f"{where!r} at {response.request['PATH_INFO']}: {response.status_code}")
        if injected(signed_in.get(reverse("log_touch"), {"next": where})):
            wrong.append(f"{where!r} stands in a page")
    assert not wrong, "\n".join(wrong)


def host_of(url: str) -> str:
    """Where a browser goes: it leaves out blanks around and tabs within, and reads a backslash as a slash."""
    read = url.strip().replace("\t", "").replace("\n", "").replace("\r", "").replace("\\", "/")
    parts = urlsplit(urljoin("http://testserver/page/", read))
    return parts.netloc if parts.scheme in ("http", "https") else url


# What may stand before a formula, what begins one, and what it does: 7 x 5 x 6 = 210.
BEFORE = ["", "\t", "  ", "\r", "\x0b", "\ufeff", "Acme;"]
BEGINS = ["=", "+", "-", "@", "＝"]
DOES = ["1+1", "SUM(A1)", "cmd|' /C calc'!A0", 'HYPERLINK("http://evil.example";"x")', "1;=1+1", "'=1+1"]
FORMULAS = [f"{before}{begins}{does}" for before in BEFORE for begins in BEGINS for does in DOES]


def test_no_file_holds_a_formula(cast, now):
    assert len(FORMULAS) >= 200
    factories.sale_types()
    for number, formula in enumerate(FORMULAS):
        customer = factories.customer(
            formula, owner=cast.rep_membership, external_id=f"{formula}{number}", town=formula
        )
        factories.order(customer, 10, title=formula, salesperson=cast.rep, external_id=f"{formula}o{number}")
        lost = factories.order(customer, 10, "lost", salesperson=cast.rep, lost_reason=formula, title=formula)
        if number % 20 == 0:
            factories.situation(lost)
            factories.figures(customer)
        Customer.objects.filter(pk=customer.pk).update(phone=formula[:40])
    for number, row in enumerate((cast.rep, cast.exeter, cast.south_west)):
        type(row).objects.filter(pk=row.pk).update(name=FORMULAS[number], external_id=f"=2+{number}")
    client, wrong, cells = client_of(cast.admin), [], 0
    columns = "&".join(f"columns={key}" for key in ("town", "phone", "owner", "team", "external_id", "market"))
    urls = [f"{reverse('customer_export')}?{columns}", f"{reverse('order_export')}?status=all"]
    urls += [f"{reverse('report', args=[name])}?format=csv&by={by}" for name, by in REPORTS]
    urls += [reverse("import_template", args=[kind, "csv"]) for kind in KINDS]
    urls.append(reverse("import_rejected", args=[rejected_import(cast.admin).pk]))
    for url in urls:
        response = client.get(url)
        content = (b"".join(response.streaming_content) if response.streaming else response.content).decode("utf-8-sig")
        # As it is meant, and as a spreadsheet reads it where lists are separated otherwise.
        for delimiter in (",", ";", "|"):
            for line in csv.reader(io.StringIO(content, newline=""), delimiter=delimiter):
                cells += len(line)
                wrong += [f"{url} at {delimiter}: {cell!r}" for cell in line if is_formula(cell)]
    assert not wrong, "\n".join(wrong[:20])
    assert cells > 10_000
    assert Order.objects.count() == 2 * len(FORMULAS)


def rejected_import(author):
    """An import of which every row was rejected, each with a formula in each cell."""
    rows = [",".join(f'"{formula.replace(chr(34), chr(34) * 2)}"' for _ in range(3)) for formula in FORMULAS]
    done = factories.import_of(author, "\n".join(["name,team,=1+1", *rows]), state="done")
    rejected_rows(done, len(rows))
    done.problems.update(value="=1+1", column="=1+1", reason="=1+1")
    return done


@pytest.mark.parametrize("kind", KINDS)
def test_no_cell_of_a_template_is_a_formula(cast, kind):
    content = client_of(cast.admin).get(reverse("import_template", args=[kind, "xlsx"])).content
    cells = [cell for sheet in openpyxl.load_workbook(io.BytesIO(content)) for row in sheet for cell in row]
    assert len(cells) > 8
    assert not [cell.value for cell in cells if cell.data_type == "f" or is_formula(str(cell.value or ""))]


def test_a_thousand_contacts_come_back_as_they_were(cast, now):
    """Rejected, downloaded, mended and imported: signs in front of names, phones and notes stay theirs."""
    told = [
        {"name": f"{sign}Contact {number}", "phone": f"+358 40 {number:06}", "note": f"{sign}-{number}.50; +1, {FORMULAS[number % 210]}"}
        for number, sign in zip(range(1_000), cycle(["", "+", "=", "'", "'=", "-", "@", "Ö"]), strict=False)
    ]  # fmt: skip
    text = "".join(csv_lines(["customer", *told[0]], [["Nobody", *row.values()] for row in told]))
    fields = {name: name for name in ("customer", "name", "phone", "note")}
    done = factories.import_of(cast.admin, text, kind="contacts", mapping={"kind": "contacts", "fields": fields})
    assert run(done).rejected == 1_000
    response = client_of(cast.admin).get(reverse("import_rejected", args=[done.pk]))
    text = b"".join(response.streaming_content).decode("utf-8-sig").replace("Nobody", "Own customer")
    again = factories.import_of(cast.admin, text, kind="contacts", mapping=done.mapping)
    assert run(again).created == 1_000
    stored = {row["name"]: row for row in Contact.objects.values("name", "phone", "note")}
    wrong = [row for row in told if {k: v.strip() for k, v in row.items()} != stored.get(row["name"])]
    assert not wrong, wrong[:3]


def run(row):
    """As the worker does it."""
    type(row).objects.filter(pk=row.pk).update(state="running")
    while jobs.go_on(row.pk):
        pass
    row.refresh_from_db()
    return row


def is_formula(cell: str) -> bool:
    bare = cell.strip()
    if not bare.startswith(("=", "+", "-", "@", "＝")) and not cell.startswith(("\t", "\r")):
        return False
    try:
        float(bare)
    except ValueError:
        return True
    return False
