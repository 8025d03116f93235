"""How far a computation is that somebody asked for and a job carries out."""

from territory.jobs.models import JobRun, JobState

WAITING, RUNNING, FAILED = "waiting", "running", "failed"


def state_of(job_key: str) -> tuple[str, int, int]:
    """Nobody has taken it up, it is under way, or the last attempt failed; with how much of how much is done."""
    run = JobRun.objects.filter(key=job_key).first()
    if run is None or (run.state == JobState.QUEUED and not run.attempts):
        return WAITING, 0, 0
    if run.state in (JobState.RUNNING, JobState.DONE):
        return RUNNING, run.progress, run.total or 0
    return FAILED, 0, 0
