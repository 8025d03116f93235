"""What a telephone number looks like."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# What is written around the digits; "x" and "ext" go before an extension.
_SIGNS = re.compile(r"(?:[0-9\s+()/.-]|x|ext)*", re.IGNORECASE)
FEWEST_DIGITS = 3


def check_phone(text: str) -> None:
    """Raise ValidationError unless it is empty or a telephone number as people write one."""
    if text and (_SIGNS.fullmatch(text) is None or sum(sign.isdecimal() for sign in text) < FEWEST_DIGITS):
        raise ValidationError(
            _("Give a telephone number: at least 3 digits, and only spaces, + ( ) / . - x or ext besides.")
        )
