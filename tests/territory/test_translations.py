"""Words that are looked up once."""

import pytest
from django.utils import translation
from django.utils.translation import gettext, trans_real

from territory.translations import remember_words


@pytest.fixture
def _as_before():
    yield
    for language in ("en-gb", "en-us"):
        known = vars(trans_real.translation(language))
        known.pop("gettext", None), known.pop("ngettext", None)


@pytest.mark.usefixtures("_as_before")
def test_a_word_is_looked_up_once_and_in_its_own_language(monkeypatch):
    british = trans_real.translation("en-gb")
    asked = []
    monkeypatch.setattr(type(british), "gettext", lambda self, word: asked.append(word) or f"{self.language()}: {word}")
    remember_words()

    for language in ("en-gb", "en-us", "en-gb", "en-us"):
        with translation.override(language):
            assert gettext("Customers") == f"{translation.to_language(translation.get_language())}: Customers"
    assert asked == ["Customers", "Customers"]
