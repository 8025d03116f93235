"""Numbers with their units. Rounded half up, as people round; a minus is a minus sign, not a hyphen."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache

from django.utils.translation import gettext as _

from territory.company.models import Company

Number = int | float | Decimal | Fraction

# Signs that stand for one currency only where the company has one currency, as it has here.
SIGNS = {
    "EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥", "CNY": "¥", "INR": "₹", "KRW": "₩", "ILS": "₪", "TRY": "₺",
    "UAH": "₴", "VND": "₫", "NGN": "₦", "PHP": "₱", "THB": "฿", "AUD": "A$", "CAD": "C$", "NZD": "NZ$", "BRL": "R$",
}  # fmt: skip


def rounded(value: Number, decimals: int) -> Decimal:
    """Half up, to so many decimals; of a Fraction or a Decimal exactly."""
    if isinstance(value, Fraction):
        value = Decimal(value.numerator) / Decimal(value.denominator)
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    return exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def _signed(number: Decimal, before: str = "") -> str:
    digits = f"{before}{abs(number):,}"
    return f"\N{MINUS SIGN}{digits}" if number < 0 else digits


# A page writes some hundred, and most as they were when somebody looked last. Typed: a Decimal may round otherwise than its float.
@lru_cache(maxsize=5000, typed=True)
def number_text(value: Number | None, decimals: int = 0) -> str:
    """1,234 or, with decimals, 1,234.5; nothing for what is not known."""
    return "" if value is None else _signed(rounded(value, decimals))


def money_text(amount: Number | None) -> str:
    """An amount in the company's currency: £68,400, or £68,400.50 where there are cents."""
    if amount is None:
        return ""
    company = Company.current()
    return _money_text(amount, company.currency if company else "")


@lru_cache(maxsize=5000, typed=True)
def _money_text(amount: Number, code: str) -> str:
    exact = rounded(amount, 2)
    if exact == exact.to_integral_value():
        exact = exact.quantize(Decimal(1))
    return _signed(exact, SIGNS.get(code, f"{code} " if code else ""))


def minutes_text(minutes: Number | None) -> str:
    """20 min, or 481.4 min where they are not whole."""
    if minutes is None:
        return ""
    exact = rounded(minutes, 1)
    whole = exact == exact.to_integral_value()
    return _("%(number)s min") % {"number": number_text(exact, 0 if whole else 1)}


def hours_text(minutes: Number | None) -> str:
    """Minutes as hours with one decimal: 18.1 h."""
    if minutes is None:
        return ""
    hours = Decimal(str(float(minutes))) / 60
    return _("%(number)s h") % {"number": number_text(hours, 1)}


def percent_text(share: Number | None, decimals: int = 0) -> str:
    """A share as per cent: 0.87 is 87 %, the sign kept on the same line."""
    if share is None:
        return ""
    exact = share if isinstance(share, Decimal) else Decimal(str(float(share)))
    return f"{number_text(exact * 100, decimals)}\N{NO-BREAK SPACE}%"
