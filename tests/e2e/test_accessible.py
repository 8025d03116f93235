"""axe-core, the checker that accessibility auditors use, finds nothing serious on any page, in either theme, on a desk or a phone."""

from pathlib import Path

import pytest

from tests.every_page import every_page
from tests.test_access_matrix import address

from .conftest import DESK, PHONE
from .test_markup import shown

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AXE = Path(__file__).parent.parent / "vendor" / "axe.min.js"
# Rules that could only find something slight are not asked and what passes is not described: that is half of the time.
ALL = """({preload: false, resultTypes: ["violations"], rules: Object.fromEntries(
  axe._audit.rules.filter((rule) => ["minor", "moderate"].includes(rule.impact)).map((rule) => [rule.id, {enabled: false}]))})"""
# Only colours differ between the themes.
COLOURS = "({preload: false, resultTypes: ['violations'], runOnly: {type: 'rule', values: ['color-contrast', 'link-in-text-block']}})"
LOOK = """async () => (await axe.run(document, %s)).violations
  .filter((found) => ["serious", "critical"].includes(found.impact))
  .flatMap((found) => found.nodes.map((node) => `${found.id}: ${node.html.slice(0, 160)} (${node.failureSummary.slice(0, 200)})`))
"""
SIGNED_OUT = ["account_login", "account_reset_password"]


class Eyes:
    """A page that is looked at in both themes: in one it is opened, then only its colours are changed."""

    def __init__(self, page) -> None:
        self.page, self.theme = page, "light"
        page.context.add_init_script(path=AXE)
        self._show()

    def found_on(self, url: str) -> list[str]:
        """What axe finds."""
        self.page.goto(url)
        if not self.page.title():  # a part of a page, for htmx
            return []
        found = self._found(url, ALL)
        self.theme = "dark" if self.theme == "light" else "light"
        self._show()
        return found + self._found(url, COLOURS)

    def _show(self) -> None:
        self.page.emulate_media(
            color_scheme=self.theme, reduced_motion="reduce"
        )  # else colours are seen while they change

    def _found(self, url: str, rules: str) -> list[str]:
        return [f"{url} {self.theme}: {each}" for each in self.page.evaluate(LOOK % rules)]


@pytest.mark.parametrize(("who", "device"), [("admin", DESK), ("rep", PHONE)], ids=["desk", "phone"])
def test_nothing_serious_on_any_page(opened, cast, who, device):
    urls, eyes, wrong = every_page(cast), Eyes(opened(getattr(cast, who), device)), []
    pages = shown(getattr(cast, who), urls)
    for url in pages:
        wrong += eyes.found_on(url)
    assert not wrong, "\n".join(wrong)
    assert len(pages) > 80


def test_nothing_serious_before_one_signs_in(opened, company):
    eyes = Eyes(opened(None, PHONE))
    assert [found for name in SIGNED_OUT for found in eyes.found_on(address(name, {}))] == []


def test_it_would_be_found(opened, cast):
    page = opened(cast.rep, DESK)
    Eyes(page)
    page.goto("/profile/")
    page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', `<input><img src='/static/icon.svg'>"
        "<p class='pale'>Pale</p>`); const sheet = new CSSStyleSheet(); sheet.replaceSync('.pale { color: #888; background: #777 }');"
        "document.adoptedStyleSheets = [sheet]"
    )
    assert {text.split(":")[0] for text in page.evaluate(LOOK % ALL)} >= {"label", "image-alt", "color-contrast"}
    assert {text.split(":")[0] for text in page.evaluate(LOOK % COLOURS)} == {"color-contrast"}
