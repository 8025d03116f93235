"""The application's addresses, and the floor page."""

from django.urls import include, path

from bench.floor import floor

urlpatterns = [path("bench/floor/", floor), path("", include("territory.urls"))]
