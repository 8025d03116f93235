"""What planning adds to the preview of a hand-over."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest

from customers import extensions
from customers.actions.foreseen import HandOver, Move
from planning.queries.hand_over import loads


def _loads_panel(request: HttpRequest, seen: HandOver, moves: Sequence[Move]) -> tuple[str, dict[str, Any]] | None:
    found = loads(request.user, seen, moves)
    return ("planning/hand_over/loads.html", {"loads": found}) if found else None


def register() -> None:
    """Add planning's part to the preview of a hand-over."""
    extensions.hand_over_panels.add(extensions.HandOverPanel(key="load", render=_loads_panel))
