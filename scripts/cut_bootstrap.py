"""Leaves out of Bootstrap's style sheet what Territory has no use for: cut_bootstrap.py FILE prints the rest.

What is left out are whole components, named below; reset, type, forms, buttons, tables and utilities stay. A rule goes where
each of its selectors speaks of one of them. tests/test_static.py sees to it that no template uses one.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

# Classes: a name stands for itself and for what begins with it and a hyphen; ALONE for itself.
LEFT_OUT = (
    "accordion", "blockquote", "breadcrumb", "btn-close", "btn-group", "btn-group-vertical", "btn-toolbar", "bs-popover-auto", "bs-popover-bottom", "bs-popover-end",
    "bs-popover-start", "bs-popover-top", "bs-tooltip-auto", "bs-tooltip-bottom", "bs-tooltip-end", "bs-tooltip-start", "bs-tooltip-top",
    "card-group", "card-header-pills", "card-header-tabs", "card-img", "carousel", "col", "container", "dropdown", "dropdown-center", "dropend", "dropstart",
    "dropup", "dropup-center", "form-floating", "form-range", "g", "gx", "gy", "img-thumbnail", "link", "list-group", "modal", "nav", "nav-fill", "nav-justified", "nav-pills",
    "nav-tabs", "nav-underline", "navbar", "offcanvas", "offset", "order", "page-item", "page-link", "pagination", "placeholder", "popover", "progress", "progress-bar",
    "progress-stacked", "ratio", "row-cols", "spinner-border", "spinner-grow", "tab-content", "tab-pane", "toast", "toast-container", "tooltip",
)  # fmt: skip
ALONE = ("row",)


def main() -> None:
    print(_written(_rules(Path(sys.argv[1]).read_text())), end="")


def is_left_out(name: str) -> bool:
    """Whether a class is one of them."""
    return name in ALONE or any(name == out or name.startswith(f"{out}-") for out in LEFT_OUT)


_COMMENT = re.compile(r"/\*.*?\*/|@charset[^;]*;", re.DOTALL)
# What a selector says it is not, it does not speak of.
_BUT = re.compile(r":not\([^)]*\)")
_CLASS = re.compile(r"\.([A-Za-z][\w-]*)")


def _rules(text: str) -> Iterator[tuple[str, str]]:
    """What stands before each block, and the block; a comment has none."""
    at = 0
    while text[at:].strip():
        if comment := _COMMENT.match(text, at):
            at = comment.end()
            yield comment[0], ""
            continue
        start = text.index("{", at)
        end, depth = start + 1, 1
        while depth:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        yield text[at:start].strip(), text[start + 1 : end - 1]
        at = end


def _written(rules: Iterator[tuple[str, str]]) -> str:
    return "".join(_rule(head, block) for head, block in rules)


def _rule(head: str, block: str) -> str:
    if not block:
        return head if head.startswith(("/*", "@charset")) else ""
    if head.startswith(("@media", "@supports")):
        kept = _written(_rules(block))
        return f"{head}{{{kept}}}" if kept else ""
    if head.startswith("@keyframes"):
        return "" if is_left_out(head.split()[1]) else f"{head}{{{block}}}"
    selectors = [each for each in _selectors(head) if not any(map(is_left_out, _CLASS.findall(_BUT.sub("", each))))]
    return f"{','.join(selectors)}{{{block}}}" if selectors else ""


def _selectors(head: str) -> list[str]:
    """The parts of a list; a comma within brackets parts nothing."""
    return re.findall(r"(?:\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^\]]*\]|[^,(\[])+", head)


if __name__ == "__main__":
    main()
