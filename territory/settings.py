"""All settings, from the environment. A value that cannot be right stops the start and says which and why.

Two profiles. `local` (the default): one machine, loopback only, plain HTTP, everything kept in DATA_DIR.
`production`: behind TLS, on addresses of its own, nothing taken for granted.
"""

from pathlib import Path

import environ
from csp.constants import NONE, SELF

from territory import checked, logs
from territory.embedded.places import private_redis_url, secret_key_in

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# --- Where and how it runs -------------------------------------------------------------------------------------------

PROFILE = checked.one_of("PROFILE", env.str("PROFILE", "local"), "local", "production")
PRODUCTION = PROFILE == "production"
DEBUG = checked.boolean("DEBUG", env.str("DEBUG", "no"))
DATA_DIR = Path(env.str("DATA_DIR", str(BASE_DIR / "data"))).expanduser().resolve()
PORT = checked.port("PORT", env.str("PORT", "8000"))
HOST = env.str("HOST", "127.0.0.1")
SITE_URL = checked.site_url(env.str("SITE_URL", f"http://localhost:{PORT}"), production=PRODUCTION)

if PRODUCTION:
    checked.refuse_if(DEBUG, "DEBUG must be off in the production profile.")
    ALLOWED_HOSTS = checked.hosts(env.list("ALLOWED_HOSTS", default=[checked.host_of(SITE_URL)]))
    SECRET_KEY = checked.secret_key(env.str("SECRET_KEY", ""))
else:
    checked.loopback("HOST", HOST)
    checked.loopback("SITE_URL", checked.host_of(SITE_URL))
    ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
    SECRET_KEY = env.str("SECRET_KEY", "") or secret_key_in(DATA_DIR)

# --- What it is made of ----------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "territory",
    "territory.company",
    "territory.jobs",
    "territory.mail",
    "territory.audit",
    "accounts",
    "customers",
    "planning",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_htmx",
    "template_partials",
    "simple_history",
    "csp",
    "django_structlog",
]

MIDDLEWARE = [
    "territory.middleware.Policy",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "territory.middleware.Utf8",
    "territory.middleware.KeptNowhere",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "territory.htmx.RedirectMiddleware",
    "territory.middleware.BodyLimit",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "territory.audit.denials.Denials",
    "territory.embedded.setup_page.SetUpFirst",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "territory.middleware.LoggedRequests",
    "accounts.middleware.PersonAtHand",
    "accounts.middleware.NoteSessions",
    "territory.middleware.PersonalFormats",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "accounts.middleware.SecondFactorFirst",
    "territory.again.AgainMiddleware",
]

ROOT_URLCONF = "territory.urls"
WSGI_APPLICATION = "territory.wsgi.application"

TEMPLATES = [
    {
        "NAME": "django",
        "BACKEND": "territory.rendering.Templates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "territory.company.context.company",
                "territory.context_processors.shell",
            ],
        },
    },
]
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

STATIC_URL = "static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", str(DATA_DIR / "static")))  # in an image: made with it
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": DATA_DIR / "files"}},
    "staticfiles": {"BACKEND": "territory.statics.StaticFiles"},
}

# Files whose name, or whose folder's name, changes with what lies in them.
WHITENOISE_IMMUTABLE_FILE_TEST = r"^.+\.[0-9a-f]{12}\..+$|/coast-[0-9a-f]{12}/"

# --- Data ------------------------------------------------------------------------------------------------------------

# Only the web process sets it (wsgi.py): a page that takes longer is a fault. Jobs have Celery's limits.
STATEMENT_SECONDS = checked.whole_number("STATEMENT_SECONDS", env.str("STATEMENT_SECONDS", "0"))

