from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "territory.jobs"
    verbose_name = "Jobs"
