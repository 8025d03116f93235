"""Addresses of imports."""

from django.urls import path

from customers.views import import_files, imports

urlpatterns = [
    path("", imports.import_list, name="import_list"),
    path("new/", imports.import_create, name="import_create"),
    path("templates/<str:kind>.<str:ending>", import_files.import_template, name="import_template"),
    path("mappings/<int:pk>/remove/", imports.import_mapping_remove, name="import_mapping_remove"),
    path("<int:pk>/", imports.import_detail, name="import_detail"),
    path("<int:pk>/progress/", imports.import_progress, name="import_progress"),
    path("<int:pk>/mapping/", imports.import_mapping, name="import_mapping"),
    path("<int:pk>/values/", imports.import_values, name="import_values"),
    path("<int:pk>/json/", imports.import_json, name="import_json"),
    path("<int:pk>/mapping.json", import_files.import_mapping_file, name="import_mapping_file"),
    path("<int:pk>/run/", imports.import_run, name="import_run"),
    path("<int:pk>/again/", imports.import_again, name="import_again"),
    path("<int:pk>/remove/", imports.import_remove, name="import_remove"),
    path("<int:pk>/rejected.csv", import_files.import_rejected, name="import_rejected"),
]
