"""What one role may do, as a form: a choice a cell of the table, with the reaches that make sense there."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts import access_words, reaches
from accounts.forms import Refusing
from accounts.models import Role
from accounts.reaches import Area, key_of, reach_of


class AccessForm(Refusing, forms.Form):
    """`access` fills it with something else than what the role may do now."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data=None, *, role: Role, access: reaches.Access | None = None):
        self.role = role
        shown = role.access if access is None else access
        initial: dict[str, object] = {"version": role.version}
        initial |= {key_of(area, act): str(reach_of(shown, area, act)) for area, act in reaches.cells()}
        super().__init__(data, initial=initial)
        for area, act in reaches.cells():
            self.fields[key_of(area, act)] = forms.ChoiceField(
                label=_("%(area)s: %(act)s") % {"area": str(area.label).capitalize(), "act": act.label},
                widget=forms.Select(attrs={"class": "form-select"}),
                choices=[(str(reach), access_words.choice(area, act, reach)) for reach in reaches.OFFERED[area, act]],
            )

    def clean(self):
        """Nobody changes what they do not see."""
        try:
            reaches.check(self.chosen())
        except ValidationError as error:
            self.refuse(error)
        return self.cleaned_data

    def chosen(self) -> dict[str, dict[str, str]]:
        """What was chosen, as it is stored; cells not valid give nothing."""
        found: dict[str, dict[str, str]] = {}
        for area, act in reaches.cells():
            found.setdefault(str(area), {})[str(act)] = self.cleaned_data.get(key_of(area, act), "")
        return reaches.plain(found)

    def rows(self) -> list[tuple[Area, list[tuple[str, forms.BoundField, str, str]]]]:
        """By area: each act with its field, its footnotes and, where what is shown is not as at the start, the start."""
        start = access_words.start_of(self.role)
        by_area: dict[Area, list] = {}
        for area, act in reaches.cells():
            field, at_first = self[key_of(area, act)], reach_of(start, area, act)
            value = str(field.value())
            differs = access_words.choice(area, act, at_first) if value != at_first else ""
            marks = access_words.footnotes(area, act, value)
            by_area.setdefault(area, []).append((str(act.label), field, marks, differs))
        return list(by_area.items())
