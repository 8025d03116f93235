"""Tables that the company brings in from files as a whole: towns and where they lie, how long journeys take."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class DataFileState(models.TextChoices):
    WAITING = "waiting", _("waiting for a worker")
    STORING = "storing", _("being stored")
    IN_USE = "in_use", _("in use")
    REPLACED = "replaced", _("replaced")
    FAILED = "failed", _("not taken")


WORKING_FILES = (DataFileState.WAITING, DataFileState.STORING)


class DataFile(models.Model):
    """A file of rows that count together once all of it is stored, in the place of the file before; and the record of that.

    `done` of `size` bytes of text are read, `stored` rows kept, `rejected` not; `problems` tells of the first of these as
    rows of number, column, reason. `kind` names who reads it (customers.data_files), `options` what was ticked beside it.
    """

    kind = models.CharField(max_length=20)
    file_name = models.CharField(_("file"), max_length=200)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("brought in by"),
    )
    options = models.JSONField(default=dict)
    state = models.CharField(_("state"), max_length=10, choices=DataFileState, default=DataFileState.WAITING)
    problem = models.TextField(blank=True, default="")
    size = models.PositiveBigIntegerField(null=True)
    done = models.PositiveBigIntegerField(default=0)
    stored = models.PositiveIntegerField(_("rows"), default=0)
    rejected = models.PositiveIntegerField(_("rejected"), default=0)
    problems = models.JSONField(default=list)
    asked_at = models.DateTimeField(_("brought in"))
    heard_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind"], condition=models.Q(state="in_use"), name="data_file_one_in_use_a_kind"
            )
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_working(self) -> bool:
        return self.state in WORKING_FILES


class DataFileContent(models.Model):
    """What was uploaded, until it is stored: web and worker may be on two machines. Without it the file is one we ship."""

    of = models.OneToOneField(DataFile, models.CASCADE, related_name="content")
    content = models.BinaryField()
