"""With JavaScript off every page can be read: it has its heading and its content, and what a script draws stands there in words."""

from html.parser import HTMLParser

import pytest

from tests.accounts.signing_in import client_of
from tests.every_page import every_page

pytestmark = pytest.mark.walk

# A part that a script fetches holds the way to it, or says what one waits for.
FETCHED = ("load", "revealed", "toggle")
# Where the browser itself asks for a script: there is no passkey without one.
OF_PASSKEYS = "/passkey"
EMPTY = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}


class Page(HTMLParser):
    """What a page says to a browser without scripts. What only scripts show (`js-only`) and drawings are left out."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[tuple[str, dict]] = []
        self.headings: list[str] = []
        self.content = ""
        self.said = ""
        self.charts: list[set[str]] = []
        self.fetched: list[dict] = []
        self.dead: list[str] = []
        self.buttons = 0
        self.feed(text)

    def inside(self, tag: str = "", **wanted) -> bool:
        """Whether an open element is such a one."""
        return any((not tag or tag == name) and wanted.items() <= has.items() for name, has in self.open)

    @property
    def is_hidden(self) -> bool:
        return any("js-only" in (has.get("class") or "").split() or "hidden" in has for _tag, has in self.open)

    def handle_starttag(self, tag, attributes):
        has = dict(attributes)
        if tag not in EMPTY:
            self.open.append((tag, has))
        if "data-chart" in has:
            self.charts.append(set())
        elif self.charts and self.inside("figure"):
            self.charts[-1].add(tag)
        if any(word in (has.get("hx-trigger") or "") for word in FETCHED):
            self.fetched.append({"asks": has.get("hx-get"), "says": "", "at": len(self.open)})
        if "data-dialog" in has and not self.is_hidden:
            self.dead.append(self.get_starttag_text() or tag)
        if (
            tag == "form"
            and "data-passkey" not in has
            and has.get("method", "get") == "dialog"
            and not self.inside("dialog")
        ):
            self.dead.append(self.get_starttag_text() or tag)

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass
        for part in self.fetched:
            if "at" in part and len(self.open) < part["at"]:
                del part["at"]

    def handle_data(self, data):
        words = data.strip()
        if not words or self.is_hidden or self.inside("script") or self.inside("style") or self.inside("dialog"):
            return
        self.said += f" {words}"
        if self.inside("h1"):
            self.headings.append(words)
        elif self.inside("main"):
            self.content += f" {words}"
        for part in self.fetched:
            if "at" in part:
                part["says"] += f" {words}"


def wrong_with(url: str, text: str) -> list[str]:
    """What somebody without JavaScript would miss on the page."""
    page, found = Page(text), []
    if not page.headings:
        found.append("no heading")
    if len(page.content) < 20:
        found.append(f"nothing to read: {page.content!r}")
    if "javascript" in page.said.lower() and OF_PASSKEYS not in url:
        found.append("asks for JavaScript")
    found += ["a chart without its table" for tags in page.charts if not {"table", "td"} <= tags]
    found += [f"{part['asks']} is not there without" for part in page.fetched if not part["says"].strip()]
    found += [f"does nothing: {tag[:120]}" for tag in page.dead]
    return [f"{url}: {what}" for what in found]


@pytest.mark.parametrize("who", ["rep", "manager", "admin"])
def test_every_page_can_be_read(who, cast):
    client, seen, wrong = client_of(getattr(cast, who)), 0, []
    for url in every_page(cast):
        response = client.get(url)
        assert response.status_code < 500, url
        text = response.content.decode() if not response.streaming else ""
        if response.status_code != 200 or "<html" not in text[:200]:
            continue  # not for this person, a file, or a part of a page
        seen += 1
        wrong += wrong_with(url, text)
    assert not wrong, "\n".join(wrong)
    assert seen > 40


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("<main><h1>Orders</h1><p>Please turn JavaScript on to see them.</p></main>", "asks for JavaScript"),
        ("<main><h1>Orders</h1></main>", "nothing to read"),
        ("<main><h1></h1><p>Five orders, all of them pending.</p></main>", "no heading"),
        ("<main><h1>Orders</h1><p>Five orders, all of them pending.</p><figure data-chart='x'><canvas></canvas></figure></main>", "its table"),
        ("<main><h1>Orders</h1><p>Five orders, all of them pending.</p><div hx-get='/x' hx-trigger='load'></div></main>", "/x is not there"),
        ("<main><h1>Orders</h1><p>Five orders, all of them pending.</p><button data-dialog='x'>More</button></main>", "does nothing"),
        ("<main><h1>Orders</h1><p class='js-only'>Five orders, all of them pending.</p></main>", "nothing to read"),
    ],
)  # fmt: skip
def test_it_would_be_found(body, what):
    assert what in " ".join(wrong_with("/orders/", f"<html><body>{body}</body></html>"))
