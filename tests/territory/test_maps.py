"""Maps: whose tiles may be loaded, what the component says."""

import pytest
from django.core.exceptions import ValidationError
from django.template import Context, Template
from django.test import RequestFactory

from territory.company.models import Company, check_tiles
from territory.middleware import Policy
from tests import factories

GOOD = "https://tiles.example.com/{z}/{x}/{y}.png"


@pytest.mark.parametrize("address", [GOOD, "https://tiles.example.com:8443/a-b/{z}/{y}/{x}{r}.webp?key=A1%2F"])
def test_an_address_of_tiles(address):
    check_tiles(address)


@pytest.mark.parametrize(
    "address",
    [
        "http://tiles.example.com/{z}/{x}/{y}.png",
        "https://{s}.example.com/{z}/{x}/{y}.png",
        "https://tiles.example.com/{z}/{x}.png",
        "https://tiles.example.com/{z}/{x}/{y}/{s}.png",
        "https://me:word@tiles.example.com/{z}/{x}/{y}.png",
        "https://tiles.example.com; script-src */{z}/{x}/{y}.png",
        "https://tiles.example.com/{z}/{x}/{y}.png\n",
        "https://tiles.example.com/{z}/{x}/{y}/{}.png",
        "//tiles.example.com/{z}/{x}/{y}.png",
    ],
)
def test_what_is_no_address_of_tiles(address):
    with pytest.raises(ValidationError):
        check_tiles(address)


def policy(html: str) -> str:
    """The policy of a page with this in its template."""
    from django.http import HttpResponse

    request = RequestFactory().get("/")
    response = HttpResponse(Template("{% load look %}" + html).render(Context({"request": request})))
    return Policy(lambda _request: response)(request)["Content-Security-Policy"]


@pytest.mark.django_db
class TestPolicy:
    def test_a_map_asks_nobody_else(self):
        factories.company()
        assert "img-src 'self' data:;" in policy("{% map_scripts %}") + ";"

    def test_a_page_with_a_map_may_load_the_tiles_of_one_host(self):
        factories.company(map_tiles=GOOD, map_credit="Somebody")
        found = policy("{% map_scripts %}")
        assert "img-src 'self' data: https://tiles.example.com;" in found + ";"
        assert found.count("https:") == 1

    def test_other_pages_load_none(self):
        factories.company(map_tiles=GOOD, map_credit="Somebody")
        assert "example.com" not in policy("")


@pytest.mark.django_db
class TestComponent:
    def rendered(self, data, **words) -> str:
        template = Template('{% include "components/map.html" with id="m" label="Two visits" data=data %}')
        return template.render(Context({"data": data, **words}))

    def test_it_lists_what_it_draws(self):
        html = self.rendered(
            {
                "points": [
                    {"at": [50.8, -3.2], "label": "Oakmere <Preserves>", "number": 1, "href": "/c/1/", "note": "09:45"},
                    {"at": [50.9, -3.5], "label": "Tiverton", "kind": "dot"},
                ],
                "bases": [{"at": [50.7, -3.5], "label": "Exeter"}],
            }
        )
        assert '<li>1. <a href="/c/1/">Oakmere &lt;Preserves&gt;</a>, 09:45</li>' in html
        assert "<li>Exeter</li>" in html
        assert "<li>Tiverton" not in html
        assert 'aria-label="Two visits. Arrow keys move' in html

    def test_it_names_no_other_host(self):
        factories.company()
        assert "http" not in self.rendered({"points": []})

    def test_it_knows_the_tiles_that_were_set(self):
        factories.company(map_tiles=GOOD, map_credit="Some & body")
        html = self.rendered({"points": []})
        assert f'data-map-tiles="{GOOD}"' in html
        assert 'data-map-credit="Some &amp; body"' in html


def test_the_company_knows_whose_tiles_it_shows():
    assert Company(map_tiles=GOOD).tiles_origin == "https://tiles.example.com"
    assert Company().tiles_origin == ""
