"""Addresses about a person's customers: cover, hand-over, leaving."""

from django.urls import path

from customers.views import covers, hand_over

urlpatterns = [
    path("people/<int:pk>/hand-over/", hand_over.person_hand_over, name="person_hand_over"),
    path("people/<int:pk>/deactivate/", hand_over.person_deactivate, name="person_deactivate"),
    path("people/<int:pk>/covers/add/", covers.cover_create, name="cover_create"),
    path("covers/<int:pk>/edit/", covers.cover_edit, name="cover_edit"),
    path("covers/<int:pk>/delete/", covers.cover_delete, name="cover_delete"),
]
