"""Redirects answered to htmx."""

from django.http import HttpResponse, HttpResponseRedirect
from django.test import RequestFactory

from territory.htmx import RedirectMiddleware


def answer(response, **headers):
    return RedirectMiddleware(lambda request: response)(RequestFactory().get("/load/7/", headers=headers))


def test_a_redirect_moves_the_window():
    response = answer(HttpResponseRedirect("/customers/7/"), hx_request="true")
    assert (response.status_code, response.headers["HX-Redirect"]) == (200, "/customers/7/")


def test_cookies_go_along():
    redirect = HttpResponseRedirect("/customers/7/")
    redirect.set_cookie("csrf", "x")
    assert answer(redirect, hx_request="true").cookies["csrf"].value == "x"


def test_after_signing_in_again_one_is_back_on_the_page_not_the_part():
    response = answer(
        HttpResponseRedirect("/accounts/login/?next=/load/7/"),
        hx_request="true",
        hx_current_url="http://localhost:8000/workload/?team=3",
    )
    assert response.headers["HX-Redirect"] == "/accounts/login/?next=%2Fworkload%2F%3Fteam%3D3"


def test_browsers_that_ask_for_a_page_get_the_redirect():
    assert answer(HttpResponseRedirect("/customers/7/")).status_code == 302


def test_other_answers_stay():
    assert answer(HttpResponse("ok"), hx_request="true").content == b"ok"


def test_a_page_that_has_no_address_is_no_way_back():
    sign_in = HttpResponseRedirect("/accounts/login/?next=/load/7/")
    response = answer(sign_in, hx_request="true", hx_current_url="http://[::1")
    assert response.headers["HX-Redirect"] == "/accounts/login/?next=/load/7/"
