"""Official values of touches: what holds today, by type, tier and stage; setting a new one; what held before."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import permission_required_in
from accounts.permissions import Act, Area, may_all
from customers.models import Tier, TouchType
from planning.actions.rules import set_touch_value
from planning.forms.rules import TouchValueForm
from planning.models import TouchValue, ValueStage
from territory import clock
from territory.toasts import toast


@require_safe
@permission_required_in(Area.TOUCH_VALUES, Act.SEE)
def touch_values(request):
    """A table type x tier for prospects and for customers, with what starts later and what held before."""
    today = clock.company_today()
    values = list(TouchValue.objects.select_related("touch_type", "tier", "approved_by").order_by("starts_on", "pk"))
    current = {(v.touch_type_id, v.tier_id, v.stage): v for v in values if v.starts_on <= today}
    tiers = list(Tier.objects.live())
    tables = [
        (
            ValueStage(stage),
            [
                (touch_type, [(tier, current.get((touch_type.pk, tier.pk, stage))) for tier in tiers])
                for touch_type in TouchType.objects.live()
            ],
        )
        for stage in ValueStage.values
    ]
    context = {
        "tables": tables,
        "tiers": tiers,
        "coming": [v for v in values if v.starts_on > today],
        "latest": sorted(values, key=lambda v: (v.approved_at, v.pk), reverse=True)[:20],
        "may_approve": may_all(request.user, Area.TOUCH_VALUES, Act.APPROVE),
    }
    return render(request, "planning/values/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required_in(Area.TOUCH_VALUES, Act.SEE)
def touch_value_set(request):
    """Let a new official value start, with a reason."""
    if not may_all(request.user, Area.TOUCH_VALUES, Act.APPROVE):
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
