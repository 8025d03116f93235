"""The rules as an administrator sets them and everyone may read them."""

from itertools import groupby

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import permission_required_in
from accounts.permissions import Act, Area, may_all
from customers.models import Customer
from customers.starting_rows import starting_rows
from planning.actions.drafts import draft_act, draft_change
from planning.actions.rules import remove_rule, restore_rule, save_counting, save_rule
from planning.draft_kinds import DRAFT_KINDS, DraftKind, posted
from planning.forms.rules import CompanyForm, CountingForm, HolidayForm, VisitingForm
from planning.models import ContactRule, DraftAct, DraftState, PlanningSettings, RuleDraft, RulesVersion
from planning.queries.drafts import open_drafts
from planning.queries.norms import sees_norm_amounts
from planning.queries.rhythm import beside_rules
from planning.queries.suggested_rhythm import rhythm_evidence
from planning.rule_kinds import RULE_KINDS, RuleKind, count_rows
from territory import clock
from territory.company.models import Company, Holiday
from territory.conflicts import Conflict, conflict_page
from territory.rows import key_in
from territory.toasts import toast

# What an address may fill a form with, as a suggestion does.
PROPOSED = {"contact-rules": ("count", "period")}


def _kind_or_404(key: str) -> RuleKind:
    if key not in RULE_KINDS:
        raise Http404
    return RULE_KINDS[key]


def _may_change(request) -> bool:
    return may_all(request.user, Area.RULES, Act.CHANGE)


def _require_change(request) -> None:
    if not _may_change(request):
        raise PermissionDenied


@require_safe
@permission_required_in(Area.RULES, Act.SEE)
def rules_home(request):
    """Every kind of rule with what it is for."""
    counts = count_rows()
    return render(
        request,
        "planning/rules/home.html",
        {
            "kinds": [(kind, counts.get(kind.key, 0)) for kind in RULE_KINDS.values()],
            "version": RulesVersion.objects.select_related("changed_by").first(),
            "latest": RulesVersion.objects.exclude(reason="").select_related("changed_by")[:5],
            "drafts": open_drafts() if _may_change(request) else [],
            "may_change": _may_change(request),
            "shows_call_plan": sees_norm_amounts(request.user),
            "is_new": _may_change(request) and not Customer.objects.exists(),
        },
    )


@require_safe
@permission_required_in(Area.RULES, Act.SEE)
def rule_list(request, key: str):
    """The rows of one kind, under headings where the kind has them."""
    kind = _kind_or_404(key)
    started = starting_rows(kind.model)
    rows = [(kind.group(row) if kind.group else "", row, *_cells(kind, row)) for row in kind.rows()]
    context = {
        "kind": kind,
        "groups": [(head, list(part)) for head, part in groupby(rows, key=lambda entry: entry[0])],
        "has_effect": key in DRAFT_KINDS,
        "started": {row.pk for _head, row, *_rest in rows if row.pk in started and row.version == 1},
        "may_change": _may_change(request),
    }
    if kind.model is ContactRule:
        context |= _beside_contact_rules(request, [row for _head, row, *_rest in rows])
    return render(request, "planning/rules/list.html", context)


def _beside_contact_rules(request, rows) -> dict:
    """What stands beside contact rules, for who may see it: how far they are kept, and what evidence suggests."""
    run, kept = beside_rules(request.user, {row.pk: row.version for row in rows})
    evidence = rhythm_evidence(request.user)
    for row in rows:
        row.rhythm = kept.get(row.pk)
        row.suggestion = evidence and evidence.of(row)
    width = len(RULE_KINDS["contact-rules"].columns) + (3 if run else 1)
    return {"rhythm": run, "evidence": evidence, "width": width}


def _cells(kind: RuleKind, row) -> tuple[list[tuple[object, bool]], str]:
    """A row's values, and all but the first in one line for a phone."""
    cells = [(column.value(row), column.is_number) for column in kind.columns]
    rest = [
        f"{column.head}: {value}" if column.is_number else str(value)
        for column, (value, _is_number) in zip(kind.columns[1:], cells[1:], strict=True)
        if value
    ]
    return cells, ", ".join(rest)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required_in(Area.RULES, Act.SEE)
def rule_create(request, key: str):
    """A new row of one kind."""
    _require_change(request)
    return _rule_form(request, _kind_or_404(key), None)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required_in(Area.RULES, Act.SEE)
