"""What a page says once after something was done."""

from django.contrib import messages
from django.http import HttpRequest

_LEVELS = {"good": messages.SUCCESS, "danger": messages.ERROR, "warn": messages.WARNING}


def toast(request: HttpRequest, text: str, *, undo: str = "", saved: str = "", tone: str = "good") -> None:
    """Say `text` on the next page shown.

    `undo` is a URL that takes POST and puts things back. `saved` is the key of the form's draft (`data-draft`) that the
    device may now forget. Tone danger stays until it is closed.
    """
    tags = [f"{name}:{value}" for name, value in (("undo", undo), ("saved", saved)) if value]
    messages.add_message(request, _LEVELS[tone], text, extra_tags=" ".join(tags))
