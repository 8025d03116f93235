"""Takes a picture of every page, as each who signs in to the demo sees it, and says what is wrong in the browser.

Every named address of the resolver is asked with GET, about real things of the demo. What answers with a page is drawn at
each width in each theme: FOLDER/NAME-ROLE-WIDTH-THEME.png, and FOLDER/index.html to look through them. Errors of the
console (breaches of the Content-Security-Policy among them), requests that fail, pages that fail and pages that scroll
sideways are listed at the end; with any of them the status is 1.

The demo is made anew in a folder that goes away, unless DATA_DIR names one that holds it.
"""

import argparse
import contextlib
import html
import os
import re
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BASE = Path(__file__).resolve().parent.parent
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"),
]
DEVICES = {
    390: {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
    1440: {"viewport": {"width": 1440, "height": 900}},
}
THEMES = ["light", "dark"]
ROLES = ["salesperson", "manager", "administrator", "visitor"]
# Addresses that also look different with something in their query.
VARIANTS = {
    "customer_place": {"found": "q=new"},
    "own_base": {"found": "q=yo"},
    "account_login": {"after": "next=/orders/"},
    "audit_list": {"row": "kind=customers.customer"},
    "involvement": {"every": "all=1", "orders": "by=order", "people": "by=person"},
    "job_list": {"failed": "state=failed"},
    "customer_list": {"nothing": "q=qqqq", "search": "q=bakery"},
    "map": {"due": "by=due", "nothing": "q=qqqq", "person": "by=person"},
    "log_touch": {"customer": "customer={customer}"},
    "order_list": {"won": "status=won"},
    "expense_list": {"all": "view=all", "waiting": "view=waiting"},
    "expense_create": {"customer": "customer={customer}"},
    "search": {"found": "q=ma", "nothing": "q=qqqq"},
    "planned_create": {"customer": "customer={customer}"},
    "order_create": {"customer": "customer={customer}"},
    "planned_put_off": {"customer": "customer={customer}&type={touch_type}"},
    "work_log": {"customer": "customer={customer}"},
}
# What is chosen and pressed on a page to see the next, which has no address of its own: selects by name, and a button.
PRESSED = {"role_access": {"preview": ({"amounts_see": "all"}, "button[value=preview]")}}
# Each is one page a kind of rule.
OF_RULES = ("rule_list", "rule_create", "rule_edit", "rule_remove", "rule_restore")


@dataclass
class Findings:
    """What was drawn and what was wrong."""

    pictures: list[tuple[str, str, int, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--only", default="", metavar="REGEX", help="only pages whose name matches")
    parser.add_argument("--roles", nargs="+", choices=ROLES, default=ROLES)
    parser.add_argument("--widths", nargs="+", type=int, choices=list(DEVICES), default=list(DEVICES))
    parser.add_argument("--themes", nargs="+", choices=THEMES, default=THEMES)
    return parser.parse_args()


def main() -> int:
    wanted = arguments()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("There is no Chromium (Debian: apt-get install chromium).", file=sys.stderr)
        return 1
    with contextlib.ExitStack() as stack:
        folder = os.environ.get("DATA_DIR") or stack.enter_context(tempfile.TemporaryDirectory(prefix="territory-"))
        os.environ.update(DATA_DIR=folder, PORT=str(free_port()), PROFILE="local")
        os.environ.update(DJANGO_SETTINGS_MODULE="territory.settings", DJANGO_ALLOW_ASYNC_UNSAFE="true")
        sys.path.insert(0, str(BASE))
        address = stack.enter_context(running_demo())
        findings = draw_all(address, chromium, wanted)
    write_index(wanted.folder, findings)
    for fault in findings.faults:
        print(fault)
    print(f"{len(findings.pictures)} pictures in {wanted.folder}, {len(findings.faults)} faults.")
    return 1 if findings.faults else 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running_demo() -> Iterator[str]:
    """The address of a web server of our own on the demo."""
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from territory.embedded import installation
    from territory.embedded.children import Children, wait_until, web_answers

    print("Preparing the demo …", flush=True)
    (settings.DATA_DIR / "logs").mkdir(parents=True, exist_ok=True)
    installation.prepare_database()
    call_command("collectstatic", interactive=False, verbosity=0)
    installation.first_content(empty=False)
    children = Children(settings.DATA_DIR / "logs")
    web = ["-m", "gunicorn", "territory.wsgi", "--bind", f"{settings.HOST}:{settings.PORT}", "--no-control-socket"]
    threads = ["--worker-class", "gthread", "--threads", "4"]
    child = children.start("screenshots", [sys.executable, *web, *threads], cwd=settings.BASE_DIR)
    address = f"http://{settings.HOST}:{settings.PORT}"
    try:
        if not wait_until(lambda: children.dead() or web_answers(address), 60) or children.dead():
            raise SystemExit(f"The web server did not start:\n{child.last_lines()}")
        yield address
    finally:
        children.stop()


# --- What there is to see --------------------------------------------------------------------------------------------


def people() -> dict[str, Any]:
    """Whose sign-ins the demo gives out, by role; the visitor is nobody."""
    from accounts.models import User
    from territory.embedded.installation import sign_ins_file

    rows = [line.split("\t") for line in sign_ins_file().read_text().splitlines()]
    return {label.lower(): User.objects.get(email=email) for label, email, _ in rows} | {"visitor": None}


def subjects(user: Any) -> dict[str, Any]:
    """What addresses are about, by the start of their names (the longest that fits): things this person may see."""
    from django.db.models import Count

    from accounts.models import Absence, Membership, Role
    from customers.models import (
        OWNER_KINDS,
        Circumstance,
        Contact,
        Customer,
        Expense,
        InternalWork,
        Market,
        MarketPotential,
        Order,
        PlannedTouch,
        ProductLine,
        Touch,
    )
    from planning.models import ActivityGoal, CustomerRule, Situation
    from territory.clock import today
    from territory.company.models import Holiday
    from territory.jobs.models import JobRun
    from territory.mail.models import Mail

    situation = Situation.objects.order_by("pk").first()
    membership = Membership.objects.filter(user=people()["salesperson"]).first()
    own = Customer.objects.live().filter(assignments__membership=membership, assignments__kind__in=OWNER_KINDS)
    own = own.annotate(touches_made=Count("touches", distinct=True)).order_by("tier__position", "-touches_made")
    customer = own.filter(orders__status="pending").first() or own.first()
    orders = Order.objects.filter(customer__in=own)
    pending = Order.objects.live().filter(status="pending")
    touch = Touch.objects.live().filter(customer=customer).order_by("-at").first()
    day = today(user)
    checked, done = imports_of(user)
    return {
        "absence": first_pk(Absence.objects.filter(user=membership.user)),
        "absence_create": membership.user_id,
        "account": 1,
        "assignment": customer.assignments.order_by("pk").first().pk,
        "assignment_create": customer.pk,
        "circumstance": first_pk(Circumstance.objects.live().filter(customer__in=own)),
        "circumstance_create": customer.pk,
        "contact": first_pk(Contact.objects.live().filter(customer=customer)),
        "contact_create": customer.pk,
        "cost_of_sale_order": first_pk(orders.filter(status="won", customer=customer)),
        "customer": customer.pk,
        "expense": first_pk(Expense.objects.visible_to(user).exclude(receipt_type="")),
        "expense_edit": first_pk(Expense.objects.editable_by(user)),
        "goal": first_pk(ActivityGoal.objects.editable_by(user)),
        "holiday": first_pk(Holiday.objects.all()),
        "directory": a_card(user),
        "draft": a_draft(people()["administrator"]),
        "import": checked,
        "import_done": done,
        "kind": "customers",
        "ending": "csv",
        "job": first_pk(JobRun.objects.all()),
        "mail": first_pk(Mail.objects.filter(state="sent")),
        "market": first_pk(Market.objects.all()),
        "market_potential": first_pk(MarketPotential.objects.all()),
        "membership": membership.pk,
        "membership_create": membership.user_id,
        "order": first_pk(pending.filter(customer__in=own)) or first_pk(pending.visible_to(user)),
        "order_reopen": first_pk(orders.filter(status="won")),
        "own_rule": first_pk(CustomerRule.objects.filter(customer__in=own)),
        "own_rule_create": customer.pk,
        "person": membership.user_id,
        "planned": first_pk(PlannedTouch.objects.filter(customer__in=own, closed_at=None)),
        "product_line": first_pk(ProductLine.objects.all()),
        "role": first_pk(Role.objects.all()),
        "role_access": membership.role_id,
        "situation": situation.pk if situation else None,
        "team": membership.team_id,
        "territory": a_division(people()["administrator"]),
        "touch": touch.pk,
        "touch_type": touch.type_id,
        "work": first_pk(InternalWork.objects.filter(user=membership.user)),
        "workload_person": membership.user_id,
        "workload_unstaffed": membership.team_id,
        "week": str(day.fromordinal(day.toordinal() - day.weekday())),
        "uidb36": "1",
    }


def imports_of(user: Any) -> tuple[int | None, int | None]:
    """A checked file with an error in it, and one that is stored but for rejected rows; None for who may import nothing."""
    from accounts.permissions import Act, Area, may, teams_within
    from customers.actions import imports
    from customers.imports import jobs
    from customers.models import Import
    from territory import clock

    if not may(user, Area.IMPORT, Act.CHANGE):
        return None, None
    found = []
    for name in ("old system.csv", "old system, part 2.csv"):
        row = Import.objects.filter(author=user, file_name=name).first()
        if row is None:
            team = teams_within(user, Area.IMPORT, Act.CHANGE).first()
            text = f"name,team,town\nNew Leaf Foods {len(found) + 1},{team},Taunton\nOld Mill,Nowhere,Bude\n"
            content = text.encode()
            row = imports.upload(actor=user, now=clock.now(), kind="customers", file_name=name, content=content)
            imports.start_check(row=row, version=row.version)
            jobs.go_on(row.pk)
            if found and imports.start_run(row=Import.objects.get(pk=row.pk), now=clock.now()):
                jobs.go_on(row.pk)
        found.append(row.pk)
    return found[0], found[1]


def a_draft(user: Any) -> int | None:
    """A change of the most frequent contact rule with its effect, not saved yet."""
    from planning.actions.drafts import draft_change
    from planning.actions.effects import run_effect
    from planning.draft_kinds import DRAFT_KINDS, posted
    from planning.models import ContactRule, RuleDraft
    from territory import clock

    draft = RuleDraft.objects.order_by("pk").first()
    rule = ContactRule.objects.order_by("-count", "pk").first()
    if draft is None and rule is not None:
        kind, now = DRAFT_KINDS["contact-rules"], clock.now()
        shown = kind.form(instance=rule)
        values = {name: [str(shown[name].value())] for name in shown.fields if shown[name].value() not in (None, "")}
        form = kind.form(posted(values | {"count": [str(rule.count * 2)]}), instance=rule)
        if form.is_valid():
            draft = draft_change(kind=kind, form=form, version=rule.version, actor=user, now=now)
            run_effect(draft.pk, draft.asked, now=now)
    return draft.pk if draft else None


def a_division(user: Any) -> int | None:
    """The customers of the team with most people divided anew, and who has too much in a week, as the night finds it."""
    from decimal import Decimal

    from django.db.models import Count

    from accounts.models import Role, RoleFunction, Team
    from planning.actions.alignment import propose, run_alignment
    from planning.actions.rebalancing import find_rebalancings
    from planning.models import AlignmentProposal
    from territory import clock

    row = AlignmentProposal.objects.order_by("pk").first()
    role = Role.objects.live().filter(function=RoleFunction.SALES).first()
    team = Team.objects.annotate(people=Count("memberships")).order_by("-people", "pk").first()
    if row is None and role is not None and team is not None:
        locked = {"tiers": [], "orders": True, "customers": []}
        wanted = {"team": team.parent or team, "role": role, "balance": "minutes", "tolerance": Decimal("0.1")}
        row = propose(
            actor=user, now=clock.now(), wanted=wanted | {"move_km": Decimal(20), "connected": True, "locked": locked}
        )
        run_alignment(row.pk, row.asked, now=clock.now())
        find_rebalancings(now=clock.now())
    return row.pk if row else None


def a_card(user: Any) -> int | None:
    """The first customer of others in the person's directory."""
    from customers.queries.directory import card_keys

    return next(iter(card_keys(user)), None)


def first_pk(rows: Any) -> int | None:
    return rows.order_by("pk").values_list("pk", flat=True).first()


def addresses(about: dict[str, Any], left_out: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Every named address with something it is about, and its variants: (name of the picture, path)."""
    from django.urls import URLResolver, get_resolver, reverse

    def patterns(resolver: URLResolver) -> Iterator[Any]:
        for entry in resolver.url_patterns:
            yield from patterns(entry) if isinstance(entry, URLResolver) else [entry]

    for pattern in sorted(patterns(get_resolver()), key=lambda pattern: str(pattern.name)):
        name = str(pattern.name)
        for suffix, given in values_of(name, about):
            filled = given | {
                argument: value_of(argument, name, about, given)
                for argument in pattern.pattern.regex.groupindex
                if argument not in given
            }
            if None in filled.values():
                left_out[name + suffix] = "the demo holds nothing to show"
                continue
            path = reverse(name, kwargs=filled)
            yield name + suffix, path
            for word in PRESSED.get(name, {}):
                yield f"{name}-{word}", path
            for word, query in VARIANTS.get(name, {}).items():
                yield f"{name}-{word}", f"{path}?{query.format(**about)}"


def values_of(name: str, about: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """One page, one a kind of rule or one a state: (suffix of the picture's name, arguments)."""
    from planning.rule_kinds import RULE_KINDS

    if name == "import_detail":
        return [("", {}), ("-done", {"pk": about["import_done"]})]
    return [(f"-{key}", {"key": key}) for key in RULE_KINDS] if name in OF_RULES else [("", {})]


def value_of(argument: str, name: str, about: dict[str, Any], given: dict[str, Any]) -> Any:
    """What stands for this argument of the address; None where the demo holds nothing of the kind."""
    if argument == "key":
        return "set-password"
    if argument == "name":
        return "workload"
    if argument == "pk" and name in OF_RULES:
        return rule_pk(given["key"])
    if argument in about:
        return about[argument]
    return about.get(max((start for start in about if name.startswith(start)), key=len, default=""))


def rule_pk(key: str) -> int | None:
    from planning.rule_kinds import RULE_KINDS

    return first_pk(RULE_KINDS[key].rows())


# --- Drawing ---------------------------------------------------------------------------------------------------------


def draw_all(address: str, chromium: str, wanted: argparse.Namespace) -> Findings:
    from playwright.sync_api import sync_playwright

    findings = Findings()
    wanted.folder.mkdir(parents=True, exist_ok=True)
    everyone = people()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        for role in wanted.roles:
            user = everyone[role]
            about = subjects(user or everyone["salesperson"])
            places = [
                (name, path) for name, path in addresses(about, findings.left_out) if re.search(wanted.only, name)
            ]
            for width in wanted.widths:
                print(f"{role}, {width} px …", flush=True)
                context = browser.new_context(
                    base_url=address, locale="en-GB", color_scheme=wanted.themes[0], **DEVICES[width]
                )
                if user is not None:
                    context.add_cookies([signed_in(user, address)])
                for name, path in places:
                    draw(context, (name, role, width), path, wanted, findings)
                context.close()
        browser.close()
    return findings


def signed_in(user: Any, address: str) -> dict[str, str]:
    """The cookie of a session for this person: the sign-in page would count us and slow us down."""
    from django.conf import settings
    from django.test import Client

    client = Client()
    client.force_login(user)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value, "url": address}


def draw(context: Any, label: tuple[str, str, int], path: str, wanted: argparse.Namespace, findings: Findings) -> None:
    """Draw one page in each theme, if this address answers this person with a page."""
    name, role, width = label
    where = f"{name}, {role}, {width} px"
    reason = no_page(context, path)
    if reason:
        findings.left_out[f"{name}, {role}"] = reason
        if reason.startswith("status 5") and name != "health":  # it says that nothing ticks, which is so
            findings.faults.append(f"{where}: {reason}")
        return
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("requestfailed", lambda request: faults.append(f"{request.url}: {request.failure}"))
    try:
        page.goto(path, wait_until="networkidle")
        press(page, name)
        stretch(page, width)
        for theme in wanted.themes:
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            page.screenshot(path=wanted.folder / f"{name}-{role}-{width}-{theme}.png")
            findings.pictures.append((name, role, width, theme))
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 0:
            faults.append(f"scrolls sideways by {wide} px")
    except Exception as error:  # noqa: BLE001  one page must not end the walk
        faults.append(f"{type(error).__name__}: {error}")
    findings.faults += [f"{where}: {fault}" for fault in dict.fromkeys(faults)]
    page.close()


def press(page: Any, name: str) -> None:
    """Go on to the page that is drawn, where it has no address of its own."""
    start, _, word = name.partition("-")
    if word in PRESSED.get(start, {}):
        chosen, button = PRESSED[start][word]
        for field_name, value in chosen.items():
            page.select_option(f"[name={field_name}]", value)
        page.click(button)
        page.wait_for_selector(button, state="detached")  # the page may be swapped in without a navigation
        page.wait_for_load_state("networkidle")


def stretch(page: Any, width: int) -> None:
    """Make the window as high as the page, so that what sticks to an edge of the window stands at the page's."""
    lowest = DEVICES[width]["viewport"]["height"]
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": width, "height": min(max(lowest, height), 8000)})


def no_page(context: Any, path: str) -> str:
    """Why there is nothing to draw, or nothing."""
    answer = context.request.get(path, max_redirects=0)
    kind = answer.headers.get("content-type", "")
    if answer.status != 200:
        return f"status {answer.status}"
    if not kind.startswith("text/html"):
        return kind
    return "" if "<html" in answer.text() else "a part of a page"


def write_index(folder: Path, findings: Findings) -> None:
    """A page to look through the pictures."""
    parts = ["<!doctype html><meta charset=utf-8><title>Every page</title><h1>Every page</h1>"]
    parts += [f"<p>{html.escape(fault)}</p>" for fault in findings.faults]
    for name in dict.fromkeys(picture[0] for picture in findings.pictures):
        parts.append(f"<h2>{html.escape(name)}</h2><p>")
        for picture in findings.pictures:
            if picture[0] == name:
                file = html.escape("{}-{}-{}-{}.png".format(*picture))
                parts.append(
                    f'<a href="{file}"><img src="{file}" alt="{file}" title="{file}" height=300 loading=lazy></a>'
                )
    parts.append("<h2>Not drawn</h2><ul>")
    parts += [f"<li>{html.escape(name)}: {html.escape(why)}</li>" for name, why in sorted(findings.left_out.items())]
    (folder / "index.html").write_text("\n".join(parts))


if __name__ == "__main__":
    sys.exit(main())
