"""What a request cost the web process, told in a header: its process, its CPU so far, statements of this request."""

import os
import resource
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse

HEADER = "X-Bench"


class Counted:
    """Outermost of all middleware. CPU is the whole process', so that between two answers on one connection nothing is left out."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        statements = 0

        def count(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
            nonlocal statements
            statements += not sql.startswith(("SAVEPOINT", "RELEASE SAVEPOINT"))
            return execute(sql, *rest)

        with connection.execute_wrapper(count):
            response = self.get_response(request)
        used = resource.getrusage(resource.RUSAGE_SELF)
        response[HEADER] = f"{os.getpid()} {used.ru_utime + used.ru_stime:.6f} {statements}"
        return response
