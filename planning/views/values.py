"""Official values of touches beside what touches brought: what holds today, adopting a suggestion, setting another value."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import permission_required_in
from accounts.permissions import Act, Area, may, may_all
from planning.actions.rules import set_touch_value
from planning.forms.rules import AdoptForm, TouchValueForm
from planning.models import TouchValue, ValueStage
from planning.queries.touch_values import line_history, sees_evidence, suggested, values_table
from territory import clock
from territory.formats.days import day_text
from territory.toasts import toast


def _may_approve(request) -> bool:
    return may_all(request.user, Area.TOUCH_VALUES, Act.APPROVE)


@require_safe
@permission_required_in(Area.TOUCH_VALUES, Act.SEE)
def touch_values(request):
    """Every touch type on every tier, for prospects or for customers; one line in full."""
    return _page(request, request.GET.get("for"), request.GET.get("type"), request.GET.get("tier"))


def _page(request, stage: str | None, touch_type: Any, tier: Any, form: AdoptForm | None = None):
    stage = stage if stage in ValueStage.values else ValueStage.PROSPECT.value
    today = clock.company_today()
    values = list(TouchValue.objects.select_related("touch_type", "tier", "approved_by").order_by("starts_on", "pk"))
    table = values_table(stage, values, today, sees_evidence=sees_evidence(request.user))
    line = table.line(_number(touch_type), _number(tier))
    past = line_history(line, stage, values) if line and table.run else []
    context = {
        "stage": stage,
        "stages": ValueStage.choices,
        "table": table,
        "line": line,
        "past": past,
        "chart": _chart(past),
        "form": form or AdoptForm(),
        "coming": [value for value in values if value.starts_on > today],
        "latest": sorted(values, key=lambda value: (value.approved_at, value.pk), reverse=True)[:20],
        "may_approve": _may_approve(request),
        "may_export": may(request.user, Area.EXPORT, Act.SEE) and may(request.user, Area.BUDGETS, Act.SEE),
    }
    return render(request, "planning/values/list.html", context, status=422 if form and form.errors else 200)


def _number(text: Any) -> int | None:
    return int(text) if str(text).isascii() and str(text).isdigit() and len(str(text)) < 19 else None


def _chart(past) -> dict[str, Any]:
    return {
        "type": "line",
        "labels": [day_text(row.on) for row in past],
        "series": [
            {
                "label": _("official"),
                "colour": "ink",
                "stepped": True,
                "values": [None if row.official is None else float(row.official) for row in past],
            },
            {
                "label": _("evidence"),
                "values": [row.evidence.value for row in past],
                "low": [row.evidence.low for row in past],
                "high": [row.evidence.high for row in past],
            },
        ],
    }


@require_POST
@permission_required_in(Area.TOUCH_VALUES, Act.SEE)
def touch_value_adopt(request):
    """Let the suggestion that was shown be the official value from today on."""
    if not (_may_approve(request) and sees_evidence(request.user)):
        raise PermissionDenied
    form = AdoptForm(request.POST)
    if form.is_valid():
        found = form.cleaned_data["evidence"]
        try:
            set_touch_value(
                touch_type=found.touch_type,
                tier=found.tier,
                stage=found.stage,
                amount=suggested(found.value),
                starts_on=clock.company_today(),
                reason=form.cleaned_data["reason"],
                actor=request.user,
                now=clock.now(),
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            toast(request, _("Adopted: it holds from today on; the old value stays readable."))
            address = f"{reverse('touch_values')}?for={found.stage}&type={found.touch_type_id}&tier={found.tier_id}"
            return redirect(address)
    shown = form.cleaned_data.get("evidence")
    if shown is None:
        return _page(request, None, None, None, form)
    return _page(request, shown.stage, shown.touch_type_id, shown.tier_id, form)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required_in(Area.TOUCH_VALUES, Act.SEE)
def touch_value_set(request):
    """Let a new official value start, with a reason."""
    if not _may_approve(request):
        raise PermissionDenied
    initial = {name: request.GET.get(name) for name in ("touch_type", "tier", "stage")}
    sent = request.POST if request.method == "POST" else None
    form = TouchValueForm(sent, initial={**initial, "starts_on": clock.company_today()})
    if request.method == "POST" and form.is_valid():
        try:
            set_touch_value(**form.cleaned_data, actor=request.user, now=clock.now())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            toast(request, _("The new value starts on its day; the old one stays readable."))
            return redirect("touch_values")
    return render(request, "planning/values/form.html", {"form": form}, status=422 if form.errors else 200)
