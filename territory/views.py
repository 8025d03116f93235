"""Pages of the ground floor."""

import sys

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader
from django.views import defaults
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from territory import health as installation
from territory.unavailable import why_unavailable, words


@login_not_required
@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """For monitors: 200 where all is well, else 503 and which part fails; tells strangers nothing else."""
    seen = installation.look()
    return JsonResponse(seen.as_json(), status=503 if seen.failing else 200)


def server_error(request: HttpRequest) -> HttpResponse:
    """500; 503 with the reason where the database cannot store or does not answer. Asks the database nothing itself."""
    why = why_unavailable(sys.exc_info()[1])
    if not why:
        return defaults.server_error(request)
    page = loader.get_template("500.html").render(words(why))
    return HttpResponse(page, status=503, headers={"Retry-After": "60"})
