"""Maps in a browser: they draw without asking another host, let the page turn, and set a place by a press."""

from urllib.parse import urlsplit

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from planning.queries import customer_map
from tests import factories

from .conftest import DESK, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.screen, pytest.mark.django_db(transaction=True)]

# Whether any point of the map's canvases has this colour.
HAS = """(name) => {
  const hex = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim().slice(1);
  const want = [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16));
  return [...document.querySelectorAll(".map canvas")].some((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    for (let at = 0; at < data.length; at += 4) if (data[at + 3] === 255 && want.every((part, k) => data[at + k] === part)) return true;
    return false;
  });
}"""


@pytest.fixture
def by_the_sea(cast):
    """The rep's customer on the coast, and two more so near that they are one circle."""
    tiers = factories.tiers()
    cast.own.latitude, cast.own.longitude, cast.own.tier = 50.62, -3.41, tiers["A"]
    cast.own.save(update_fields=["latitude", "longitude", "tier"])
    for number in range(3):
        factories.customer(
            f"Northern {number}", owner=cast.rep_membership, latitude=51.2 + number / 2000, longitude=-3.5
        )
    return cast


def hosts(page) -> set[str]:
    """Fills with the hosts that the page asks anything of; others than its own are not answered."""
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    page.route(lambda url: urlsplit(url).hostname not in ("localhost", "127.0.0.1"), lambda route: route.abort())
    return asked


def pressed(page, latitude: float, longitude: float, *, by_finger: bool = False) -> None:
    """Presses the map where this place is drawn."""
    point = page.evaluate(
        """([latitude, longitude]) => {
          const figure = document.querySelector("figure[data-map]");
          const map = window.Maps.drawingOf(figure).map;
          figure.scrollIntoView({ block: "center", behavior: "instant" });
          const box = figure.querySelector(".map-place").getBoundingClientRect();
          const at = map.latLngToContainerPoint([latitude, longitude]);
          return [box.left + at.x, box.top + at.y];
        }""",
        [latitude, longitude],
    )
    (page.touchscreen.tap if by_finger else page.mouse.click)(*point)


def settled(page) -> None:
    page.wait_for_load_state("networkidle")
    page.wait_for_function(f"({HAS})('land')")
    page.wait_for_function(f"({HAS})('accent')")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_map_draws_with_no_other_host(opened, by_the_sea, theme):
    page = opened(by_the_sea.rep, DESK, color_scheme=theme)
    asked = hosts(page)
    page.goto(reverse("map"))
    settled(page)
    assert page.evaluate(HAS, "tier-a")
    assert len(asked) == 1
    pressed(page, 50.62, -3.41)
    card = page.locator(".leaflet-popup")
    expect(card.get_by_role("link", name="Own customer", exact=True)).to_be_visible()
    card.get_by_role("link", name="Log a touch with Own customer").click()
    expect(page.locator("dialog.panel")).to_be_visible()


def test_marks_follow_what_is_chosen(opened, by_the_sea):
    page = opened(by_the_sea.rep, DESK)
    page.goto(reverse("map"))
    settled(page)
    expect(page.get_by_text("Tier A")).to_be_visible()
    page.get_by_label("Person").check()
    expect(page.locator("[data-legend=person] li")).to_have_text([" Rep"])
    expect(page.get_by_text("Tier A")).to_be_hidden()
    page.reload()
    settled(page)
    expect(page.get_by_label("Person")).to_be_checked()


def test_a_circle_opens_into_what_it_holds(opened, by_the_sea):
    page = opened(by_the_sea.rep, DESK)
    page.goto(reverse("map"))
    settled(page)
    for _time in range(2):
        pressed(page, 51.2005, -3.5)
        page.wait_for_load_state("networkidle")
    expect(page.locator(".leaflet-popup li")).to_have_count(3)


def test_many_customers_are_exact_once_they_are_near(opened, by_the_sea, monkeypatch):
    monkeypatch.setattr(customer_map, "FEW", 1)
    page = opened(by_the_sea.rep, DESK)
    page.goto(reverse("map"))
    settled(page)
    on_map = "window.Maps.drawingOf(document.querySelector('figure[data-map]')).map"
    page.evaluate(f"{on_map}.setZoom(7)")
    pressed(page, 50.62, -3.41)  # too far to be opened: it comes nearer
    page.wait_for_function(f"{on_map}.getZoom() > 8")
    page.wait_for_load_state("networkidle")
    pressed(page, 50.62, -3.41)
    expect(page.locator(".leaflet-popup").get_by_role("link", name="Own customer", exact=True)).to_be_visible()
    page.get_by_label("Person").check()
    expect(page.locator("[data-legend=person] li")).to_have_text([" Rep"])


def test_a_phone_turns_the_page_and_the_large_map_moves(opened, by_the_sea):
    page = opened(by_the_sea.rep, PHONE)
    page.goto(reverse("map"))
    settled(page)
    place = page.locator(".map-place")
    assert place.evaluate("element => getComputedStyle(element).touchAction") == "pan-x pan-y"
    page.get_by_role("button", name="Large map").click()
    assert place.evaluate("element => getComputedStyle(element).touchAction") == "none"
    assert place.bounding_box()["height"] > 700
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Large map")).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_wheel_turns_the_page(opened, by_the_sea):
    page = opened(by_the_sea.rep, {"viewport": {"width": 1440, "height": 500}})
    page.goto(reverse("map"))
    settled(page)
    page.locator(".map-place").hover()
    page.mouse.wheel(0, 200)
    page.wait_for_function("scrollY > 0")
    expect(page.locator(".map-hint")).to_be_visible()


def test_a_press_sets_ones_base_and_the_keyboard_does_too(opened, by_the_sea):
    page = opened(by_the_sea.rep, DESK)
    page.goto(reverse("profile"))
    page.wait_for_function(f"({HAS})('land')")
    pressed(page, 50.0, 10.0)
    latitude = page.get_by_label("Home base, latitude")
    expect(latitude).not_to_have_value("")
    assert abs(float(latitude.input_value()) - 50) < 1
    page.get_by_label("Map: a press sets the place").focus()
    page.keyboard.press("ArrowUp")
    page.get_by_role("button", name="Take the middle of the map").click()
    assert float(latitude.input_value()) > 10
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("saved", exact=False).first).to_be_visible()
    by_the_sea.rep.refresh_from_db()
    assert by_the_sea.rep.base_latitude is not None


@pytest.mark.parametrize("device", [DESK, PHONE], ids=["desk", "phone"])
def test_a_press_sets_the_place_of_a_customer(opened, by_the_sea, device):
    page = opened(by_the_sea.rep, device)
    page.goto(reverse("customer_edit", args=[by_the_sea.own.pk]))
    page.get_by_text("More place on the map").click()
    page.wait_for_function(f"({HAS})('land')")
    pressed(page, 50.64, -3.45, by_finger=device is PHONE)
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**" + reverse("customer_detail", args=[by_the_sea.own.pk]))
    by_the_sea.own.refresh_from_db()
    assert abs(by_the_sea.own.latitude - 50.64) < 0.01
