"""Answers that are kept, computed as a worker would."""

import datetime as dt

from planning.actions.answers import run_waiting_answers
from territory import clock


def compute_answers():
    """All that pages asked for."""
    run_waiting_answers(now=clock.now(), until=clock.now() + dt.timedelta(hours=1))


def answered(ask):
    """What a page says once its answer is there: `ask` asks for the page."""
    ask()
    compute_answers()
    return ask()
