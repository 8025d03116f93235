"""Pages of the ground floor."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from territory import health as installation


@login_not_required
@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """For monitors: 200 where all is well, else 503 and which part fails; tells strangers nothing else."""
    seen = installation.look()
    return JsonResponse(seen.as_json(), status=503 if seen.failing else 200)
