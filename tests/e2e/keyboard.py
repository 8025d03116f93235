"""A person without a mouse: Tab, Shift+Tab, Enter, Space, arrows, Escape and letters, and nothing else.

At every stop the focus must be seen: it stands out, is on the screen, and nothing lies over it.
"""

import datetime as dt
import re

from playwright.sync_api import Page, expect

FOCUSED = """() => {
  const at = document.activeElement;
  if (!at || at === document.body || at === document.documentElement) return null;
  const ring = getComputedStyle(document.documentElement).getPropertyValue("--focus").trim();
  const rgb = [1, 3, 5].map((start) => parseInt(ring.slice(start, start + 2), 16)).join(", ");
  const stands = (element) => {
    const style = getComputedStyle(element);
    const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    const edged = style.borderTopColor.includes(rgb) && style.boxShadow !== "none";
    return outlined || edged || (style.boxShadow.includes("3px") && style.boxShadow.includes(rgb));
  };
  // A place on a map has no size of its own, but its mark.
  const mark = at.querySelector(".map-mark");
  const around = [at, mark, at.closest("label"), at.closest(".stepper")].filter(Boolean);
  const box = mark ? mark.getBoundingClientRect() : at.closest("label")?.contains(at) && at.matches("[type=radio], [type=checkbox]") ? at.closest("label").getBoundingClientRect() : at.getBoundingClientRect();
  const [x, y] = [Math.min(box.left + box.width / 2, innerWidth - 1), box.top + Math.min(box.height / 2, 12)];
  const over = document.elementFromPoint(x, y);
  const lies = over?.closest(".form-foot.sticky, .tabbar, .panel-head, .note-toast");
  const labels = [...(at.labels || [])].map((label) => label.textContent).join(" ");
  const legend = at.closest("fieldset")?.querySelector("legend")?.textContent || "";
  const words = at.getAttribute("aria-label") || labels || at.innerText || at.textContent || at.placeholder || "";
  return {
    name: words.replace(/\\s+/g, " ").trim(),
    legend: legend.replace(/\\s+/g, " ").trim(),
    tag: at.tagName.toLowerCase(),
    type: at.type || "",
    field: at.name || "",
    html: at.outerHTML.slice(0, 160),
    seen: around.some(stands) || at.id === "main" || at.tabIndex === -1,
    onScreen: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    covered: Boolean(lies && !lies.contains(at)),
  };
}"""
CHOSEN = "() => document.activeElement.selectedOptions[0]?.text.trim() || ''"
# More stops than any page has.
MOST = 150


class Keyboard:
    """Hands on the keys of a page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, *keys: str) -> "Keyboard":
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def enter(self, address: str) -> "Keyboard":
        """Enter, and the page of that address (** stands for anything) is there."""
        with self.page.expect_navigation(url=address):
            self.page.keyboard.press("Enter")
        return self

    def type(self, text: str) -> "Keyboard":
        """Typed into a field; in a list of choices, arrows lead to the first that begins so (letters would count only if quick)."""
        if self.focused()["tag"] != "select":
            self.page.keyboard.type(text)
            return self
        self.page.keyboard.press("Home")
        passed = [self.page.evaluate(CHOSEN)]
        while not passed[-1].startswith(text):
            self.page.keyboard.press("ArrowDown")
            passed.append(self.page.evaluate(CHOSEN))
            assert passed[-1] != passed[-2], f"no choice begins with {text} among {passed}"
        return self

    def date(self, day: dt.date) -> "Keyboard":
        """A day typed into the field for one, again from its first part where the machine was too slow for two digits of one."""
        for _turn in range(5):
            self.page.keyboard.type(f"{day:%m%d%Y}")
            if self.page.evaluate("document.activeElement.value") == day.isoformat():
                return self
            self.press("ArrowLeft", "ArrowLeft")
        raise AssertionError(f"{day} could not be typed")

    def focused(self) -> dict | None:
        """What has the focus, with what one sees of it; None where nothing has."""
        return self.page.evaluate(FOCUSED)

    def stop(self, key: str = "Tab") -> dict | None:
        """The next stop, which must be seen."""
        self.page.keyboard.press(key)
        at = self.focused()
        if at is not None:
            assert at["seen"], f"the focus is not seen: {at}"
            assert at["onScreen"], f"the focus is off the screen: {at}"
            assert not at["covered"], f"something lies over the focus: {at}"
        return at

    def to(self, name: str | re.Pattern, *, tag: str = "", field: str = "", back: bool = False) -> "Keyboard":
        """Tab on to what has this name (all of it, or what the pattern finds)."""
        passed = []
        for _turn in range(MOST):
            at = self.stop("Shift+Tab" if back else "Tab")
            if at is None:
                passed.append("(the browser)")
                continue
            passed.append(at["name"] or at["html"])
            found = at["name"] == name if isinstance(name, str) else name.search(at["name"]) is not None
            if (
                (found or (field and not name))
                and (not tag or at["tag"] == tag)
                and (not field or at["field"] == field)
            ):
                return self
        raise AssertionError(f"no stop named {name} {tag} {field} among {list(dict.fromkeys(passed))}")

    def to_content(self) -> "Keyboard":
        """Over the navigation: the first stop of every page leads to its content."""
        return self.to("Skip to the content").press("Enter")


def back_at(page: Page, name: str | re.Pattern) -> None:
    """The focus comes to what has this name: after a panel is gone it is given back."""
    expect(page.locator(":focus")).to_have_accessible_name(name)


def said(page: Page, words: str) -> None:
    """What was done is said; the page hears keys once it has loaded."""
    expect(page.locator(".note-toast", has_text=words)).to_be_visible()
    page.wait_for_load_state()


def offered(page: Page, name: str) -> None:
    """Enter takes this one: on a slow machine a list for the first letter alone, with another one on top, comes before."""
    expect(page.get_by_role("option", name=re.compile(name), selected=True)).to_be_visible()
