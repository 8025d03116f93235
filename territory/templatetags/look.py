"""Template tags for the parts of the interface: docs/interface.md shows each. Strings only, never a query."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.template import Context
from django.template.base import NodeList, Parser, Token
from django.template.loader_tags import BlockNode
from django.templatetags.static import static
from django.urls import NoReverseMatch
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from territory.company.models import Company
from territory.links import link_to, links_of

register = template.Library()

BUDGET_SCALE = 175  # per cent at the right end of a budget bar


@register.tag
def repeat_block(parser: Parser, token: Token) -> BlockNode:
    """The content of a block a second time: {% repeat_block title %}."""
    return BlockNode(token.split_contents()[1], NodeList())


@register.simple_tag
def icon(name: str, label: str = "", extra: str = "") -> SafeString:
    """An icon of the sprite in the text's colour; with a label it is read out, without it is decoration."""
    return _icon(str(name), str(label), str(extra))


# A page has some eighty, most of them the same few.
@lru_cache(maxsize=1000)
def _icon(name: str, label: str, extra: str) -> SafeString:
    return format_html(
        '<svg class="icon{}"{}><use href="{}#{}"></use></svg>',
        f" {extra}" if extra else "",
        format_html(' role="img" aria-label="{}"', label) if label else mark_safe(' aria-hidden="true"'),
        static("vendor/icons.svg"),
        name,
    )


@register.simple_tag
def styles(*paths: str) -> SafeString:
    """Style sheets of every page, for its head."""
    return format_html_join("\n  ", '<link rel="stylesheet" href="{}">', _served(paths))


@register.simple_tag
def modules(*paths: str) -> SafeString:
    """Scripts of every page, for its head."""
    return format_html_join("\n  ", '<script type="module" src="{}"></script>', _served(paths))


# To find the name that a file is served under takes as long as to print a row of a list.
@lru_cache(maxsize=20)
def _served(paths: tuple[str, ...]) -> list[tuple[str]]:
    return [(static(path),) for path in paths]


@register.simple_tag
def address(name: str) -> str:
    """The address of a page without arguments; nothing where there is none."""
    try:
        return link_to(name)
    except NoReverseMatch:
        return ""


@register.simple_tag
def link(name: str, key: int | None = None) -> str:
    """The address of a page, or of a row by its key, as {% url %} writes it: where a page has many, these take a third of the time."""
    return link_to(name) if key is None else links_of(name)(int(key))


@register.simple_tag
def nav(groups: Iterable[Mapping[str, Any]], keys: bool) -> SafeString:
    """Pages by group; `keys`: with the keys that open them."""
    return format_html_join("", "{}", ((_nav_group(group["label"], group["entries"], keys),) for group in groups))


def _nav_group(label: str | None, entries: Iterable[Mapping[str, Any]], keys: bool) -> SafeString:
    head = format_html('<div class="nav-label">{}</div>', label) if label else ""
    links = (
        _nav_link(
            row["url"],
            row["label"],
            row["icon"],
            row["key"] if keys else "",
            row["current"],
            row["count"] or 0,
            row.get("counts", ""),
        )
        for row in entries
    )
    return format_html(
        '{}\n<ul class="nav-list">{}\n</ul>', head, format_html_join("", "{}", ((link,) for link in links))
    )


# Every page has each of them twice.
@lru_cache(maxsize=1000)
def _nav_link(url: str, label: str, icon_name: str, key: str, current: bool, count: int, counts: str) -> SafeString:
    return format_html(
        '\n  <li><a href="{}"{}{}>{} {}{}</a></li>',
        url,
        mark_safe(' aria-current="page"') if current else "",
        format_html(' data-key="{}"', key) if key else "",
        icon(icon_name),
        label,
        format_html('<span class="count" title="{}">{}</span>', counts, count) if count else "",
    )


@register.simple_tag
def nav_keys(groups: Iterable[Mapping[str, Any]]) -> SafeString:
    """The keys of pages in the list of keys."""
    rows = (row for group in groups for row in group["entries"] if row["key"])
    return format_html_join("\n", "{}", ((_nav_key(row["label"], row["key"]),) for row in rows))


@lru_cache(maxsize=200)
def _nav_key(label: str, key: str) -> SafeString:
    letters = format_html_join("", '<kbd class="key">{}</kbd>', ((letter,) for letter in key.split()))
    return format_html("<div><dt>{}</dt><dd>{}</dd></div>", label, letters)


@register.simple_tag
def tier_chip(tier: Any, position: int | None = None) -> str:
    """The letter of a tier on its colour; `tier` is a Tier, its name, or None (nothing is written)."""
    if not tier:
        return ""
    name = str(tier)
    if position is None:
        position = getattr(tier, "position", None) or "ABCD".find(name[:1].upper()) + 1
    return _chip(get_language(), name, min(max(int(position), 1), 4))


