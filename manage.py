#!/usr/bin/env python3
"""Runs a management command of Territory."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "territory.settings")
    try:
        settings.INSTALLED_APPS  # noqa: B018  reading one setting reads them all
    except ImproperlyConfigured as error:
        sys.exit(f"Territory cannot start: {error}")
    from territory.audit.origin import acting_as

    with acting_as(f"command {' '.join(sys.argv[1:2])}".strip()):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
