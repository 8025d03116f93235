"""The web process' entrance."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "territory.settings")
# A page that takes longer is a fault; jobs and commands may take their time (settings.py).
os.environ.setdefault("STATEMENT_SECONDS", "15")

application = get_wsgi_application()
