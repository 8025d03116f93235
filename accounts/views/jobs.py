"""Jobs: what ran, when, how long, how many, what failed and why; run now, and try again."""

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts.access import permission_required_in
from accounts.permissions import Act, Area, may_all
from territory import clock, health, health_words
from territory.jobs import queries, registry
from territory.jobs.models import JobRun, JobState
from territory.jobs.tasks import run_now
from territory.mail import outbox
from territory.mail.models import Mail
from territory.mail.sending import no_mail_server_note, try_failed_again
from territory.toasts import toast

PER_PAGE = 25
MOST_FAILED_MAILS = 10
sees_jobs = permission_required_in(Area.AUDIT, Act.SEE)
runs_jobs = permission_required_in(Area.AUDIT, Act.SEE, whole_company=True)


@require_safe
@sees_jobs
def job_list(request: HttpRequest) -> HttpResponse:
    """The schedule in words, what waits, mails that failed, and what ran."""
    now = clock.now()
    name, state = request.GET.get("job", "").replace("\0", ""), request.GET.get("state", "")
    lines, heard = queries.schedule(now)
    failed = list(
        Mail.objects.failed().select_related("recipient").order_by("-created_at", "-pk")[: MOST_FAILED_MAILS + 1]
    )
    context = {
        "lines": lines,
        "heard": heard,
        "heard_late": heard is None or now - heard > queries.LATE,
        "waits": queries.waits(now),
        "failed_mails": failed[:MOST_FAILED_MAILS],
        "more_failed_mails": len(failed) > MOST_FAILED_MAILS,
        "page": Paginator(queries.runs(name=name, state=state), PER_PAGE).get_page(request.GET.get("page")),
        "names": queries.names(),
        "states": JobState.choices,
        "name": name,
        "name_label": registry.label_of(name) if name else "",
        "state": state if state in JobState.values else "",
        "may_run": may_all(request.user, Area.AUDIT, Act.SEE),
        "warning": no_mail_server_note(),
    }
    return render(request, "jobs/list.html", context)


@require_safe
@sees_jobs
def job_health(request: HttpRequest) -> HttpResponse:
    """What monitors ask for, in words: what is well, what is not, and what to do."""
    seen = health.look()
    context = {"parts": health_words.parts(seen), "failing": len(seen.failing), "backup_is_late": seen.backup_is_late}
    return render(request, "jobs/health.html", context)


@require_safe
@sees_jobs
def job_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a run is; asks again until it is over."""
    return render(request, "jobs/progress.html", {"run": get_object_or_404(JobRun, pk=pk)})


@require_POST
@runs_jobs
def job_run(request: HttpRequest, job: str) -> HttpResponse:
    """Run a job now; while it waits or runs, asking again changes nothing."""
    known = registry.get(job.replace("-", " "))
    if known is None or known.run is None:
        raise Http404
    run_now(known.name, requested_by=request.user, now=clock.now())
    toast(request, _("%(job)s: asked for") % {"job": known.label})
    return redirect("job_list")


@require_POST
@runs_jobs
def job_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Try a failed run again."""
    run = get_object_or_404(JobRun, pk=pk)
    job = registry.get(run.name)
    if job is None or not run.may_be_tried_again:
        toast(request, _("This run cannot be tried again."), tone="warn")
    elif job.again is not None:
        job.again(run)
        toast(request, _("%(job)s: asked for") % {"job": job.label})
    else:
        run_now(job.name, requested_by=request.user, now=clock.now())
        toast(request, _("%(job)s: asked for") % {"job": job.label})
    return redirect("job_list")


@require_POST
@runs_jobs
def mails_again(request: HttpRequest) -> HttpResponse:
    """Let all failed mails wait again."""
    number = try_failed_again(now=clock.now())
    outbox.ring()
    toast(
        request,
        ngettext("%(n)s mail is tried again", "%(n)s mails are tried again", number) % {"n": number},
    )
    return redirect("job_list")
