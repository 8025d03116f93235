"""The web server's own lines look like all others. Read by gunicorn by itself, before there is Django."""

import logging.config
import os

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
