"""The application's own settings, with the floor page beside its pages and a counter around every request."""

from territory.settings import *  # noqa: F403
from territory.settings import MIDDLEWARE as _MIDDLEWARE

MIDDLEWARE = ["bench.counting.Counted", *_MIDDLEWARE]
ROOT_URLCONF = "bench.urls"
