"""axe-core, the checker that accessibility auditors use, finds nothing serious on any page, in either theme, on a desk or a phone."""

from pathlib import Path

import pytest
from django.urls import reverse

from tests.every_page import every_page

from .conftest import DESK, PHONE, look_at
from .test_markup import shown

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AXE = Path(__file__).parent.parent / "vendor" / "axe.min.js"
# Rules that could only find something slight are not asked and what passes is not described: that is half of the time.
ALL = """({preload: false, resultTypes: ["violations"], rules: Object.fromEntries(
  axe._audit.rules.filter((rule) => ["minor", "moderate"].includes(rule.impact)).map((rule) => [rule.id, {enabled: false}]))})"""
# Only colours differ between the themes.
COLOURS = "({preload: false, resultTypes: ['violations'], runOnly: {type: 'rule', values: ['color-contrast', 'link-in-text-block']}})"
# Menus, filters and what else is folded away, which is hidden to the checker.
UNFOLDED = """async () => {
  const folded = [...document.querySelectorAll("details:not([open])")].filter((each) => each.checkVisibility());
  for (const each of folded) each.open = true;
  return folded.length ? (%s)({include: folded}) : [];
}"""
LOOK = """async (part) => (await axe.run(part || document, %s)).violations
  .filter((found) => ["serious", "critical"].includes(found.impact))
  .flatMap((found) => found.nodes.map((node) => `${found.id}: ${node.html.slice(0, 160)} (${node.failureSummary.slice(0, 200)})`))
"""


class Eyes:
    """A page that is looked at in both themes: in one it is opened, then only its colours are changed."""

    def __init__(self, page) -> None:
        self.page, self.theme, self.looked = page, "light", 0
        page.context.add_init_script(path=AXE)
        self._show()

    def found_on(self, url: str) -> list[str]:
        """What axe finds on the page of this address."""
        look_at(self.page, url)
        return self.found_here() if self.page.title() else []  # none: a part of a page, for htmx

    def found_here(self) -> list[str]:
        """What axe finds on the page that is open."""
        self.looked += 1
        found = self._found(LOOK % ALL)
        self.theme = "dark" if self.theme == "light" else "light"
        self._show()
        return found + self._found(LOOK % COLOURS) + self._found(UNFOLDED % (LOOK % ALL))

    def _show(self) -> None:
        self.page.emulate_media(
            color_scheme=self.theme, reduced_motion="reduce"
        )  # else colours are seen while they change

    def _found(self, look: str) -> list[str]:
        return [f"{self.page.url} {self.theme}: {each}" for each in self.page.evaluate(look)]


@pytest.mark.parametrize(
    ("who", "device", "pages"),
    [("admin", DESK, 150), ("manager", PHONE, 110), ("rep", PHONE, 95)],
    ids=["administrator", "manager", "salesperson"],
)
def test_nothing_serious_on_any_page(opened, cast, who, device, pages):
    urls, eyes, wrong = every_page(cast), Eyes(opened(getattr(cast, who), device, proven=True)), []
    for url in shown(getattr(cast, who), urls):
        wrong += eyes.found_on(url)
    assert not wrong, "\n".join(wrong)
    assert eyes.looked > pages


def test_a_page_in_place_of_another_is_not_looked_at_instead(opened, cast):
    with pytest.raises(AssertionError, match="reauthenticate"):
        look_at(opened(cast.admin, DESK), reverse("person_create"))


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
    page.evaluate("document.querySelector('main').innerHTML = '<details><summary>More</summary><input></details>'")
    assert page.evaluate(LOOK % ALL) == []
    assert [text.split(":")[0] for text in page.evaluate(UNFOLDED % (LOOK % ALL))] == ["label"]
