"""A change of rules before it is saved: its effect, computed anew, saved with a reason or thrown away."""

from django.core.exceptions import ValidationError
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.access import permission_required_in
from accounts.permissions import Act, Area
from customers.models import Tier
from planning.actions.drafts import DraftClosed, ask_again, discard_draft, save_draft
from planning.draft_kinds import DRAFT_KINDS, posted
from planning.forms.drafts import SaveDraftForm
from planning.models import ContactRule, DraftAct, RuleDraft
from planning.queries.drafts import draft_page
from territory import clock
from territory.conflicts import Conflict, conflict_page
from territory.toasts import toast

changes_all_rules = permission_required_in(Area.RULES, Act.CHANGE, whole_company=True)


def _draft(pk: int) -> RuleDraft:
    return get_object_or_404(RuleDraft.objects.select_related("author", "closed_by"), pk=pk)


@require_safe
@changes_all_rules
def draft_detail(request, pk: int):
    """What would change, and the way to save it or throw it away."""
    page = draft_page(request.user, _draft(pk))
    return _page(request, page, SaveDraftForm(seen=page.seen))


@require_safe
@changes_all_rules
def draft_effect(request, pk: int):
    """The part of the page that asks again until the effect is there."""
    page = draft_page(request.user, _draft(pk))
    context = {"page": page, "form": SaveDraftForm(seen=page.seen), "polled": True}
    return render(request, "planning/drafts/effect.html", context)


def _page(request, page, form, status: int = 200):
    kind = DRAFT_KINDS[page.draft.kind]
    context = {
        "page": page,
        "draft": page.draft,
        "form": form,
        "back": kind.list_url(),
        "list_title": kind.title,
        "again": f"{kind.form_url(page.draft.row_key)}?draft={page.draft.pk}"
        if page.draft.act == DraftAct.SAVE and page.draft.kind != "holidays"
        else "",
    }
    return render(request, "planning/drafts/detail.html", context, status=status)


@require_POST
@changes_all_rules
def draft_compute(request, pk: int):
    """Ask for the effect once more."""
    ask_again(draft=_draft(pk), now=clock.now())
    return redirect("draft_detail", pk)


@require_POST
@changes_all_rules
def draft_discard(request, pk: int):
    """Throw the change away."""
    draft = _draft(pk)
    try:
        discard_draft(draft=draft, actor=request.user, now=clock.now())
    except DraftClosed:
        return _closed_already(request, pk)
    toast(request, _("Thrown away. Nothing has changed."))
    return redirect(DRAFT_KINDS[draft.kind].list_url())


@require_POST
@changes_all_rules
def draft_save(request, pk: int):
    """Put the change in force."""
    draft = _draft(pk)
    page = draft_page(request.user, draft)
    if not draft.is_open:
        return _closed_already(request, pk)
    form = SaveDraftForm(request.POST, seen=page.seen)
    if not form.is_valid():
        return _page(request, page, form, status=422)
    try:
        row = save_draft(draft=draft, reason=form.cleaned_data["reason"], actor=request.user, now=clock.now())
    except DraftClosed:
        return _closed_already(request, pk)
    except Conflict as conflict:
        return _conflict(request, draft, conflict, form)
    except ValidationError as error:
        form.add_error(None, error)
        return _page(request, draft_page(request.user, _draft(pk)), form, status=422)
    toast(request, _saved_words(row))
    return redirect(DRAFT_KINDS[draft.kind].list_url())


def _closed_already(request, pk: int) -> HttpResponseRedirect:
    """The page says who saved it or threw it away."""
    toast(request, _("This was saved or thrown away already."), tone="danger")
    return redirect("draft_detail", pk)


def _conflict(request, draft: RuleDraft, conflict: Conflict, form):
    """Both values, and from there a draft of its own; what was to be removed is looked at once more."""
    kind = DRAFT_KINDS[draft.kind]
    if draft.act != DraftAct.SAVE:
        form.add_error(None, _("Somebody changed this meanwhile. Throw the draft away and look at the row again."))
        return _page(request, draft_page(request.user, _draft(draft.pk)), form, status=409)
    typed = kind.bound(draft, conflict.row)
    action = f"{kind.form_url(draft.row_key)}?draft={draft.pk}"
    back = kind.list_url()
    return conflict_page(request, typed, conflict, back, action=action, posted=posted(draft.values))


def _saved_words(row) -> str:
    """What saving meant: a tier that no contact rule names takes its customers out of due lists and budgets."""
    live_tier = isinstance(row, Tier) and row.retired_at is None
    if live_tier and not ContactRule.objects.filter(tier=row).exists():
        return _("Saved. Tier %(tier)s has no contact rules yet: its customers get no due touches.") % {"tier": row}
    return _("Saved. Budgets, due days and loads follow within a minute.")
