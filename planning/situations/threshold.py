"""What an administrator sets about a kind of special situation: declared by the kind, kept with the planning settings.

The page of thresholds, its preview and the rules file follow from the declarations.
"""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from msgspec import Struct

from territory.fields import PercentField
from territory.formats.numbers import money_text, number_text, percent_text

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise as StrPromise

    from planning.models import PlanningSettings

Value = Decimal | int | bool

SHARE_STEP, CENT = Decimal("0.0001"), Decimal("0.01")
MOST_MONEY = Decimal("999999999999")


class Unit(Enum):
    """How a threshold is typed and kept: a share (typed as per cent), money, a whole number, yes or no."""

    SHARE = "share"
    MONEY = "money"
    NUMBER = "number"
    SWITCH = "switch"


class Threshold(Struct, frozen=True):
    """One number (or yes or no). `below`: the name of the one that it must not exceed, of the same kind.

    `least` and `most` are in the unit that is kept: 0.2 for 20 per cent.
    """

    name: str
    label: StrPromise | str
    unit: Unit
    default: Value
    help: StrPromise | str = ""
    below: str = ""
    least: int = 0
    most: int = 9

    def of(self, settings: PlanningSettings) -> Any:
        """What holds under these settings."""
        kept = settings.situations.get(self.name)
        if kept is None:
            return self.default
        return Decimal(kept) if self.unit in (Unit.SHARE, Unit.MONEY) else kept

    def text(self, settings: PlanningSettings) -> str:
        """What holds, for who reads it."""
        value = self.of(settings)
        if self.unit == Unit.SHARE:
            return percent_text(value, 0 if value * 100 == int(value * 100) else 2)
        if self.unit == Unit.SWITCH:
            return _("yes") if value else _("no")
        return money_text(value) if self.unit == Unit.MONEY else number_text(value)

    def kept(self, value: Value) -> str | int | bool:
        """As it is kept: decimals as text."""
        if self.unit == Unit.SHARE:
            return str(Decimal(value).quantize(SHARE_STEP))
        return str(Decimal(value).quantize(CENT)) if self.unit == Unit.MONEY else value  # type: ignore[return-value]

    def checked(self, value: Value) -> Value:
        """The value with the decimals that are kept; raises ValidationError where it lies outside its bounds."""
        if self.unit != Unit.SWITCH and not self.least <= value <= self.upper:
            raise ValidationError(
                _("It must be from %(least)s to %(most)s.") % {"least": self.least, "most": self.upper}
            )
        return Decimal(str(self.kept(value))) if self.unit in (Unit.SHARE, Unit.MONEY) else value

    @property
    def upper(self) -> Decimal | int:
        return MOST_MONEY if self.unit == Unit.MONEY else self.most

    def field(self) -> forms.Field:
        """What it is typed into; kept and shown as `of` gives it."""
        about = {"label": self.label, "help_text": self.help}
        if self.unit == Unit.SWITCH:
            return forms.BooleanField(required=False, **about)
        if self.unit == Unit.SHARE:
            return PercentField(min_value=self.least * 100, max_value=self.most * 100, **about)
        if self.unit == Unit.MONEY:
            return forms.DecimalField(min_value=0, max_value=MOST_MONEY, max_digits=14, decimal_places=2, **about)
        return forms.IntegerField(min_value=self.least, max_value=self.most, **about)