DATABASES = {
    "default": checked.database(
        env.str("DATABASE_URL", f"sqlite:///{DATA_DIR / 'territory.sqlite3'}"), statement_seconds=STATEMENT_SECONDS
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = checked.redis(env.str("REDIS_URL", "") or private_redis_url(DATA_DIR))

# Limits on guessing and on imports and exports live here. In the database, so that they hold across processes and with
# Redis down; with room for so many that nobody drives a count out by making others (300 unless said).
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# --- Imports, exports and receipts ------------------------------------------------------------------------------------------

IMPORT_MOST_MB = checked.whole_number("IMPORT_MOST_MB", env.str("IMPORT_MOST_MB", "10"))
IMPORT_MOST_ROWS = checked.whole_number("IMPORT_MOST_ROWS", env.str("IMPORT_MOST_ROWS", "50000"))

# Of a photo or PDF of a receipt. Phones send less: the page makes photos smaller before they leave.
RECEIPT_MOST_MB = checked.whole_number("RECEIPT_MOST_MB", env.str("RECEIPT_MOST_MB", "10"))

# Of one person; 0: as many as they like.
IMPORTS_A_MINUTE = checked.whole_number("IMPORTS_A_MINUTE", env.str("IMPORTS_A_MINUTE", "10"))
IMPORT_STEPS_A_MINUTE = checked.whole_number("IMPORT_STEPS_A_MINUTE", env.str("IMPORT_STEPS_A_MINUTE", "30"))
EXPENSES_A_MINUTE = checked.whole_number("EXPENSES_A_MINUTE", env.str("EXPENSES_A_MINUTE", "30"))
EXPORTS_A_MINUTE = checked.whole_number("EXPORTS_A_MINUTE", env.str("EXPORTS_A_MINUTE", "20"))

# --- Servers that are asked ---------------------------------------------------------------------------------------------------

# Names (or name:port) of servers within one's own network that an administrator may have asked for routes; no others are.
INTERNAL_SERVERS = checked.names("INTERNAL_SERVERS", env.str("INTERNAL_SERVERS", ""))

# --- Audit -----------------------------------------------------------------------------------------------------------

# What people and jobs changed is kept for ever.
DENIALS_KEPT_DAYS = checked.at_least(30, "DENIALS_KEPT_DAYS", env.str("DENIALS_KEPT_DAYS", "365"))

# --- Jobs ------------------------------------------------------------------------------------------------------------

# Redis is a doorbell, never a record: what is to be done stands in the database. Each value was measured.
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,  # above the hard limit, else a running task starts a second time
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 2,
    "socket_connect_timeout": 2,
    "health_check_interval": 25,
}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SOFT_TIME_LIMIT = 200
CELERY_TASK_TIME_LIMIT = 240
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0}
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")

# --- Signing in ------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
PASSWORD_RESET_TIMEOUT = 60 * 60 * 24

ACCOUNT_ADAPTER = "accounts.adapter.SignIn"
ACCOUNT_FORMS = {
    "login": "accounts.sign_in_forms.SignInForm",
    "change_password": "accounts.sign_in_forms.ChangedPasswordForm",
    "reset_password": "accounts.sign_in_forms.ForgottenPasswordForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_EMAIL_VERIFICATION = "none"  # an administrator enters the address; who reads its mail sets the password
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
# Administrators' acts on people, roles and cost, and second factors, ask for a proof again when it was given longer ago.
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # a mail to a stranger would say that others have an account
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/15m/key,60/15m/ip",
    "reset_password": "20/15m/ip,5/15m/key",
    "change_password": "5/m/user",
}
MFA_ADAPTER = "accounts.second_factor_adapter.SecondFactor"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_ALLOW_UNVERIFIED_EMAIL = True  # as above: an administrator entered it
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"
ALLAUTH_TRUSTED_PROXY_COUNT = checked.whole_number("PROXIES", env.str("PROXIES", "1")) if PRODUCTION else 0

# --- What a browser is told ------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],  # Bootstrap's own icons
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
USE_X_FORWARDED_HOST = False
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 14

if PRODUCTION:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^health/$"]  # asked from inside, before the proxy
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SILENCED_SYSTEM_CHECKS = ["security.W021"]  # preloading is the owner's choice and hard to undo
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    KNOWN_DEVICE_COOKIE_NAME = "__Host-device"
    CSRF_TRUSTED_ORIGINS = [SITE_URL]
else:
    # Cookies know no ports: two installations on one machine would sign each other's people out.
    SESSION_COOKIE_NAME = f"session-{PORT}"
    CSRF_COOKIE_NAME = f"csrf-{PORT}"
    KNOWN_DEVICE_COOKIE_NAME = f"device-{PORT}"

# --- Mail ------------------------------------------------------------------------------------------------------------

# Mails wait in the outbox (territory/mail) and leave by a job. MAIL_SERVER is shown; empty: mails go to files.
EMAIL_FILE_PATH = DATA_DIR / "mail"
EMAIL_TIMEOUT = 10
MAIL_SERVER, _MAIL = checked.mail(env.str("EMAIL_URL", ""), production=PRODUCTION)
vars().update(_MAIL)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = checked.sender(
    env.str("EMAIL_FROM", f"Territory <territory@{checked.host_of(SITE_URL)}>")
)

# --- Language and time -----------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", "English"), ("en-us", "English (United States)")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- Logs ------------------------------------------------------------------------------------------------------------

LOG_LEVEL = checked.one_of("LOG_LEVEL", env.str("LOG_LEVEL", "INFO").upper(), "DEBUG", "INFO", "WARNING", "ERROR")
DJANGO_STRUCTLOG_CELERY_ENABLED = True
LOGGING = logs.logging_settings(production=PRODUCTION, level=LOG_LEVEL)
logs.configure_structlog()
