"""Addresses about where customers are."""

from django.urls import path

from customers.views import data_files, places

urlpatterns = [
    path("customers/places/", places.place_list, name="place_list"),
    path("customers/places/accept/", places.place_accept, name="place_accept"),
    path("customers/places/towns/", data_files.town_files, name="town_files"),
    path("customers/places/towns/shipped/", data_files.town_files_shipped, name="town_files_shipped"),
    path("customers/<int:pk>/place/", places.customer_place, name="customer_place"),
    path("profile/base/", places.own_base, name="own_base"),
    path("data-files/<int:pk>/progress/", data_files.data_file_progress, name="data_file_progress"),
]
