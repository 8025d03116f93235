"""One outreach to many: whom it reached, what it was, when, who took part."""

from __future__ import annotations

import datetime as dt
import uuid as uuids
from typing import Any

from django import forms
from django.db.models import Case, Value, When
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import User
from customers.actions.touches import Participant, TouchEntry
from customers.forms.fields import SeveralField
from customers.forms.log_fields import LogForm, PastField
from customers.models import Customer, TouchChannel, TouchType
from customers.queries import touch_choices as choices
from territory.fields import MinutesField
from territory.rows import key_in

# So many customers at once, and so many characters of pasted ids.
MOST = 5_000
LONGEST_PASTE = 200_000
# So many names stand on the page.
NAMES = 30
# So many ids that were not found are named in the message; the field keeps them all.
NAMED = 10


def marketing_first():
    """Touch types in use, those of marketing first."""
    rank = Case(When(channel=TouchChannel.MARKETING, then=Value(0)), default=Value(1))
    return TouchType.objects.live().order_by(rank, "position", "name")


class OutreachForm(LogForm):
    """`customers` are keys that an earlier page put together, `ids` external ids as pasted, one a line.

    Ids that nobody has, and those of customers on whom the person may not log, are answered alike: they stay in the field.
    """

    error_fields = {"duration_seconds": "minutes", "participants": "people"}

    uuid = forms.UUIDField(widget=forms.HiddenInput(attrs={"data-uuid": ""}))
    customers = forms.CharField(required=False, widget=forms.HiddenInput, max_length=20 * MOST)
    ids = forms.CharField(
        label=_("External ids"),
        required=False,
        max_length=LONGEST_PASTE,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("One a line, pasted from a list. Those that are found join the customers above."),
    )
    type = forms.ModelChoiceField(TouchType.objects.none(), label=_("Type"), empty_label=None)
    at = PastField(label=_("When"), error_messages={"required": _("Say when it was.")})
    minutes = MinutesField(
        label=_("Minutes in all"),
        help_text=_("Of each who took part; split over the customers."),
        error_messages={"required": _("Say how many minutes it took.")},
    )
    people = SeveralField(
        User.objects.none(),
        label=_("People who took part"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Say who took part.")},
    )
    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea(attrs={"rows": 3}), max_length=10_000)

    def __init__(self, data=None, *, user: User, now: dt.datetime, customers: list[Customer] | None = None) -> None:
        self.user = user
        initial = {"uuid": uuids.uuid4(), "at": now.replace(second=0, microsecond=0), "people": [user.pk]}
        super().__init__(data, initial=initial)
        self.fields["type"].queryset = marketing_first()
        self.fields["people"].queryset = choices.colleagues(user, None)
        self.chosen: list[Customer] = list(customers or [])
        self.unknown: list[str] = []
        self.taken_off = 0
        if self.is_bound:
            self._find()

    def _find(self) -> None:
        """Whom the form names, among those on whom the person may log; the fields hold what was found, and what was not."""
        keys = self._keys()
        asked = list(dict.fromkeys(self._lines()))
        loggable = choices.loggable(self.user).select_related("tier").defer("note")
        rows = {row.pk: row for row in loggable.filter(pk__in=keys)}
        by_id = {row.external_id: row for row in loggable.filter(external_id__in=asked)} if asked else {}
        self.taken_off = len(keys) - len(rows)
        rows |= {row.pk: row for row in by_id.values()}
        self.chosen = sorted(rows.values(), key=lambda row: (row.search_text, row.pk))
        self.unknown = [each for each in asked if each not in by_id]
        self.data = self.data.copy()
        self.data["customers"], self.data["ids"] = self.keys, "\n".join(self.unknown)

    def _keys(self) -> list[int]:
        words = str(self.data.get("customers", "")).split()[: MOST + 1]
        return list({key for word in words if (key := key_in(word)) is not None})

    def _lines(self) -> list[str]:
        text = str(self.data.get("ids", ""))[:LONGEST_PASTE].replace("\0", "")
        return [line.strip()[:100] for line in text.splitlines() if line.strip()]

    @property
    def keys(self) -> str:
        """The customers chosen so far, as the hidden field carries them."""
        return " ".join(str(customer.pk) for customer in self.chosen)

    @property
    def names(self) -> list[Customer]:
        return self.chosen[:NAMES]

    @property
    def more(self) -> int:
        return len(self.chosen) - len(self.names)

    @property
    def too_many(self) -> bool:
        return len(self.chosen) > MOST

    @cached_property
    def not_found(self) -> str:
        """What to say of ids that were not found; "" where all were."""
        if not self.unknown:
            return ""
        named = ", ".join(self.unknown[:NAMED]) + (" …" if len(self.unknown) > NAMED else "")
        words = ngettext(
            "%(count)s id was not found: %(ids)s.", "%(count)s ids were not found: %(ids)s.", len(self.unknown)
        )
        return words % {"count": len(self.unknown), "ids": named}

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if self.unknown:
            self.add_error("ids", f"{self.not_found} {_('Correct them or take them out.')}")
        if self.taken_off:
            self.add_error(None, _("Some customers are no longer there: they were taken off. Look and save again."))
        elif not self.chosen and not self.unknown:
            self.add_error(None, _("Choose at least one customer."))
        if self.too_many:
            self.add_error(None, _("That is more than %(most)s customers at once.") % {"most": MOST})
        type_ = said.get("type")
        if type_ and said.get("minutes") == 0 and type_.channel != TouchChannel.MARKETING:
            self.add_error("minutes", _("Minutes must be 1 or more."))
        return said

    def renew(self) -> None:
        """Give it another number: what was sent under the old one was another outreach."""
        self.data["uuid"] = str(uuids.uuid4())

    def entry(self) -> TouchEntry:
        """What was said, for the action."""
        said = self.cleaned_data
        return TouchEntry(
            customer=self.chosen[0],
            type=said["type"],
            at=said["at"],
            participants=tuple(Participant(user=person, duration_seconds=said["minutes"]) for person in said["people"]),
            note=said["note"],
        )
