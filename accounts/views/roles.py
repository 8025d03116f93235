"""Roles, and what each may do."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import queries
from accounts.access import permission_required_in, recent_sign_in_required
from accounts.actions import roles as actions
from accounts.forms import RoleCostForm, RoleForm, new_role_form
from accounts.models import Role, User
from accounts.permissions import Act, Area, may, may_all
from accounts.role_rows import rows_for
from territory import clock
from territory.sent import sent

from .pages import act_page, form_page
from .people import changes_people, form_methods

sees_all_people = permission_required_in(Area.PEOPLE, Act.SEE, whole_company=True)


@require_safe
@sees_all_people
def role_list(request: HttpRequest) -> HttpResponse:
    """What people are in selling."""
    context = {
        "roles": queries.roles(clock.company_today()),
        "sees_cost": may(request.user, Area.COST, Act.SEE),
        "may_change": may_all(request.user, Area.PEOPLE, Act.CHANGE),
    }
    return render(request, "accounts/role_list.html", context)


def _form_for(viewer: User) -> type[RoleForm]:
    return RoleCostForm if may_all(viewer, Area.COST, Act.CHANGE) else RoleForm


@form_methods
@changes_people
@recent_sign_in_required
def role_create(request: HttpRequest) -> HttpResponse:
    """Add a role with the access of another."""

    def save(**fields) -> Role:
        return actions.add_role(actor=request.user, now=clock.now(), **fields)

    return form_page(
        request,
        new_role_form(_form_for(request.user), rows_for(request.user))(sent(request)),
        save,
        back=reverse("role_list"),
        done=_("%(name)s added. How often it makes which touch is set under Rules."),
        draft="role-new",
        title=_("Add role"),
    )


@form_methods
@changes_people
@recent_sign_in_required
def role_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename a role, change its function or cost."""
    role = get_object_or_404(Role, pk=pk)

    def save(**fields) -> Role:
        return actions.change_role(actor=request.user, now=clock.now(), on=clock.company_today(), role=role, **fields)

    return form_page(
        request,
        _form_for(request.user)(sent(request), instance=role),
        save,
        back=reverse("role_list"),
        done=_("%(name)s saved"),
        draft=f"role-{pk}",
        title=role.name,
        retire=reverse("role_restore" if role.retired_at else "role_retire", args=[pk]),
        retired=role.retired_at,
        access=reverse("role_access", args=[pk]),
    )


@form_methods
@changes_people
@recent_sign_in_required
def role_retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Let nobody be put into a role any more."""
    role = get_object_or_404(Role, pk=pk)
    return act_page(
        request,
        lambda: actions.retire_role(actor=request.user, now=clock.now(), on=clock.company_today(), role=role),
        back=reverse("role_list"),
        done=_("%(name)s retired") % {"name": role.name},
        title=_("Retire %(name)s?") % {"name": role.name},
        text=_("It can no longer be given to anyone. What was done in it keeps its name, and it can be brought back."),
        do=_("Retire"),
    )


@form_methods
@changes_people
@recent_sign_in_required
def role_restore(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a retired role be given again."""
    role = get_object_or_404(Role, pk=pk)
    return act_page(
        request,
        lambda: actions.restore_role(actor=request.user, now=clock.now(), role=role),
        back=reverse("role_list"),
        done=_("%(name)s brought back") % {"name": role.name},
        title=_("Bring %(name)s back?") % {"name": role.name},
        text=_("It can be given to people again."),
        do=_("Bring back"),
        gentle=True,
    )
