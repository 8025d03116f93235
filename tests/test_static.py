"""What browsers are given: nothing from elsewhere, nothing inline, icons that exist, colours one can read."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from scripts.cut_bootstrap import is_left_out

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "static"
VENDOR = STATIC / "vendor"
OWN_FILES = sorted(f for f in STATIC.rglob("*") if f.is_file() and VENDOR not in f.parents)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
# Names of XML vocabularies, which nothing loads.
NAMESPACE = "http://www.w3.org/2000/svg"


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_vendored_files_are_those_of_the_manifest():
    hashes = json.loads((VENDOR / "manifest.json").read_text())["sha256"]
    files = [f for f in VENDOR.iterdir() if f.is_file() and f.name != "manifest.json"]
    assert {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in files} == hashes


def test_the_folder_of_coasts_is_named_by_what_lies_in_it():
    """Browsers keep it for ever."""
    (folder,) = [f for f in VENDOR.iterdir() if f.is_dir()]
    whole = b"".join(f.read_bytes() for f in sorted(folder.iterdir(), key=lambda f: f.name))
    assert folder.name == f"coast-{hashlib.sha256(whole).hexdigest()[:12]}"
    assert folder.name == json.loads((VENDOR / "manifest.json").read_text())["coast"]


def test_coasts_are_topologies_in_small_pieces():
    (folder,) = [f for f in VENDOR.iterdir() if f.is_dir()]
    world = json.loads((folder / "world.json").read_text())
    assert set(world["cells"]) == {f.stem for f in folder.iterdir()} - {"world"}
    for path in folder.iterdir():
        topology = json.loads(path.read_text())
        assert topology["type"] == "Topology"
        assert (topology["objects"]["land"]["type"], topology["objects"]["borders"]["type"]) == (
            "MultiPolygon",
            "MultiLineString",
        )
        assert path.stat().st_size < (140_000 if path.stem == "world" else 60_000)


def test_vendored_versions_are_those_of_the_script():
    script = (ROOT / "scripts/vendor.sh").read_text()
    versions = dict(
        re.findall(r"^(BOOTSTRAP|CHART|ICONS|SORTABLE|LEAFLET|SUPERCLUSTER|WORLD_ATLAS)=(\S+)$", script, re.MULTILINE)
    )
    assert json.loads((VENDOR / "manifest.json").read_text())["packages"] == {
        "bootstrap": versions["BOOTSTRAP"],
        "chart.js": versions["CHART"],
        "bootstrap-icons": versions["ICONS"],
        "sortablejs": versions["SORTABLE"],
        "leaflet": versions["LEAFLET"],
        "supercluster": versions["SUPERCLUSTER"],
        "world-atlas": versions["WORLD_ATLAS"],
    }


def test_the_checker_of_accessibility_is_that_of_the_script():
    version = re.search(r"^AXE=(\S+)$", (ROOT / "scripts/vendor.sh").read_text(), re.MULTILINE)
    assert (ROOT / "tests/vendor/axe.min.js").read_text().startswith(f"/*! axe v{version[1]}\n")


def test_every_library_comes_with_its_licence():
    granted = {
        "Permission is hereby granted": ("bootstrap", "chart", "bootstrap-icons", "sortable"),
        "Redistribution and use in source and binary forms": ("leaflet",),
        "Creative Commons Attribution 4.0": ("geonames",),
        "Permission to use, copy, modify, and/or distribute": ("supercluster", "world-atlas"),
    }
    assert all(words in (VENDOR / f"{name}.LICENSE").read_text() for words, names in granted.items() for name in names)


def test_no_file_asks_for_a_source_map():
    assert [f.name for f in VENDOR.iterdir() if f.is_file() and "sourceMappingURL" in f.read_text()] == []


def test_scripts_name_no_address():
    """An address put together from settings, such as that of the own server, is none."""
    texts = {named(f): f.read_text().replace(NAMESPACE, "") for f in (ROOT / "scripts").iterdir() if f.is_file()}
    assert [name for name, text in texts.items() if re.search(r"://(?!\{)", text)] == []


@pytest.mark.parametrize("path", [*OWN_FILES, *TEMPLATES], ids=named)
def test_nothing_is_loaded_from_another_host(path):
    text = path.read_text().replace(NAMESPACE, "")
    text = re.sub(r"""href="https?://[^"]*\{[^"]*\}[^"]*"[^>]*>""", "", text)  # built from data: followed, not loaded
    assert not re.search(r"""(?:src|href|action|data)=["'](?:https?:)?//""", text)
    assert not re.search(r"""url\(["']?(?:https?:)?//|@import|fetch\(["']http""", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_templates_hold_no_inline_style_script_or_handler(path):
    text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)
    assert not re.search(r"\sstyle\s*=", text)
    assert "<style" not in text
    assert not re.search(r"\s(?:on[a-z]+|hx-on\S*)\s*=", text)
    assert not [
        tag for tag in re.findall(r"<script[^>]*>", text) if "src=" not in tag and "application/json" not in tag
    ]
    assert "|safe" not in path.read_text()


