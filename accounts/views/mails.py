"""Mails as they are shown where no server sends them (the demo, one machine), and what everyone wants mailed."""

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.forms import MailChoicesForm
from accounts.models import User
from accounts.permissions import Act, Area, may_all
from territory import clock
from territory.mail.choices import choose, row_of
from territory.mail.models import Mail, MailState
from territory.mail.sending import are_shown, is_demo
from territory.sent import sent

from .pages import form_page
from .people import form_methods

PER_PAGE = 25


def _sees_all(user: User) -> bool:
    """Whether somebody reads everybody's mails: they must see whatever these may tell of."""
    return all(may_all(user, area, Act.SEE) for area in (Area.AUDIT, Area.CUSTOMERS, Area.ORDERS, Area.AMOUNTS))


def _shown_to(request: HttpRequest) -> QuerySet[Mail]:
    """Mails of the reader; all for an administrator. Where a mail server takes them there is no such page."""
    if not are_shown():
        raise Http404
    mails = Mail.objects.filter(state=MailState.SENT, digest__isnull=True).select_related("recipient")
    return mails if _sees_all(request.user) else mails.filter(recipient=request.user)


@require_safe
def mail_list(request: HttpRequest) -> HttpResponse:
    """What would have been sent, latest first."""
    mails = _shown_to(request).order_by("-sent_at", "-pk")
    page = Paginator(mails, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "mails/list.html", {"page": page, "sees_all": _sees_all(request.user), "is_demo": is_demo()})


@require_safe
def mail_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One mail as its reader would get it."""
    return render(request, "mails/detail.html", {"mail": get_object_or_404(_shown_to(request), pk=pk)})


@form_methods
def profile_mails(request: HttpRequest) -> HttpResponse:
    """What is mailed to the reader: at once, each morning, or never."""

    def save(version: int, **chosen: str):
        return choose(
            actor=request.user,
            now=clock.now(),
            version=version,
            chosen={key: when for key, when in chosen.items() if when},
        )

    return form_page(
        request,
        MailChoicesForm(sent(request), instance=row_of(request.user)),
        save,
        back=reverse("profile_mails"),
        done=_("Saved"),
        draft=f"mails-{request.user.pk}",
        title=_("What is mailed to me"),
        template="accounts/profile_mails.html",
        me=request.user,
        morning=clock.zone_of(request.user).key,
    )
