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
from customers.models import Tier
from planning.actions.rules import add_holiday, change_company, remove_holiday, remove_rule, restore_rule, save_rule
from planning.forms.rules import CompanyForm, HolidayForm, ThresholdsForm
from planning.models import ContactRule, PlanningSettings, RulesVersion
from planning.rule_kinds import RULE_KINDS, RuleKind
from territory import clock
from territory.company.models import Company, Holiday
from territory.conflicts import Conflict, conflict_page
from territory.toasts import toast


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
    return render(
        request,
        "planning/rules/home.html",
        {
            "kinds": [(kind, kind.model._default_manager.count()) for kind in RULE_KINDS.values()],
            "version": RulesVersion.objects.select_related("changed_by").first(),
            "may_change": _may_change(request),
        },
    )


@require_safe
@permission_required_in(Area.RULES, Act.SEE)
def rule_list(request, key: str):
    """The rows of one kind, under headings where the kind has them."""
    kind = _kind_or_404(key)
    rows = [
        (kind.group(row) if kind.group else "", row, [(column.value(row), column.is_number) for column in kind.columns])
        for row in kind.rows()
    ]
    groups = [(head, list(part)) for head, part in groupby(rows, key=lambda entry: entry[0])]
    return render(
        request, "planning/rules/list.html", {"kind": kind, "groups": groups, "may_change": _may_change(request)}
    )


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
    """Show the form, or save it and go back to the list."""
    back = reverse("rule_list", args=[kind.key])
    form = kind.form(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        try:
            save_rule(row=form.instance, version=form.cleaned_data.get("version"), actor=request.user, now=clock.now())
        except Conflict as conflict:
            return conflict_page(request, form, conflict, back)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            toast(request, _saved_words(form.instance), saved=f"rule-{kind.key}-{row.pk if row else 'new'}")
            return redirect(back)
    return render(
        request,
        "planning/rules/form.html",
        {"kind": kind, "form": form, "row": row, "back": back},
        status=422 if form.errors else 200,
    )


def _saved_words(row) -> str:
    """What saving meant: a tier that no contact rule names takes its customers out of due lists and budgets."""
    if isinstance(row, Tier) and not ContactRule.objects.filter(tier=row).exists():
        return _("Saved. Tier %(tier)s has no contact rules yet: its customers get no due touches.") % {"tier": row}
    return _("Saved. Budgets follow within a minute.")


@require_POST
@permission_required_in(Area.RULES, Act.SEE)
def rule_remove(request, key: str, pk: int):
    """Remove a rule, or retire a row of the catalogue."""
    _require_change(request)
    kind = _kind_or_404(key)
    try:
        remove_rule(row=get_object_or_404(kind.rows(), pk=pk), actor=request.user, now=clock.now())
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
    restore_rule(row=get_object_or_404(kind.rows(), pk=pk), actor=request.user, now=clock.now())
    toast(request, _("Brought back."))
    return redirect("rule_list", key)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required_in(Area.RULES, Act.SEE)
def thresholds(request):
    """From when on it is too much, too little, or out of the ordinary."""
    row = PlanningSettings.current()
    back = reverse("rules_home")
    if request.method == "POST":
        _require_change(request)
        row, _made = PlanningSettings.objects.get_or_create(pk=1)
    form = ThresholdsForm(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        try:
            save_rule(row=form.instance, version=form.cleaned_data["version"], actor=request.user, now=clock.now())
        except Conflict as conflict:
            return conflict_page(request, form, conflict, back)
        toast(request, _("Thresholds saved."), saved="thresholds")
        return redirect(back)
    context = {"form": form, "may_change": _may_change(request), "back": back}
    return render(request, "planning/rules/thresholds.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required_in(Area.RULES, Act.SEE)
def calendar(request):
    """The company, its working days and holidays."""
    if request.method == "POST":
        _require_change(request)
    form = CompanyForm(request.POST or None, instance=Company.objects.first() or Company())
    if request.method == "POST" and form.is_valid():
        try:
            change_company(row=form.instance, version=form.cleaned_data["version"], actor=request.user, now=clock.now())
        except Conflict as conflict:
            return conflict_page(request, form, conflict, reverse("calendar"))
        toast(request, _("Saved."))
        return redirect("calendar")
    return _calendar_page(request, form, HolidayForm())


def _calendar_page(request, form, holiday_form):
    context = {
        "form": form,
        "holiday_form": holiday_form,
        "holidays": Holiday.objects.filter(on__gte=clock.company_today().replace(month=1, day=1)),
        "may_change": _may_change(request),
    }
    invalid = form.errors or holiday_form.errors
    return render(request, "planning/rules/calendar.html", context, status=422 if invalid else 200)


@require_POST
@permission_required_in(Area.RULES, Act.SEE)
def holiday_create(request):
    """A day on which nobody works."""
    _require_change(request)
    form = HolidayForm(request.POST)
    if not form.is_valid():
        return _calendar_page(request, CompanyForm(instance=Company.objects.first()), form)
    add_holiday(row=form.instance, actor=request.user, now=clock.now())
    toast(request, _("Holiday added."))
    return redirect("calendar")


@require_POST
@permission_required_in(Area.RULES, Act.SEE)
def holiday_delete(request, pk: int):
    """A day on which people work after all."""
    _require_change(request)
    remove_holiday(row=get_object_or_404(Holiday, pk=pk), actor=request.user, now=clock.now())
    toast(request, _("Holiday removed."))
    return redirect("calendar")
