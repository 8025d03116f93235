"""What happens to jobs that others may want to tell people of."""

from django.dispatch import Signal

# Sent after a run ended as failed for good, with `run`, its JobRun. Outside of any transaction.
job_failed = Signal()
