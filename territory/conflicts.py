"""Two people change the same row: the second is shown both values and nothing is lost."""

from django.db import models
from django.db.models import F
from django.shortcuts import render
from django.utils.translation import gettext as _


class Conflict(Exception):
    """Somebody else changed the row since it was shown. `row` is as it is now."""

    def __init__(self, row: models.Model):
        super().__init__(str(row))
        self.row = row


def claim(row: models.Model, version: int) -> None:
    """Raise the row's version from `version` to the next, or raise Conflict when it is another by now.

    One conditional UPDATE: of two edits that started from the same version exactly one passes, on both databases.
    """
    passed = type(row)._base_manager.filter(pk=row.pk, version=version).update(version=F("version") + 1)
    if not passed:
        row.refresh_from_db()
        raise Conflict(row)
    row.version = version + 1


def conflict_page(request, form, conflict: Conflict, back: str, present=None, action: str = "", posted=None):
    """409: what I typed beside what is there now, field by field; saving again starts from the present version.

    `present` is a form that shows the row as it is now; a form of a model makes its own. `action`, `posted`: where to
    and what to send when saving again, where that is another address than the one asked for.
    """
    if present is None and hasattr(form, "_meta"):
        reader = {"user": form.user} if hasattr(form, "user") else {}
        present = form.__class__(instance=conflict.row, **reader)
    fields = []
    for name in _changed(form):
        theirs = getattr(conflict.row, name, None) if present is None else present[name].value()
        fields.append(
            {
                "label": form.fields[name].label or name,
                "mine": shown(form, name, form[name].value()),
                "theirs": shown(form, name, theirs),
            }
        )
    last = conflict.row.history.first() if hasattr(conflict.row, "history") else None
    data = [
        (key, value)
        for key, values in (request.POST if posted is None else posted).lists()
        if key not in ("version", "csrfmiddlewaretoken")
        for value in values
    ]
    context = {
        "conflict": {
            "by": str(last.history_user) if last and last.history_user else _("somebody else"),
            "at": last.history_date if last else None,
            "fields": [field for field in fields if field["mine"] != field["theirs"]],
            "data": [*data, ("version", conflict.row.version)],
            "action": action or request.get_full_path(),
            "back": back,
        }
    }
    return render(request, "errors/409.html", context, status=409)


def _changed(form) -> list[str]:
    """The visible fields in which something else was typed than was shown."""
    return [name for name in form.changed_data if name in form.fields and not form[name].is_hidden]


def typed(form) -> list[tuple[str, str]]:
    """What was typed, by the labels of the fields: for a page that cannot store it and must not lose it."""
    return [(str(form[name].label), shown(form, name, form[name].value())) for name in _changed(form)]


def shown(form, name: str, value) -> str:
    """A field's value as its choices name it; several of them in a row."""
    if isinstance(value, list | tuple):
        return ", ".join(shown(form, name, each) for each in value)
    choices = getattr(form.fields[name], "choices", None)
    if choices is not None:
        for key, label in form.fields[name].choices:
            if str(key) == str(value if value is not None else ""):
                return str(label)
    return "" if value is None else str(value)
