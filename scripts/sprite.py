"""Joins the icons named in a list into one SVG sprite on standard output: sprite.py FOLDER LIST."""

import pathlib
import re
import sys


def hundredths(number: re.Match[str]) -> str:
    """Of sixteen units nobody sees more; never carried to what stands before the point, which may belong to another number."""
    kept, next_digit = number.groups()
    return f".{min(int(kept) + (next_digit >= '5'), 99):02d}"


def symbol(folder: pathlib.Path, name: str) -> str:
    """One icon as a symbol that `<use href="icons.svg#name">` shows in the text's colour."""
    source = (folder / f"{name}.svg").read_text()
    view_box = re.search(r'viewBox="([^"]+)"', source).group(1)
    drawing = re.search(r"<svg[^>]*>(.*)</svg>", source, re.S).group(1)
    drawing = " ".join(drawing.split()).replace("> <", "><")
    drawing = re.sub(r"\.(\d\d)(\d)\d*", hundredths, drawing)
    return f'<symbol id="{name}" viewBox="{view_box}" fill="currentColor">{drawing}</symbol>'


def main() -> None:
    folder, names = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).read_text().split()
    symbols = "\n".join(symbol(folder, name) for name in sorted(set(names)))
    notice = "<!-- Bootstrap Icons, MIT licence: see bootstrap-icons.LICENSE -->"
    print(f'<svg xmlns="http://www.w3.org/2000/svg">\n{notice}\n{symbols}\n</svg>')


if __name__ == "__main__":
    main()
