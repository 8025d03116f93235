"""The words of the interface in the languages there are."""

from functools import lru_cache

from django.conf import settings
from django.utils.translation.trans_real import translation


def keep() -> None:
    """Look for each word once a language: English stands in no catalogue, and Django looks through five each time.

    A page has some two hundred words, and what a language calls a word follows from the word alone.
    """
    for code, _name in settings.LANGUAGES:
        catalogue = translation(code)
        catalogue.gettext = lru_cache(maxsize=20_000)(catalogue.gettext)  # type: ignore[method-assign]
