"""Where the norms of the company are, and what they make one expect."""

from django.urls import path

from planning.views import expected_business, time_to_business

urlpatterns = [
    path("time-to-business/", time_to_business.time_to_business, name="time_to_business"),
    path("expected-business/", expected_business.expected_business, name="expected_business"),
]
