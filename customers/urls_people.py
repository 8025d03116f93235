"""Addresses about a person's customers: cover, hand-over, leaving."""

from django.urls import path

from customers.views import covers

urlpatterns = [
    path("people/<int:pk>/covers/add/", covers.cover_create, name="cover_create"),
    path("covers/<int:pk>/edit/", covers.cover_edit, name="cover_edit"),
    path("covers/<int:pk>/delete/", covers.cover_delete, name="cover_delete"),
]
