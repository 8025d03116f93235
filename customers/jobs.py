"""What the jobs page knows of this room."""

from django.utils.translation import gettext_lazy as _

from territory.jobs import registry
from territory.jobs.registry import Job


def register() -> None:
    for job in (
        Job(
            name="import",
            label=_("Import a file"),
            help=_("A minute and a half of checking or storing a file somebody uploaded; then the next goes on."),
            task="customers.tasks.go_on_with_imports",
        ),
        Job(
            name="data file",
            label=_("Store a table"),
            help=_(
                "A file of towns or of travel times that an administrator brought in; it counts once all of it is there."
            ),
            task="customers.tasks.go_on_with_imports",
        ),
    ):
        registry.add(job)