def rule_edit(request, key: str, pk: int):
    """Change a row of one kind."""
    _require_change(request)
    kind = _kind_or_404(key)
    return _rule_form(request, kind, get_object_or_404(kind.rows(), pk=pk))


def _rule_form(request, kind: RuleKind, row):
    """Show the form, or keep what was typed and show its effect; save at once what has none."""
    if kind.key in DRAFT_KINDS:
        return _draft_form(
            request, DRAFT_KINDS[kind.key], row, "planning/rules/form.html", _form_context(request, kind, row)
        )
    back = reverse("rule_list", args=[kind.key])
    form = kind.form(request.POST if request.method == "POST" else None, instance=row)
    if form.is_valid():
        try:
            save_rule(row=form.instance, version=form.cleaned_data.get("version"), actor=request.user, now=clock.now())
        except Conflict as conflict:
            return conflict_page(request, form, conflict, back)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            toast(request, _("Saved."), saved=f"rule-{kind.key}-{row.pk if row else 'new'}")
            return redirect(back)
    context = {"kind": kind, "form": form, "row": row, "back": back}
    return render(request, "planning/rules/form.html", context, status=422 if form.errors else 200)


def _form_context(request, kind: RuleKind, row) -> dict:
    context = {"kind": kind, "row": row, "has_effect": True, "saved": f"rule-{kind.key}-{row.pk if row else 'new'}"}
    evidence = rhythm_evidence(request.user) if isinstance(row, ContactRule) else None
    if evidence and (suggestion := evidence.of(row)):
        context |= {"evidence": evidence, "suggestion": suggestion, "bands": evidence.bands_of(row)}
    return context


def _draft_form(request, kind: DraftKind, row, template: str, context: dict):
    """Show the form, or keep what was typed as a draft and go to its effect; `?draft=` types an older one again."""
    older = _older(request, kind, row) if _may_change(request) else None
    sent = request.POST if request.method == "POST" else None
    form = kind.form(sent, instance=row, initial=_proposed(request, kind) if sent is None else {})
    if request.method == "POST" and form.is_valid():
        if row is not None and row.pk and not set(form.changed_data) - {"version"}:
            toast(request, _("Nothing was changed."))
            return redirect(kind.list_url())
        try:
            version = form.cleaned_data.get("version")
            draft = draft_change(
                kind=kind, form=form, version=version, actor=request.user, now=clock.now(), instead_of=older
            )
        except Conflict as conflict:
            return conflict_page(request, form, conflict, kind.list_url())
        toast(request, _("Not saved yet: look at the effect first."), saved=context.get("saved", ""))
        return redirect("draft_detail", draft.pk)
    if request.method != "POST" and older is not None:
        form = kind.form(posted({**older.values, "version": [str(older.row_version or "")]}), instance=row)
    status = 422 if request.method == "POST" and form.errors else 200
    return render(request, template, {**context, "form": form, "back": kind.list_url()}, status=status)


def _proposed(request, kind: DraftKind) -> dict[str, str]:
    """How often, of a contact rule, as the address proposes it; it is checked when it is sent."""
    return {name: request.GET[name] for name in PROPOSED.get(kind.key, ()) if name in request.GET}


def _older(request, kind: DraftKind, row) -> RuleDraft | None:
    """The open draft of this very row that is typed again."""
    drafts = RuleDraft.objects.filter(kind=kind.key, act=DraftAct.SAVE, state=DraftState.OPEN)
    return drafts.filter(pk=key_in(request.GET.get("draft")), row_key=row.pk if row else None).first()


@require_POST
@permission_required_in(Area.RULES, Act.SEE)
def rule_remove(request, key: str, pk: int):
    """Remove a rule, or retire a row of the catalogue."""
    _require_change(request)
    kind = _kind_or_404(key)
    row = get_object_or_404(kind.rows(), pk=pk)
    if key in DRAFT_KINDS:
        return _act_form(request, DRAFT_KINDS[key], DraftAct.REMOVE, row)
    try:
        remove_rule(row=row, actor=request.user, now=clock.now())
    except ValidationError as error:
        toast(request, " ".join(error.messages), tone="danger")
    else:
        toast(request, _("Retired.") if kind.retires else _("Removed."))
    return redirect("rule_list", key)


