"""Imports in the browser: the file, how it is mapped, how far it is, what was rejected."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from accounts.permissions import Act, Area, may_all


class ImportState(models.TextChoices):
    DRAFT = "draft", _("to be mapped")
    CHECKING = "checking", _("being checked")
    CHECKED = "checked", _("checked, not stored yet")
    RUNNING = "running", _("being stored")
    DONE = "done", _("done")
    FAILED = "failed", _("stopped")


WORKING = (ImportState.CHECKING, ImportState.RUNNING)


class ImportQuerySet(models.QuerySet):
    def visible_to(self, user):
        """One's own, and everybody's for who may import everything: a file says more than its reader may see elsewhere."""
        return self if may_all(user, Area.IMPORT, Act.CHANGE) else self.filter(author=user)

    def editable_by(self, user):
        """One's own: it runs with its author's reach."""
        return self.filter(author=user)


class Import(models.Model):
    """A file on its way in. `cursor` rows are done of `total`; the counts are of the check, then of the run."""

    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="imports", verbose_name=_("imported by")
    )
    kind = models.CharField(_("kind"), max_length=20)
    file_name = models.CharField(_("file"), max_length=200)
    mapping = models.JSONField(default=dict)
    # Header and first rows, as they were checked: {"header": [...], "rows": [[number, [cells]]]}.
    sample = models.JSONField(null=True, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=ImportState, default=ImportState.DRAFT)
    problem = models.TextField(blank=True, default="")
    total = models.PositiveIntegerField(null=True, blank=True)
    cursor = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(_("new"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    skipped = models.PositiveIntegerField(_("left out"), default=0)
    rejected = models.PositiveIntegerField(_("rejected"), default=0)
    # Who works on it: a process's token, when it was last heard of, how often it was taken up since a piece was done.
    runner = models.UUIDField(null=True, blank=True, editable=False)
    heard_at = models.DateTimeField(null=True, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(_("uploaded"))
    finished_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = ImportQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["author", "-created_at"]), models.Index(fields=["state"])]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_working(self) -> bool:
        return self.state in WORKING


class ImportFile(models.Model):
    """The content, in the database: web and worker may be on two machines. Removed after a while."""

    of = models.OneToOneField(Import, models.CASCADE, related_name="file")
    content = models.BinaryField()


class ImportProblem(models.Model):
    """A cell for which a row did not go in, or would not: `column` is the file's word, `field` the product's."""

    of = models.ForeignKey(Import, models.CASCADE, related_name="problems")
    row = models.PositiveIntegerField()
    field = models.CharField(max_length=50, blank=True, default="")
    column = models.TextField(blank=True, default="")
    value = models.TextField(blank=True, default="")
    reason = models.TextField()

    class Meta:
        ordering = ["row", "pk"]
        indexes = [models.Index(fields=["of", "row"])]


class SavedMapping(models.Model):
    """A mapping kept under a name for the next file; its author's own."""

    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="import_mappings")
    kind = models.CharField(_("kind"), max_length=20)
    name = models.CharField(_("name"), max_length=100)
    mapping = models.JSONField(_("mapping"))
    saved_at = models.DateTimeField(_("saved"))

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("kept mapping")
        ordering = ["kind", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["author", "kind", "name"], name="import_mapping_name_once_an_author_and_kind"
            )
        ]

    def __str__(self) -> str:
        return self.name
