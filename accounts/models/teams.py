"""Teams: people who sell together, as a tree (region > district > team)."""

from django.db import models
from django.db.models.functions import Concat, Substr
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from territory.rows import Archivable, LiveQuerySet


class TeamQuerySet(LiveQuerySet):
    """Teams as a tree, by path."""

    def at_or_below(self, team: "Team"):
        """The team itself and all under it."""
        return self.filter(path__startswith=team.path)


class Team(Archivable):
    """People who sell together. `path` is "/1/4/9/": the primary keys from the top down to the team itself."""

    external_id = models.CharField(_("external id"), max_length=100, null=True, blank=True, unique=True)
    name = models.CharField(_("name"), max_length=150)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("part of")
    )
    path = models.CharField(max_length=255, db_index=True, editable=False, default="")
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords(excluded_fields=["path"])
    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["parent", "name"], name="team_name_once_per_parent"),
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(parent__isnull=True), name="team_name_once_at_the_top"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args, **kwargs) -> None:
        super().save(*args, **kwargs)
        self._keep_path()

    @property
    def depth(self) -> int:
        """0 for a team at the top."""
        return self.path.count("/") - 2

    def _keep_path(self) -> None:
        """Store the path of this team and, when it moved, of all under it."""
        path = f"{self.parent.path if self.parent_id else '/'}{self.pk}/"
        if path == self.path:
            return
        old, self.path = self.path, path
        Team.objects.filter(pk=self.pk).update(path=path)
        if old:
            Team.objects.filter(path__startswith=old).exclude(pk=self.pk).update(
                path=Concat(models.Value(path), Substr("path", len(old) + 1))
            )
