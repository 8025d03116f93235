"""What a form is bound to."""

from django.http import HttpRequest, QueryDict


def sent(request: HttpRequest) -> QueryDict | None:
    """What was sent, even where that is nothing; None where the page was only asked for.

    An empty request is not valid then: it is never taken for one that only opened the form.
    """
    return request.POST if request.method == "POST" else None
