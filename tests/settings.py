"""Settings for tests: the application's own, in a folder that goes away, with what makes tests slow or talkative off."""

import atexit
import os
import shutil
import tempfile

_folder = tempfile.mkdtemp(prefix="territory-tests-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)

os.environ.update(DATA_DIR=_folder, PROFILE="local", PORT="8000", SECRET_KEY="only-in-tests")
for _name in ("SITE_URL", "HOST", "DEBUG", "EMAIL_URL"):
    os.environ.pop(_name, None)
_redis = os.environ.get("REDIS_URL", "")

from territory.settings import *  # noqa: E402, F403
from territory.settings import DATABASES, LOGGING, STORAGES  # noqa: E402

# A file, not memory: a live server and a worker then have connections of their own, as in real life.
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["NAME"] = f"{_folder}/none.sqlite3"
    DATABASES["default"]["TEST"] = {"NAME": f"{_folder}/test.sqlite3"}
    DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
DATABASES["default"]["CONN_MAX_AGE"] = 0

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
MAIL_SERVER = "mail.example.org:25"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True

# Each test process rings its own bell, so that no worker of another takes its tasks.
CELERY_BROKER_URL = _redis or "memory://"
CELERY_TASK_DEFAULT_QUEUE = f"tests-{os.getpid()}"
DJANGO_STRUCTLOG_CELERY_ENABLED = False

# Tens of thousands of requests: two lines of each would be written, kept and thrown away.
LOGGING = LOGGING | {"loggers": {"django_structlog": {"level": "WARNING"}}}

# Walks ask for every export as everyone, in seconds.
IMPORTS_A_MINUTE = IMPORT_STEPS_A_MINUTE = EXPORTS_A_MINUTE = EXPENSES_A_MINUTE = 0
