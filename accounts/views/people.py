"""The list of people, a person's page, and what administrators do with a person."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts import queries
from accounts.access import permission_required_in, recent_sign_in_required
from accounts.actions import people as actions
from accounts.forms import PeopleFilter, PersonForm
from accounts.invitations import invited_at, with_invited_at
from accounts.models import User
from accounts.permissions import Act, Area, may_all, people_within, scope
from accounts.person_history import person_history
from accounts.second_factor import has_second_factor
from accounts.sign_in import invitable
from territory import clock
from territory.mail.sending import no_mail_server_note
from territory.rows import key_in
from territory.sent import sent
from territory.toasts import toast

from .pages import act_page, form_page

PER_PAGE = 50
MOST_INVITED = 200
changes_people = permission_required_in(Area.PEOPLE, Act.CHANGE, whole_company=True)
form_methods = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@permission_required_in(Area.PEOPLE, Act.SEE)
def people_list(request: HttpRequest) -> HttpResponse:
    """Everyone the reader may see, with their place."""
    form = PeopleFilter(request.GET)
    chosen = form.chosen()
    rows = with_invited_at(queries.people(request.user, clock.company_today(), **chosen))
    descending = request.GET.get("sort") == "-name"
    page = Paginator(rows.order_by("-name", "-pk") if descending else rows.order_by("name", "pk"), PER_PAGE)
    shown = page.get_page(request.GET.get("page"))
    context = {
        "form": form,
        "chosen": chosen,
        "page": shown,
        "invitable": any(row.email and row.is_active and not row.has_usable_password() for row in shown),
        "sort": "-name" if descending else "name",
        "may_change": may_all(request.user, Area.PEOPLE, Act.CHANGE),
        "sees_roles": may_all(request.user, Area.PEOPLE, Act.SEE),
    }
    return render(request, "accounts/people_list.html", context)


@require_safe
@permission_required_in(Area.PEOPLE, Act.SEE)
def person_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Where a person works, when they are away, whether they can sign in, what was changed."""
    person = get_object_or_404(people_within(request.user, Area.PEOPLE, Act.SEE), pk=pk)
    today = clock.company_today()
    coming, past = queries.absences_of(person, today)
    sees_absences = people_within(request.user, Area.ABSENCES, Act.SEE).filter(pk=pk).exists()
    context = {
        "person": person,
        "covers": queries.covers_of(person, request.user, today) if sees_absences else [],
        "memberships": queries.memberships_by_time(person, today),
        "absences": coming,
        "past_absences": past,
        "sees_cost": queries.sees_cost_of(request.user, person),
        "sees_absences": sees_absences,
        "may_change": may_all(request.user, Area.PEOPLE, Act.CHANGE),
        "may_change_absences": people_within(request.user, Area.ABSENCES, Act.CHANGE).filter(pk=pk).exists(),
        "history": person_history(person, request.user),
        "invited_at": invited_at(person),
        "may_hand_over": _may_hand_over(request.user, person),
        "has_second_factor": has_second_factor(person),
        "is_self": person.pk == request.user.pk,
    }
    return render(request, "accounts/person_detail.html", context)


def _may_hand_over(viewer: User, person: User) -> bool:
    """Whether the viewer changes customers of more than themselves, the person's among them."""
    reached = scope(viewer, Area.CUSTOMERS, Act.CHANGE)
    wide = reached.everything or reached.has_teams
    return wide and people_within(viewer, Area.CUSTOMERS, Act.CHANGE).filter(pk=person.pk).exists()


@form_methods
@changes_people
@recent_sign_in_required
def person_create(request: HttpRequest) -> HttpResponse:
    """Add a person; without an address they cannot sign in."""

    def save(**fields) -> User:
        return actions.create_person(actor=request.user, now=clock.now(), **fields)

    return form_page(
        request,
        PersonForm(sent(request)),
        save,
        back="",
        cancel=reverse("people_list"),
        done=_("%(name)s added"),
        draft="person-new",
        title=_("Add person"),
    )


@form_methods
@changes_people
@recent_sign_in_required
def person_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change who a person is."""
    person = get_object_or_404(people_within(request.user, Area.PEOPLE, Act.CHANGE), pk=pk)

    def save(**fields) -> User:
        return actions.change_person(
            actor=request.user, now=clock.now(), on=clock.company_today(), person=person, **fields
        )

    return form_page(
        request,
        PersonForm(sent(request), instance=User.objects.get(pk=pk)),
        save,
        back=reverse("person_detail", args=[pk]),
        done=_("%(name)s saved"),
        draft=f"person-{pk}",
        title=person.name,
    )


@form_methods
@changes_people
@recent_sign_in_required
def person_reactivate(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a person in again."""
    person = get_object_or_404(people_within(request.user, Area.PEOPLE, Act.CHANGE), pk=pk)

    def act() -> None:
        actions.reactivate_person(actor=request.user, now=clock.now(), person=person)

    return act_page(
        request,
        act,
        back=reverse("person_detail", args=[pk]),
        done=_("%(name)s reactivated") % {"name": person.name},
        title=_("Reactivate %(name)s?") % {"name": person.name},
        text=_("They need a new password: send them a link to choose one."),
        do=_("Reactivate"),
        gentle=True,
    )


@form_methods
@changes_people
@recent_sign_in_required
def person_send_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Mail a person a link to choose a password."""
    person = get_object_or_404(people_within(request.user, Area.PEOPLE, Act.CHANGE), pk=pk)
    invites = not person.has_usable_password()
    text = (
        _("An invitation goes to their e-mail address. Its link lets them choose a password and works once, for a day.")
        if invites
        else _("It goes to their e-mail address and lets them choose a password. It works once, for a day.")
    )
    return act_page(
        request,
        lambda: actions.send_password_link(actor=request.user, now=clock.now(), person=person),
        back=reverse("person_detail", args=[pk]),
        done=(_("Invitation to %(email)s is on its way") if invites else _("Link to %(email)s is on its way"))
        % {"email": person.email},
        title=(_("Invite %(name)s?") if invites else _("Send %(name)s a link?")) % {"name": person.name},
        text=text,
        warning=no_mail_server_note(),
        do=_("Invite") if invites else _("Send"),
        gentle=True,
    )


@form_methods
@changes_people
@recent_sign_in_required
def people_invite(request: HttpRequest) -> HttpResponse:
    """Invite several people at once, those chosen in the list."""
    given = (request.POST or request.GET).getlist("person")[:MOST_INVITED]
    asked = [pk for each in given if (pk := key_in(each)) is not None]
    people = invitable(people_within(request.user, Area.PEOPLE, Act.CHANGE)).filter(pk__in=asked).order_by("name", "pk")
    if request.method == "POST" and people:
        number = actions.invite(actor=request.user, now=clock.now(), people=people)
        text = ngettext("%(n)s invitation is on its way", "%(n)s invitations are on their way", number)
        toast(request, text % {"n": number})
        return redirect("people_list")
    context = {"people": people, "warning": no_mail_server_note()}
    return render(request, "accounts/invite.html", context, status=422 if request.method == "POST" else 200)
