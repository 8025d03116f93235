"""What each role may do: the table of all, and the form of one with what a change opens and closes."""

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import access_effects, access_words, effect_words
from accounts.access import permission_required_in, recent_sign_in_required
from accounts.access_form import AccessForm
from accounts.actions import roles as actions
from accounts.administrators import locked_out
from accounts.models import Role
from accounts.permissions import Act, Area, may_all
from territory import clock
from territory.conflicts import Conflict, conflict_page
from territory.toasts import toast

from .people import changes_people, form_methods


@require_safe
@permission_required_in(Area.PEOPLE, Act.SEE, whole_company=True)
def access_table(request: HttpRequest) -> HttpResponse:
    """What each role may see, change and approve, in words."""
    roles = list(Role.objects.live())
    columns = access_words.columns(roles)
    context = {
        "columns": columns,
        "rows": access_words.table(columns),
        "reaches": access_words.REACHES,
        "footnotes": access_words.FOOTNOTES,
        "roles": [(role, access_words.changes_of(role)) for role in roles],
        "may_change": may_all(request.user, Area.PEOPLE, Act.CHANGE),
    }
    return render(request, "accounts/access_table.html", context)


@form_methods
@changes_people
@recent_sign_in_required
def role_access(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what one role may do: choose, see what that opens and closes, save."""
    role = get_object_or_404(Role, pk=pk)
    if request.method != "POST":
        start = access_words.start_of(role) if "start" in request.GET else None
        return _form_page(request, AccessForm(role=role, access=start))
    form = AccessForm(request.POST, role=role)
    if not form.is_valid() or request.POST.get("do") == "choose":
        return _form_page(request, form)
    if request.POST.get("do") == "save":
        return _save(request, form)
    return _preview(request, form)


def _form_page(request: HttpRequest, form: AccessForm) -> HttpResponse:
    context = {
        "form": form,
        "role": form.role,
        "changes": access_words.changes_of(form.role),
        "filled": not form.is_bound and "start" in request.GET,
        "last": form.role.history.select_related("history_user").order_by("-history_date", "-history_id").first(),
        "footnotes": access_words.FOOTNOTES,
        "reaches": access_words.REACHES,
    }
    return render(request, "accounts/role_access.html", context, status=422 if form.errors else 200)


def _preview(request: HttpRequest, form: AccessForm) -> HttpResponse:
    counts = may_all(request.user, Area.CUSTOMERS, Act.SEE)
    lines = access_effects.effects_of(form.role, form.chosen())
    context = {
        "role": form.role,
        "opens": [effect_words.sentence(line, counts_customers=counts) for line in lines if line.opens],
        "closes": [effect_words.sentence(line, counts_customers=counts) for line in lines if not line.opens],
        "changed": access_words.changed(form.role.access, form.chosen()),
        "people": access_effects.people_in(form.role),
        "locked_out": locked_out(request.user, form.role, form.chosen(), clock.company_today()),
        "by_covering": access_effects.reaches_by_covering(form.chosen()),
        "typed": [(name, request.POST.get(name, "")) for name in form.fields],
    }
    return render(request, "accounts/role_access_preview.html", context)


def _save(request: HttpRequest, form: AccessForm) -> HttpResponse:
    back = reverse("access_table")
    try:
        actions.change_access(
            actor=request.user,
            now=clock.now(),
            on=clock.company_today(),
            role=form.role,
            version=form.cleaned_data["version"],
            access=form.chosen(),
        )
    except ValidationError as error:
        form.refuse(error)
        return _form_page(request, form)
    except Conflict as conflict:
        return conflict_page(request, form, conflict, back, present=AccessForm(role=conflict.row))
    toast(request, _("Access of %(name)s saved") % {"name": form.role.name}, saved=f"role-access-{form.role.pk}")
    return redirect(back)
