"""axe-core, the checker that accessibility auditors use, finds nothing serious on any page, in either theme, on a desk or a phone."""

from pathlib import Path

import pytest

from tests.every_page import every_page
from tests.test_access_matrix import address

from .conftest import DESK, PHONE
from .test_markup import shown

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

AXE = (Path(__file__).parent.parent / "vendor" / "axe.min.js").read_text()
ALL = "{}"
# Only colours differ between the themes.
COLOURS = "{runOnly: {type: 'rule', values: ['color-contrast', 'link-in-text-block']}}"
LOOK = """async () => (await axe.run(document, %s)).violations
  .filter((found) => ["serious", "critical"].includes(found.impact))
  .flatMap((found) => found.nodes.map((node) => `${found.id}: ${node.html.slice(0, 160)} (${node.failureSummary.slice(0, 200)})`))
"""
SIGNED_OUT = ["account_login", "account_reset_password"]


def found_on(page, url: str) -> list[str]:
    """What axe finds in both themes."""
    page.emulate_media(color_scheme="light", reduced_motion="reduce")  # else colours are looked at while they change
    page.goto(url)
    if not page.title():  # a part of a page, for htmx
        return []
    page.evaluate(AXE)
    light = page.evaluate(LOOK % ALL)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    dark = page.evaluate(LOOK % COLOURS)
    return [f"{url} {theme}: {each}" for theme, some in (("light", light), ("dark", dark)) for each in some]


def test_nothing_serious_on_any_page(opened, cast):
    urls, seen, wrong = every_page(cast), set(), []
    for user, device in ((cast.admin, DESK), (cast.rep, PHONE)):
        page = opened(user, device)
        for url in shown(user, urls):
            seen.add(url)
            wrong += found_on(page, url)
    page = opened(None, PHONE)
    for name in SIGNED_OUT:
        wrong += found_on(page, address(name, {}))
    assert not wrong, "\n".join(wrong)
    assert len(seen) > 80


def test_it_would_be_found(opened, cast):
    page = opened(cast.rep, DESK)
    page.goto("/profile/")
    page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<input><img src=\"/static/icon.svg\">')"
    )
    page.evaluate(AXE)
    assert {text.split(":")[0] for text in page.evaluate(LOOK % ALL)} >= {"label", "image-alt"}
