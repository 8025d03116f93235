from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "territory.jobs"
    verbose_name = "Jobs"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _
        from django.utils.translation import ngettext_lazy as many

        from territory.jobs import registry

        registry.add(
            registry.Job(
                name="backup",
                label=_("Back up"),
                help=_("All data into one file, by manage.py backup."),
                words={
                    "tables": many("%(shown)s table", "%(shown)s tables", "n"),
                    "rows": many("%(shown)s row", "%(shown)s rows", "n"),
                },
            )
        )