@require_POST
@permission_required_in(Area.RULES, Act.SEE)
def rule_restore(request, key: str, pk: int):
    """Bring a retired row back."""
    _require_change(request)
    kind = _kind_or_404(key)
    if not kind.retires:
        raise Http404
    row = get_object_or_404(kind.rows(), pk=pk)
    if key in DRAFT_KINDS:
        return _act_form(request, DRAFT_KINDS[key], DraftAct.RESTORE, row)
    restore_rule(row=row, actor=request.user, now=clock.now())
    toast(request, _("Brought back."))
    return redirect("rule_list", key)


def _act_form(request, kind: DraftKind, act: DraftAct, row):
    """Keep that the row is to go or to come back, and show the effect."""
    try:
        draft = draft_act(kind=kind, act=act, row=row, actor=request.user, now=clock.now())
    except ValidationError as error:
        toast(request, " ".join(error.messages), tone="danger")
        return redirect(kind.list_url())
    return redirect("draft_detail", draft.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required_in(Area.RULES, Act.SEE)
def thresholds(request):
    """From when on it is too much or too little."""
    return _settings_form(request, "thresholds", "planning/rules/thresholds.html")


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required_in(Area.RULES, Act.SEE)
def threshold_situations(request):
    """From when on it is out of the ordinary: what each kind of special situation lets one choose."""
    return _settings_form(request, "situations", "planning/rules/situations.html")


def _settings_form(request, key: str, template: str):
    """A part of the one row of planning settings."""
    row = PlanningSettings.current()
    if request.method == "POST":
        _require_change(request)
        row, _made = PlanningSettings.objects.get_or_create(pk=1)
    context = {"may_change": _may_change(request), "saved": key, "started": row.version == 1}
    return _draft_form(request, DRAFT_KINDS[key], row, template, context)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required_in(Area.RULES, Act.SEE)
def counting(request):
    """How evidence and the value of work count touches and business; saved at once, since no budget or due day follows."""
    return _kept_form(request, CountingForm, "counting")


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required_in(Area.RULES, Act.SEE)
def visiting(request):
    """How weeks of visits are planned; saved at once, likewise."""
    return _kept_form(request, VisitingForm, "visiting")


def _kept_form(request, form_class, name: str):
    """A part of the one row of planning settings that is saved without a draft."""
    if request.method == "POST":
        _require_change(request)
    row = PlanningSettings.current()
    form = form_class(request.POST if request.method == "POST" else None, instance=row)
    if form.is_valid():
        try:
            save_counting(row=form.instance, version=form.cleaned_data.get("version"), actor=request.user)
        except Conflict as conflict:
            return conflict_page(request, form, conflict, reverse("rules_home"))
        except ValidationError as error:  # somebody else saved the first settings meanwhile
            form.add_error(None, error)
        else:
            toast(request, _("Saved."), saved=name)
            return redirect("rules_home")
    context = {"form": form, "row": row, "back": reverse("rules_home"), "may_change": _may_change(request)}
    return render(request, f"planning/rules/{name}.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required_in(Area.RULES, Act.SEE)
def calendar(request):
    """The company, its working days and holidays."""
    if request.method == "POST":
        _require_change(request)
    row = Company.objects.first() or Company()
    return _draft_form(request, DRAFT_KINDS["company"], row, "planning/rules/calendar.html", _calendar(request))


def _calendar(request) -> dict:
    return {
        "holiday_form": HolidayForm(),
        "holidays": Holiday.objects.filter(on__gte=clock.company_today().replace(month=1, day=1)),
        "may_change": _may_change(request),
    }


@require_POST
@permission_required_in(Area.RULES, Act.SEE)
def holiday_create(request):
    """A day on which nobody works."""
    _require_change(request)
    form = HolidayForm(request.POST)
    if not form.is_valid():
        context = {**_calendar(request), "form": CompanyForm(instance=Company.objects.first()), "holiday_form": form}
        return render(request, "planning/rules/calendar.html", context, status=422)
    kind = DRAFT_KINDS["holidays"]
    draft = draft_change(kind=kind, form=form, version=None, actor=request.user, now=clock.now())
    return redirect("draft_detail", draft.pk)


@require_POST
@permission_required_in(Area.RULES, Act.SEE)
def holiday_delete(request, pk: int):
    """A day on which people work after all."""
    _require_change(request)
    return _act_form(request, DRAFT_KINDS["holidays"], DraftAct.REMOVE, get_object_or_404(Holiday, pk=pk))