def test_every_icon_written_in_a_template_is_in_the_sprite():
    sprite = set(re.findall(r'<symbol id="([^"]+)"', (VENDOR / "icons.svg").read_text()))
    written = set()
    for path in TEMPLATES:
        text = path.read_text()
        written |= set(re.findall(r"""\{%\s*icon\s+["']([^"']+)["']""", text))
        written |= set(re.findall(r"""\sicon=["']([^"']+)["']""", text))
        written |= set(
            re.findall(r"""\{%\s*badge\s[^%]*?["'](?:warn|danger|good|accent)?["']\s+["']([^"']+)["']""", text)
        )
    assert written - sprite == set()


def test_the_sprite_is_built_from_the_list():
    sprite = re.findall(r'<symbol id="([^"]+)"', (VENDOR / "icons.svg").read_text())
    assert sprite == sorted(set((ROOT / "scripts/icons.txt").read_text().split()))


def test_no_template_uses_what_is_left_out_of_bootstrap():
    """It would look like nothing, and no other test would tell: take its name out of the script's list and run vendor.sh."""
    own = set(re.findall(r"\.([A-Za-z][\w-]*)", "".join(f.read_text() for f in STATIC.glob("css/*.css"))))
    used = {
        name: named(path)
        for path in TEMPLATES
        for classes in re.findall(r'class="([^"]*)"', re.sub(r"\{[%{].*?[%}]\}", " ", path.read_text()))
        for name in classes.split()
    }
    assert {name: path for name, path in used.items() if is_left_out(name) and name not in own} == {}
    assert not re.search(r"\.(?:modal|carousel|col-md-6)\b", (VENDOR / "bootstrap.min.css").read_text())


# --- Colours ---------------------------------------------------------------------------------------------------------

CSS = (STATIC / "css/tokens.css").read_text()


def colours(start: str) -> dict[str, str]:
    """The colours of the block that follows `start`."""
    block = CSS[CSS.index(start) :].split("{", 1)[1].split("}", 1)[0]
    return dict(re.findall(r"--([a-z0-9-]+):\s*(#[0-9A-Fa-f]{6});", block))


LIGHT = colours(":root {")
DARK = colours("[data-bs-theme=dark] {")
THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])

# Text on grounds that it is written on: 4.5 to 1 at least.
TEXTS = [
    *(
        (text, ground)
        for text in ("ink", "ink-2", "ink-3", "accent")
        for ground in ("canvas", "surface", "raise", "surface-2")
    ),
    *((text, ground) for text in ("danger", "warn", "good") for ground in ("surface", "surface-2", f"{text}-soft")),
    *((text, f"{tone}-soft") for text in ("ink", "ink-2") for tone in ("warn", "danger", "good", "accent")),
    *((f"on-{band}", band) for band in ("room", "good-load", "full", "over", "far", "tier-a")),
    ("accent", "accent-soft"),
    ("accent-2", "accent-soft"),
    ("on-accent", "fill"),
    ("on-accent", "fill-hover"),
    ("c2", "surface"),
]
# Lines, dots and edges that carry meaning: 3 to 1 at least.
MARKS = [(name, "surface") for name in ("line-2", "accent", "focus", "warn", "danger", "good", "c2", "c3", "c4", "c5")]


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio as WCAG 2.2 defines it."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_of_black_on_white_is_21():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)


@THEMES
@pytest.mark.parametrize(("text", "ground"), TEXTS, ids="-on-".join)
def test_text_can_be_read(theme, text, ground):
    assert contrast(theme[text], theme[ground]) >= 4.5


@THEMES
@pytest.mark.parametrize(("mark", "ground"), MARKS, ids="-on-".join)
def test_marks_can_be_seen(theme, mark, ground):
    assert contrast(theme[mark], theme[ground]) >= 3


def test_dark_by_system_and_dark_by_choice_are_alike():
    assert colours(":root:not([data-bs-theme=light]) {") == DARK


def test_both_themes_have_the_same_colours():
    assert LIGHT.keys() == DARK.keys()
