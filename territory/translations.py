"""Words in the languages of this installation."""

from functools import lru_cache

from django.conf import settings
from django.utils.translation import trans_real

# More than there are in the product; what goes beyond is looked up again.
MOST_WORDS = 10_000


def remember_words() -> None:
    """Look each word up once: Django asks one catalogue after the other for what none of them has, 350 times a page."""
    for language, _name in settings.LANGUAGES:
        known = trans_real.translation(language)
        known.gettext = lru_cache(maxsize=MOST_WORDS)(known.gettext)  # type: ignore[method-assign]
        known.ngettext = lru_cache(maxsize=MOST_WORDS)(known.ngettext)  # type: ignore[method-assign]
