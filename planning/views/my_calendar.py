"""What else fills a person's week: times one is busy, and the address under which one's own calendar reads visits."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from planning.actions.busy_times import add_busy_time, change_busy_time, remove_busy_time
from planning.actions.calendar_feeds import renew_feed, revoke_feed
from planning.forms.my_week import BusyTimeForm
from planning.models import BusyTime, CalendarFeed
from planning.queries.calendar_feed import as_icalendar, reader_of
from planning.views.my_week import WEEKS, changes_week, sees_week
from territory import clock
from territory.conflicts import Conflict, conflict_page
from territory.sent import sent
from territory.toasts import toast

# Where a new address waits in the session until it is shown.
NEW_ADDRESS = "new_calendar_address"

VALUES = ("what", "starts_at", "ends_at")


def _week_of(request: HttpRequest, row: BusyTime) -> str:
    """The week in which it begins, this one where that is too far away to be looked at."""
    day = clock.day_of(row.starts_at, clock.zone_of(request.user))
    is_near = abs(day - clock.today(request.user)) <= WEEKS
    return f"{reverse('my_week')}?week={day.isoformat()}" if is_near else reverse("my_week")


@require_http_methods(["GET", "HEAD", "POST"])
@changes_week
def busy_time_create(request: HttpRequest) -> HttpResponse:
    """A time in which one visits nobody."""
    form = BusyTimeForm(sent(request))
    if form.is_valid():
        said = {name: form.cleaned_data[name] for name in VALUES}
        row = add_busy_time(person=request.user, now=clock.now(), **said)
        toast(request, _("Saved"), saved="busy-new")
        return redirect(_week_of(request, row))
    return _form(request, form, None)


def _own(request: HttpRequest, pk: int) -> BusyTime:
    return get_object_or_404(BusyTime, pk=pk, person=request.user)


@require_http_methods(["GET", "HEAD", "POST"])
@changes_week
def busy_time_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change it."""
    row = _own(request, pk)
    form = BusyTimeForm(sent(request), instance=BusyTime.objects.get(pk=pk), initial={"version": row.version})
    if form.is_valid():
        said = {name: form.cleaned_data[name] for name in VALUES}
        version = form.cleaned_data["version"] or 0
        try:
            change_busy_time(person=request.user, now=clock.now(), row=row, version=version, **said)
        except Conflict as conflict:
            return conflict_page(request, form, conflict, reverse("my_week"))
        except ValidationError as error:
            form.add_error(None, error)
        else:
            toast(request, _("Saved"), saved=f"busy-{pk}")
            return redirect(_week_of(request, row))
    return _form(request, form, row)


@require_POST
@changes_week
def busy_time_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """One is free then."""
    row = _own(request, pk)
    back = _week_of(request, row)
    remove_busy_time(person=request.user, now=clock.now(), row=row)
    toast(request, _("Removed"))
    return redirect(back)


def _form(request: HttpRequest, form: BusyTimeForm, row: BusyTime | None) -> HttpResponse:
    context = {"form": form, "row": row}
    return render(request, "planning/my_week/busy.html", context, status=422 if form.errors else 200)


@require_safe
@sees_week
def my_week_feed(request: HttpRequest) -> HttpResponse:
    """Whether one's calendar reads one's visits, since when; a new address stands there once."""
    feed = CalendarFeed.objects.filter(person=request.user).first()
    token = request.session.pop(NEW_ADDRESS, "") if request.method == "GET" and NEW_ADDRESS in request.session else ""
    address = f"{settings.SITE_URL}{reverse('calendar_feed', args=[token])}" if token else ""
    return render(request, "planning/my_week/feed.html", {"feed": feed, "address": address})


@require_POST
@sees_week
def my_week_feed_renew(request: HttpRequest) -> HttpResponse:
    """A new address, shown once on the page that comes then."""
    request.session[NEW_ADDRESS] = renew_feed(person=request.user, now=clock.now())
    return redirect("my_week_feed")


@require_POST
@sees_week
def my_week_feed_revoke(request: HttpRequest) -> HttpResponse:
    """No address any more."""
    request.session.pop(NEW_ADDRESS, None)
    revoke_feed(person=request.user, now=clock.now())
    toast(request, _("The address is gone: calendars that read it find nothing there."))
    return redirect("my_week_feed")


@login_not_required
@require_safe
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """The visits of whose address this is; to anybody else there is nothing here."""
    person = reader_of(token)
    if person is None:
        raise Http404
    answer = HttpResponse(as_icalendar(person, clock.now()), content_type="text/calendar; charset=utf-8")
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["Content-Disposition"] = 'inline; filename="visits.ics"'
    return answer
