"""Changing official values: each change is looked at before it is saved, with a reason. None is overwritten."""

import datetime as dt
import json
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import permission_required_in
from accounts.models import User
from accounts.permissions import Act, Area
from planning.actions.answers import answer_for
from planning.actions.rules import set_touch_value
from planning.actions.values import Meanwhile, adopt_suggestion, reject_suggestion
from planning.engine.value import OfficialValue
from planning.forms.values import DecideForm, TouchValueForm
from planning.models import AnswerKind
from planning.queries.touch_values import Line, line_on, may_approve, next_start, official_on, sees_evidence
from planning.queries.value_effect import effect_shown, question_of
from territory import clock
from territory.rows import key_in
from territory.toasts import toast


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required_in(Area.TOUCH_VALUES, Act.SEE)
def touch_value_adopt(request: HttpRequest) -> HttpResponse:
    """What a suggestion would change; sent with a reason, it is the official value from today on."""
    line = _line(request)
    if request.method != "POST":
        return _suggestion(request, line, DecideForm())
    return _decided(
        request, line, adopt_suggestion, _("Adopted: it holds from today on; the old value stays readable.")
    )


@require_POST
@permission_required_in(Area.TOUCH_VALUES, Act.SEE)
def touch_value_reject(request: HttpRequest) -> HttpResponse:
    """Keep the official value although the evidence suggests another."""
    return _decided(
        request, _line(request), reject_suggestion, _("Rejected: the value stays until evidence has moved.")
    )


def _line(request: HttpRequest) -> Line:
    """The line that is decided on, of who may approve and sees evidence; 404 where nothing is suggested."""
    if not (may_approve(request.user) and sees_evidence(request.user)):
        raise PermissionDenied
    asked = request.GET
    touch_type, tier = key_in(asked.get("type")), key_in(asked.get("tier"))
    line = line_on(asked.get("for", ""), touch_type, tier, clock.company_today())
    if line is None or line.credit is None:
        raise Http404
    return line


def _decided(request: HttpRequest, line: Line, act: Any, done: str) -> HttpResponse:
    """Carry out what was decided; without a reason, or where something else holds by now, the page says so."""
    form = DecideForm(request.POST)
    if not form.is_valid():
        return _suggestion(request, line, form)
    data = form.cleaned_data
    try:
        act(
            line=line, seen=(data["evidence"], data["official"]), reason=data["reason"],
            actor=request.user, now=clock.now(),
        )  # fmt: skip
    except Meanwhile as meanwhile:
        return _suggestion(request, line, DecideForm(initial={"reason": data["reason"]}), meanwhile)
    except ValidationError as error:
        form.add_error(None, error)
        return _suggestion(request, line, form)
    toast(request, done)
    return redirect(f"{reverse('touch_values')}?{line.query}")


def _suggestion(request: HttpRequest, line: Line, form: DecideForm, meanwhile: Meanwhile | None = None) -> HttpResponse:
    """What is suggested beside what holds, and what adopting it would change."""
    assert line.suggestion is not None  # noqa: S101  such a line has evidence
    today = clock.company_today()
    value = OfficialValue(line.touch_type.pk, line.tier.pk, line.stage, today, line.suggestion)
    context = _effect(request.user, value, today) | {
        "form": form,
        "line": line,
        "meanwhile": meanwhile,
        "polls": f"{reverse('touch_value_adopt')}?{line.query}",
        "back": f"{reverse('touch_values')}?{line.query}",
    }
    status = 409 if meanwhile else 422 if form.errors else 200
    return render(request, "planning/values/adopt.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required_in(Area.TOUCH_VALUES, Act.SEE)
def touch_value_set(request: HttpRequest) -> HttpResponse:
    """Let a new official value start, with a reason, once its effect was shown."""
    if not may_approve(request.user):
        raise PermissionDenied
    initial = {name: request.GET.get(name) for name in ("touch_type", "tier", "stage")}
    sent = request.POST if request.method == "POST" else None
    form = TouchValueForm(sent, initial={**initial, "starts_on": clock.company_today()})
    if sent is None or not form.is_valid():
        return render(request, "planning/values/form.html", {"form": form}, status=422 if form.errors else 200)
    return _looked_at(request, form)


def _looked_at(request: HttpRequest, form: TouchValueForm) -> HttpResponse:
    """Save what was typed if just this was shown with its effect, else show that first."""
    data, today = form.cleaned_data, clock.company_today()
    line = data["touch_type"].pk, data["tier"].pk, data["stage"]
    official = official_on(*line, today)
    typed, holds = form.typed(), str(official.pk if official else 0)
    seen, _slash, held = data.pop("seen").rpartition("/")
    asks_to_save = request.POST.get("do") == "save"
    if asks_to_save and (seen, held) == (typed, holds):
        try:
            set_touch_value(**data, actor=request.user, now=clock.now())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            toast(request, _("The new value starts on its day; the old one stays readable."), saved="touch-value")
            address = f"?for={data['stage']}&type={data['touch_type'].pk}&tier={data['tier'].pk}"
            return redirect(reverse("touch_values") + address)
    form.data = form.data.copy()
    form.data["seen"] = f"{typed}/{holds}"
    was_first = asks_to_save and seen == typed and held != holds
    context = _effect(request.user, OfficialValue(*line, data["starts_on"], data["amount"]), today) | {
        "form": form,
        "amount": data["amount"],
        "looked_at": _looked_at_again(form),
        "before": official,
        "typed_anew": asks_to_save and seen != typed,
        "meanwhile": Meanwhile(official) if was_first else None,
    }
    until = context["until"]
    if until and until <= today:
        context["before"] = official_on(*line, data["starts_on"])
    status = 409 if was_first else 422 if asks_to_save else 200
    return render(request, "planning/values/form.html", context, status=status)


def _looked_at_again(form: TouchValueForm) -> str:
    """What the page asks with until the effect is there, whatever is typed meanwhile."""
    return json.dumps({name: form.data[name] for name in form.fields if name in form.data} | {"do": "preview"})


def _effect(user: User, value: OfficialValue, today: dt.date) -> dict[str, Any]:
    """What a value changes, as soon as it is worked out; saving does not wait for it."""
    kept = answer_for(user, AnswerKind.VALUE_EFFECT, question_of(value), now=clock.now())
    starts_on = value.starts_on or today
    return {
        "kept": kept,
        "effect": None if kept.result is None else effect_shown(user, kept.result),
        "starts_on": starts_on,
        "until": next_start(value.touch_type, value.tier, value.audience, starts_on),  # type: ignore[arg-type]
        "today": today,
    }
