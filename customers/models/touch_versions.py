"""What the history of a touch says besides its own fields: who took part and who was met, which stand in tables of their own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from simple_history.models import HistoricalRecords

from territory.templatetags.territory import seconds_as_minutes
from territory.together import together


def _beside(name: str, label: Any) -> models.JSONField:
    """A field of the history alone. None: written before this was kept."""
    field = models.JSONField(label, null=True, editable=False)
    field.set_attributes_from_name(name)
    return field


# [[user, role, seconds of length, seconds of travel], ...] and [contact, ...], by their keys.
BESIDE = (_beside("took_part", gettext_lazy("people")), _beside("met", gettext_lazy("contacts met")))


class TouchRecords(HistoricalRecords):
    """Reads two fields more from a touch than its table has."""

    def fields_included(self, model: Any) -> list[models.Field]:
        """The fields that a version holds."""
        return [*super().fields_included(model), *BESIDE]


class TouchVersion(models.Model):
    """How a version of a touch puts people and contacts into words, once their names were read."""

    # By key; a person or contact that is not here is told by its number.
    people_names: dict[int, str] = {}
    contact_names: dict[int, str] = {}

    class Meta:
        abstract = True

    @classmethod
    def read_names(cls, versions: Iterable[Any]) -> None:
        """Give these versions the names they need, read in one statement."""
        rows = list(versions)
        users = {part[0] for row in rows for part in row.took_part or ()}
        contacts = {pk for row in rows for pk in row.met or ()}
        if not users and not contacts:
            return
        people, met = together(
            get_user_model()._base_manager.filter(pk__in=users).order_by().values_list("pk", "name"),
            apps.get_model("customers.Contact")
            ._base_manager.filter(pk__in=contacts)
            .order_by()
            .values_list("pk", "name"),
        )
        for row in rows:
            row.people_names, row.contact_names = dict(people), dict(met)

    def get_took_part_display(self) -> str:
        """Nell Ashcombe 20 min, Tom Reeve 10 min and 30 min travel."""
        return ", ".join(self._part(*part) for part in self.took_part or ())  # type: ignore[attr-defined]

    def get_met_display(self) -> str:
        """Claire Dunmore, Martin Kell."""
        return ", ".join(self.contact_names.get(pk, f"#{pk}") for pk in self.met or ())  # type: ignore[attr-defined]

    def _part(self, user: int, _role: int | None, seconds: int, travel: int) -> str:
        words = {
            "name": self.people_names.get(user, f"#{user}"),
            "minutes": seconds_as_minutes(seconds),
            "travel": seconds_as_minutes(travel),
        }
        if travel:
            return _("%(name)s %(minutes)s and %(travel)s travel") % words
        return _("%(name)s %(minutes)s") % words
