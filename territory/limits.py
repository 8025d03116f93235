"""How often a person may do what costs much: so many in a minute, counted in the cache, which is the database.

So the count holds across processes and with Redis down. Each place in a minute is a row of its own that only one can add.
"""

import time
from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

MINUTE = 60
View = Callable[..., HttpResponse]


def seconds_to_wait(name: str, person: int, most: int, *, now: float) -> int:
    """Take a place among the `most` of this minute: 0, or the seconds until there are places again. `most` 0: no limit."""
    minute, gone = divmod(int(now), MINUTE)
    keys = [f"limit:{name}:{person}:{minute}:{place}" for place in range(most)]
    taken = cache.get_many(keys) if keys else {}
    free = (key for key in keys if key not in taken)
    if not keys or any(cache.add(key, 1, timeout=2 * MINUTE) for key in free):
        return 0
    return MINUTE - gone


def limited(name: str, setting: str, *methods: str) -> Callable[[View], View]:
    """Answer 429 and say when to try again, once the person has done `name` as often in this minute as `setting` allows.

    Only requests of these methods count. Stands inside the permission check.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
            wait = 0
            if request.method in methods:
                wait = seconds_to_wait(name, request.user.pk or 0, getattr(settings, setting), now=time.time())
            if not wait:
                return view(request, *args, **kwargs)
            answer = render(request, "429.html", {"seconds": wait}, status=429)
            answer.headers["Retry-After"] = str(wait)
            return answer

        return guarded

    return decorate


exports = limited("export", "EXPORTS_A_MINUTE", "GET", "HEAD")
expenses = limited("expense", "EXPENSES_A_MINUTE", "POST")
imports = limited("import", "IMPORTS_A_MINUTE", "POST")
# To look at a step reads the file as saving it does.
import_steps = limited("import-step", "IMPORT_STEPS_A_MINUTE", "GET", "HEAD", "POST")