@lru_cache(maxsize=200)
def _chip(language: str | None, name: str, shade: int) -> str:
    return format_html(
        '<span class="tier tier-{}" title="{}"><span class="visually-hidden">{} </span>{}</span>',
        shade,
        _("Tier %(name)s") % {"name": name},
        _("Tier"),
        name if len(name) <= 2 else name[:1],
    )


@register.simple_tag
def badge(word: Any, tone: str = "", icon_name: str = "") -> SafeString:
    """A word on a soft ground; tone warn, danger, good, accent or none."""
    picture = icon(icon_name) if icon_name else ""
    return format_html('<span class="tag {}">{}{}</span>', f"tag-{tone}" if tone else "", picture, word)


@register.simple_tag
def chart_scripts() -> SafeString:
    """The two scripts of a page with charts, for its block `scripts`."""
    return format_html(
        '<script src="{}" defer></script><script type="module" src="{}"></script>',
        static("vendor/chart.umd.min.js"),
        static("js/chart.js"),
    )


@register.simple_tag(takes_context=True)
def map_scripts(context: Context, *more: str, clusters: bool = False) -> SafeString:
    """Style sheet and scripts of a page with maps, and `more` modules, for its block `scripts`; tells the answer whose tiles
    it may load.
    """
    if (request := context.get("request")) and (company := Company.current()):
        request.map_origin = company.tiles_origin
    paths = ["vendor/leaflet.js", *(["vendor/supercluster.min.js"] if clusters else [])]
    return format_html(
        "{}{}{}",
        styles("vendor/leaflet.css", "css/map.css"),
        format_html_join("", '<script src="{}" defer></script>', _served(tuple(paths))),
        modules("js/map.js", *more),
    )


@register.simple_tag
def map_words() -> SafeString:
    """What a map's script must know: where the coasts lie, whose tiles to load if any, and its words."""
    company = Company.current()
    known = {
        "coast": static(f"vendor/{coast_folder()}/"),
        "coast-credit": _("Coasts: Natural Earth. Towns: GeoNames, CC BY 4.0"),
        "in": _("Zoom in"),
        "out": _("Zoom out"),
        "hint-wheel": _("Hold Ctrl and turn the wheel to zoom"),
        "hint-touch": _("Move the map with two fingers"),
        "tiles": company.map_tiles if company and company.tiles_origin else "",
        "credit": company.map_credit if company else "",
    }
    return format_html_join("", ' data-map-{}="{}"', ((name, word) for name, word in known.items() if word))


@register.inclusion_tag("components/place_picker.html", takes_context=True)
def place_picker(context: Context, latitude: str = "latitude", longitude: str = "longitude") -> dict[str, Any]:
    """A map whose press fills these two fields of the form it stands in; begins near the reader's home base."""
    user = context.get("user")
    north, east = getattr(user, "base_latitude", None), getattr(user, "base_longitude", None)
    data: dict[str, Any] = {"points": []}
    if north is not None and east is not None:
        data["frame"] = [[north - 0.4, east - 0.6], [north + 0.4, east + 0.6]]
    return {"latitude": latitude, "longitude": longitude, "data": data}


@cache
def coast_folder() -> str:
    """The folder of coasts and borders among the vendored files, named by what lies in it."""
    return next((settings.BASE_DIR / "static/vendor").glob("coast-*")).name


def initials(name: str) -> str:
    """First letters of the first and the last word: "Nell Ashcombe" -> "NA"."""
    words = [word for word in str(name).split() if word[0].isalnum()]
    if not words:
        return "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


@register.simple_tag
def avatar(person: Any) -> SafeString:
    """A circle with a person's initials; the name stands beside it."""
    return format_html('<span class="avatar" aria-hidden="true">{}</span>', initials(str(person)))


@register.simple_tag
def person(who: Any, note: Any = "") -> SafeString:
    """Initials, name and a second line."""
    second = format_html('<span class="row-note">{}</span>', note) if note else ""
    return format_html(
        '<span class="person">{}<span><span class="person-name">{}</span>{}</span></span>', avatar(who), who, second
    )


def _load_content(percent: Any, away: bool, partial: bool, band: str) -> tuple[str, str]:
    """Class and text of a load cell."""
    if away:
        return "band-away", _("away")
    if percent is None or percent == "":
        return "band-none", ""
    return f"band-{band}", f"{round(float(percent))}{'*' if partial else ''}"


