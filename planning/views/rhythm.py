"""Rhythm: how far what contact rules ask for is done, by person, team, tier and rule."""

from django.core.paginator import Paginator
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.access import permission_required_in
from accounts.permissions import Act, Area, people_within, scope
from planning.models import RhythmWindow
from planning.queries import rhythm as queries
from planning.views.asked import may_export, row_asked

ROWS_SHOWN = 50

OF_PEOPLE = (("person", _("People")), ("team", _("Teams")))
OF_RULES = (("tier", _("Tiers")), ("rule", _("Rules")))
# What stands above the names.
HEADS = {"person": _("Person"), "team": _("Team"), "tier": _("Tier"), "rule": _("Rule")}


@require_safe
@permission_required_in(Area.BUDGETS, Act.SEE)
def rhythm(request):
    """What was asked and made, worst first: ?by=, ?days=, ?person= (then by tier or rule)."""
    person = row_asked(request, "person", people_within(request.user, Area.BUDGETS, Act.SEE))
    window = _window(request)
    reached = scope(request.user, Area.BUDGETS, Act.SEE)
    of_many = person is None and (reached.everything or reached.has_teams)
    ways = (*OF_PEOPLE, *OF_RULES) if of_many else OF_RULES
    by = request.GET.get("by")
    by = by if by in dict(ways) else ("person" if of_many else "rule")
    found = queries.rhythm(request.user, by, window, person)
    context = {
        "found": found,
        "page": Paginator(found.rows, ROWS_SHOWN).get_page(request.GET.get("page")),
        "person": person,
        "by": by,
        "ways": ways,
        "head": HEADS[by],
        "window": window,
        "windows": RhythmWindow.choices,
        "may_export": may_export(request.user),
    }
    return render(request, "planning/rhythm.html", context)


def _window(request) -> int:
    asked = request.GET.get("days", "")
    return next((window for window, _label in RhythmWindow.choices if str(window) == asked), RhythmWindow.QUARTER.value)
