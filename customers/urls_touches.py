"""Addresses of touches, planned touches and internal work."""

urlpatterns: list = []