@register.simple_tag
def load_cell(
    percent: Any = None,
    url: str = "",
    label: Any = "",
    away: bool = False,
    partial: bool = False,
    chosen: bool = False,
    band: str = "none",
) -> SafeString:
    """A cell of the heat map: per cent of capacity in the colour of its band, opening its parts in the panel."""
    band, text = _load_content(percent, away, partial, band)
    if chosen:
        band = f"{band} chosen"
    if url:
        inside = format_html(
            '<a class="load {}" href="{}"{}>{}</a>',
            band,
            url,
            format_html(' aria-label="{}"', label) if label else "",
            text,
        )
    else:
        inside = format_html(
            '<span class="load {}"{}>{}</span>', band, format_html(' title="{}"', label) if label else "", text
        )
    return format_html('<td role="cell">{}</td>', inside)


@register.simple_tag
def bar(percent: Any, label: Any = "", size: str = "", tone: str = "") -> SafeString:
    """A bar from 0 to 100 per cent."""
    return _bar(_share(percent, 100), label, size, tone, "")


@register.simple_tag
def budget_bar(percent: Any, status: str = "", label: Any = "", size: str = "") -> SafeString:
    """Actual in per cent of budget, with an upright tick at 100; over and under in the colour of warnings."""
    tone = "warn" if status in ("over", "under") else ""
    return _bar(_share(percent, BUDGET_SCALE), label, size, tone, mark_safe('<rect class="bar-tick"/>'))


def _share(percent: Any, whole: float) -> str:
    """Per cent of a bar's width, one place, kept between 0 and 100."""
    return f"{min(max(float(percent or 0) / whole * 100, 0), 100):.1f}"


def _bar(width: str, label: Any, size: str, tone: str, tick: str) -> SafeString:
    """Of a bar only its width is written; its other measures stand in the style sheet: lists hold many."""
    return format_html(
        '<svg class="bar{}{}"{}><rect class="bar-track"/><rect class="bar-fill" width="{}%"/>{}</svg>',
        f" bar-{size}" if size else "",
        f" bar-{tone}" if tone else "",
        format_html(' role="img" aria-label="{}"', label) if label else mark_safe(' aria-hidden="true"'),
        width,
        tick,
    )


@register.simple_tag
def before_after(before: Any, after: Any, worse: bool = False) -> SafeString:
    """Old figure faint, new one strong, in the colour of warnings when it is worse."""
    return format_html(
        '<span class="change{}"><span class="change-old">{}</span> <span class="visually-hidden">{}</span>'
        '<span aria-hidden="true" class="faint">→</span> <b>{}</b></span>',
        " change-worse" if worse else "",
        before,
        _("becomes"),
        after,
    )


def _with(request: Any, **changes: Any) -> str:
    """The request's query string with some parameters changed; None takes one out."""
    parameters = request.GET.copy()
    for name, value in changes.items():
        if value is None:
            parameters.pop(name, None)
        else:
            parameters[name] = value
    return "?" + parameters.urlencode()


@register.simple_tag(takes_context=True)
def sort_head(
    context: dict, label: Any, key: str, num: bool = False, wide: bool = False, first: str = "asc"
) -> SafeString:
    """A column's head that sorts by `key`, the other way round at the second click. The view reads ?sort=."""
    request = context["request"]
    now = request.GET.get("sort") or context.get("sort") or ""
    ascending, descending = now == key, now == f"-{key}"
    if ascending or descending:
        target = f"-{key}" if ascending else key
    else:
        target = f"-{key}" if first == "desc" else key
    classes = " ".join(name for name, on in (("num", num), ("wide", wide), ("sorted", ascending or descending)) if on)
    order = "ascending" if ascending else "descending" if descending else "none"
    arrow = icon("arrow-up" if ascending else "arrow-down") if ascending or descending else ""
    return format_html(
        '<th scope="col" class="{}" aria-sort="{}"><a href="{}">{}{}</a></th>',
        classes,
        order,
        _with(request, sort=target, page=None),
        label,
        arrow,
    )


@register.inclusion_tag("components/pager.html", takes_context=True)
def pager(context: dict, page: Any, name: str = "page") -> dict:
    """Which rows of how many, and the way to the others."""
    request = context["request"]
    return {
        "page": page,
        "previous": _with(request, **{name: page.previous_page_number()}) if page.has_previous() else "",
        "next": _with(request, **{name: page.next_page_number()}) if page.has_next() else "",
    }


@register.filter
def undo_url(message: Any) -> str:
    """Where a toast's Undo posts to, if it has one (territory.toasts)."""
    return _tagged(message, "undo")


@register.filter
def saved_key(message: Any) -> str:
    """Which kept draft a toast says was saved, if any."""
    return _tagged(message, "saved")


def _tagged(message: Any, name: str) -> str:
    tags: Sequence[str] = str(getattr(message, "extra_tags", "") or "").split()
    return next((tag.removeprefix(f"{name}:") for tag in tags if tag.startswith(f"{name}:")), "")
