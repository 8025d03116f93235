"""Every address of the application, room by room."""

from django.urls import include, path

from territory.embedded.setup_page import setup
from territory.views import health

urlpatterns = [
    path("health/", health, name="health"),
    path("setup/", setup, name="setup"),
    path("", include("accounts.urls")),
    path("", include("customers.urls")),
    path("", include("planning.urls")),
]

handler500 = "territory.views.server_error"
