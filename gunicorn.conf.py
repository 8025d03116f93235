"""The web server's own lines look like all others. Read by gunicorn by itself, before there is Django."""

import gc
import logging.config
import os

from django.urls import get_resolver
from gunicorn.glogging import Logger

from territory.logs import logging_settings


class Lines(Logger):
    """Hands gunicorn's lines to the handler of all."""

    def setup(self, cfg):
        super().setup(cfg)
        production = os.environ.get("PROFILE") == "production"
        logging.config.dictConfig(logging_settings(production=production, level="INFO"))
        self.error_log.handlers.clear()
        self.error_log.propagate = True


logger_class = Lines

# No header of a request moves the application below another address.
forwarder_headers = ""


def post_worker_init(worker):
    """What a worker keeps for life is loaded now and not looked through for garbage again: that took 100 ms, in the middle of a page.

    What it makes meanwhile is looked through less often: after every 700 things, as Python does by itself, it took a twentieth of each
    page and more of the large ones, and most that a page makes goes without.
    """
    from territory.translations import remember_words  # the application is loaded only now

    remember_words()
    get_resolver().url_patterns  # noqa: B018  views, forms and templates' tags, else loaded by the first who asks
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)
