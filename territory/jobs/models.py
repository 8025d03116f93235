"""Jobs: what runs in the background, how far it is and how it ended; and the heart-beat of what gives the ticks."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from territory.formats.numbers import number_text
from territory.jobs import registry


class JobState(models.TextChoices):
    QUEUED = "queued", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")


class JobRun(models.Model):
    """One run of a job. `key` (say name and local day) makes it happen once, whoever announces it how often."""

    name = models.CharField(_("job"), max_length=100)
    key = models.CharField(max_length=200, null=True, blank=True, unique=True)
    state = models.CharField(_("state"), max_length=10, choices=JobState, default=JobState.QUEUED)
    progress = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True, default="")
    result = models.JSONField(null=True, blank=True)
    queued_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    heard_at = models.DateTimeField(null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("asked for by"),
    )

    class Meta:
        ordering = ["-queued_at", "-pk"]
        indexes = [models.Index(fields=["state", "queued_at"]), models.Index(fields=["name", "-queued_at"])]

    def __str__(self) -> str:
        return self.key or self.name

    @property
    def label(self) -> str:
        """What people call the job."""
        return registry.label_of(self.name)

    @property
    def seconds(self) -> float | None:
        """How long it took."""
        return (self.finished_at - self.started_at).total_seconds() if self.started_at and self.finished_at else None

    @property
    def ticks(self) -> bool:
        """Whether it is the one row of a job that ticks."""
        return (self.key or "").startswith("tick ")

    @property
    def is_scheduled(self) -> bool:
        """Whether the schedule runs such a job; another that nobody asked for came from the command line."""
        job = registry.get(self.name)
        return job is not None and job.task != ""

    @property
    def is_asked_for(self) -> bool:
        """Whether a person asked for it and it is not done."""
        return (self.key or "").startswith("asked ")

    @property
    def may_be_tried_again(self) -> bool:
        """Whether it failed and its job says how to run it again."""
        job = registry.get(self.name)
        return self.state == JobState.FAILED and job is not None and (job.run or job.again) is not None

    @property
    def outcome(self) -> list[str]:
        """What it answered, in words: what is nothing is left out, unless all is."""
        job = registry.get(self.name)
        if not isinstance(self.result, dict) or job is None:
            return []
        answers = {**self.result, **self.result.get("situations", {})}
        told = [(words, answers[name]) for name, words in job.words.items() if isinstance(answers.get(name), int)]
        said = [str(words % {"n": n, "shown": number_text(n)}) for words, n in told if n]
        said += [text for text in answers.values() if isinstance(text, str)]
        return said or ([_("nothing to do")] if told else [])


class Heartbeat(models.Model):
    """When a process that only gives ticks last gave one. Workers need none: their jobs say when they were heard."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
