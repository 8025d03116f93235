"""Official values of touches beside what touches brought: what holds today, and one line in full."""

from typing import Any

from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.access import permission_required_in
from accounts.models import User
from accounts.permissions import Act, Area
from planning.models import EvidenceRun, RejectedSuggestion, TouchValue, ValueStage
from planning.queries.evidence_kinds import NthRow, chances_question, kinds_of, left_out_words
from planning.queries.norms import sees_norm_amounts
from planning.queries.touch_values import (
    Line,
    may_approve,
    rejections_question,
    sees_evidence,
    values_question,
    values_table,
)
from planning.queries.value_history import Past, decisions, line_history, months_question
from planning.views.asked import may_export
from territory import clock
from territory.formats.days import day_text
from territory.formats.numbers import money_text
from territory.rows import key_in
from territory.together import together

# Of what was decided so many are shown; the audit has them all.
MOST_PAST = 10


@require_safe
@permission_required_in(Area.TOUCH_VALUES, Act.SEE)
def touch_values(request):
    """Every touch type on every tier, for prospects or for customers; one line in full."""
    stage = request.GET.get("for")
    stage = stage if stage in ValueStage.values else ValueStage.PROSPECT.value
    today, user = clock.company_today(), request.user
    sees = sees_evidence(user)
    seen = rejections_question(stage) if sees else RejectedSuggestion.objects.none()
    values, rejected = together(values_question(), seen)
    table = values_table(stage, values, today, sees_evidence=sees, rejected=rejected)
    line = table.line(key_in(request.GET.get("type")), key_in(request.GET.get("tier")))
    context = {
        "stage": stage,
        "stages": ValueStage.choices,
        "table": table,
        "left_out": left_out_words(table.run) if table.run else "",
        "coming": [value for value in values if value.starts_on > today],
        "latest": sorted(values, key=lambda value: (value.starts_on, value.approved_at, value.pk), reverse=True)[
            :MOST_PAST
        ],
        "may_approve": may_approve(user),
        "may_export": may_export(user),
        "shows_call_plan": sees_norm_amounts(user),
    }
    if line is not None:
        context |= _in_full(user, line, table.run, values, rejected)
    return render(request, "planning/values/list.html", context)


def _in_full(
    user: User,
    line: Line,
    run: EvidenceRun | None,
    values: list[TouchValue],
    rejected: list[RejectedSuggestion],
) -> dict[str, Any]:
    """One line: its kinds of evidence, months, and what was decided."""
    decided = decisions(line, values, rejected)
    context: dict[str, Any] = {"line": line, "decided": decided[:MOST_PAST], "older": len(decided[MOST_PAST:])}
    if run is None:
        return context | {"past": []}
    chances, months = together(
        chances_question(line.evidence.pk if line.evidence else 0),
        months_question(line.stage, line.touch_type.pk, line.tier.pk),
    )
    kinds = kinds_of(user, line, run, chances)
    if kinds is not None:
        context |= {
            "kinds": kinds,
            "shows_value": any(row.value is not None for row in kinds.touches),
            "nth_chart": _nth_chart(kinds.touches),
            "reached_chart": _reached_chart(kinds.touches),
        }
    past = line_history(line, values, decided, months)
    return context | {"past": past, "chart": _chart(past), "finding": _finding(past)}


def _chart(past: list[Past]) -> dict[str, Any]:
    return {
        "type": "line",
        "labels": [day_text(row.on) for row in past],
        "series": [
            {
                "label": _("official"),
                "colour": "ink",
                "stepped": True,
                "marks": [bool(row.decided) for row in past],
                "values": [None if row.official is None else float(row.official) for row in past],
            },
            {
                "label": _("evidence"),
                "colour": "accent",
                "values": [row.evidence.value for row in past],
                "low": [row.evidence.low for row in past],
                "high": [row.evidence.high for row in past],
            },
        ],
    }


def _nth_chart(rows: list[NthRow]) -> dict[str, Any]:
    chance = {
        "label": _("chance"),
        "values": [round(row.chance * 100, 2) for row in rows],
        "low": [round(row.low * 100, 2) for row in rows],
        "high": [round(row.high * 100, 2) for row in rows],
    }
    return {"type": "line", "labels": [row.n for row in rows], "unit": "%", "series": [chance]}


def _reached_chart(rows: list[NthRow]) -> dict[str, Any]:
    courses = {"label": _("courses"), "values": [row.reached for row in rows]}
    return {"type": "bar", "labels": [row.n for row in rows], "series": [courses]}


def _finding(past: list[Past]) -> str:
    """What the picture shows, in one sentence."""
    if not past:
        return ""
    last = past[-1].evidence
    words = {"evidence": money_text(last.value), "low": money_text(last.low), "high": money_text(last.high)}
    if past[-1].official is None:
        return _("No official value; evidence now %(evidence)s, between %(low)s and %(high)s.") % words
    words["official"] = money_text(past[-1].official)
    return _("Official %(official)s; evidence now %(evidence)s, between %(low)s and %(high)s.") % words
