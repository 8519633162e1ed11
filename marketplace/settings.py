"""Settings: everything that differs between places comes from the environment, each also as NAME_FILE."""

import os
from pathlib import Path

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from marketplace import logs
from marketplace.api.tags import TAGS
from marketplace.environment import Environment, folder_problems, saml_problems, sandbox_problems, sign_in_problems, storage_options, unsafe_values

ROOT = Path(__file__).resolve().parent.parent
env = Environment()

# Where this runs
DEBUG = env.bool("DEBUG", default=False)
LOCAL = env.bool("LOCAL", default=DEBUG)  # trying it out on one machine: static files are not collected, the demo world may be loaded
SECRET_KEY = env.str("SECRET_KEY", default="")
PUBLIC_URL = env.str("PUBLIC_URL", default="http://localhost:8000").rstrip("/")
FILES_URL = env.str("FILES_URL", default="").rstrip("/")  # the byte-serving pool; empty: the web processes serve bytes themselves
DATABASE_URL = env.str("DATABASE_URL", default="")
REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
STORAGE_URL = env.str("STORAGE_URL", default=str(Path(os.environ.get("MARKETPLACE_VAR", ROOT / "var")) / "files"))
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
EMAIL_URL = env.str("EMAIL_URL", default="consolemail://")
if problems := unsafe_values(
    debug=DEBUG, secret_key=SECRET_KEY, public_url=PUBLIC_URL, database_url=DATABASE_URL, redis_url=REDIS_URL, storage_url=STORAGE_URL
):
    raise ImproperlyConfigured("Refusing to start: " + " ".join(problems))
SECRET_KEY = SECRET_KEY or "only-for-trying-out-on-one-machine"  # reached in debug only; unsafe_values refuses it elsewhere
HTTPS = PUBLIC_URL.startswith("https://")
HOST = PUBLIC_URL.split("://", 1)[-1].split("/")[0].rsplit(":", 1)[0]
ALLOWED_HOSTS = [HOST, *env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if DEBUG or not HTTPS else [])]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
if env.bool("BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# What it is made of
INSTALLED_APPS = [
    "marketplace.apps.MarketplaceConfig",
    "catalog.apps.CatalogConfig",
    "governance.apps.GovernanceConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "guardian",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "axes",
    "csp",
    "django_htmx",
    "django_cotton.apps.SimpleAppConfig",
    "drf_spectacular",
    "django_prometheus",
]
MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "marketplace.web.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "marketplace.web.middleware.SecurityHeadersMiddleware",
    "marketplace.web.middleware.NoSecretInAddressMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "marketplace.accounts.sessions.SessionEndMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "marketplace.web.middleware.DomainErrorMiddleware",
    "axes.middleware.AxesMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]
ROOT_URLCONF = "marketplace.bytes_urls" if env.bool("BYTES_ONLY", default=False) else "marketplace.urls"
WSGI_APPLICATION = "marketplace.wsgi.application"
LOADERS = [
    "django_cotton.cotton_loader.Loader",
    "django.template.loaders.filesystem.Loader",
    "django.template.loaders.app_directories.Loader",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "marketplace.web.context.site",
            ],
            "loaders": LOADERS if DEBUG else [("django.template.loaders.cached.Loader", LOADERS)],
            "builtins": ["django_cotton.templatetags.cotton", "marketplace.web.templatetags.ui"],
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
APPEND_SLASH = False

# The truth
DATABASES = {"default": env.db_url_config(DATABASE_URL or "postgres://localhost/marketplace")}
DATABASES["default"].update({"ENGINE": "django.db.backends.postgresql", "ATOMIC_REQUESTS": False, "CONN_HEALTH_CHECKS": True})
DATABASES["default"]["CONN_MAX_AGE"] = env.int("DATABASE_MAX_AGE", default=60)
DATABASES["default"].setdefault("OPTIONS", {})["application_name"] = "marketplace"
if env.bool("DATABASE_PREPARE", default=True):  # off behind a pooler that gives a connection to somebody else between statements
    DATABASES["default"]["OPTIONS"]["prepare_threshold"] = 5
if pooled := env.int("DATABASE_POOL", default=0):  # connections that all threads of a process share; needed with hundreds of threads
    DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": pooled, "timeout": 10}
    DATABASES["default"]["CONN_MAX_AGE"] = 0

# Background work
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 6 * 3600,
    "socket_timeout": 5,
    "socket_connect_timeout": 0.5,
    "socket_keepalive": True,
    "max_retries": 0,  # a request must not wait for a broker that is down; sweepers find what was not published
}
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_TIMEZONE = "UTC"

# Files
STORAGES = {
    "default": storage_options(STORAGE_URL),
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage" if LOCAL else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
UPLOAD_PART_BYTES = env.int("UPLOAD_PART_BYTES", default=16 * 1024**2)
UPLOAD_DAYS = 7
TEAM_QUOTA_BYTES = env.int("TEAM_QUOTA_BYTES", default=500 * 1000**3)
LINK_SECONDS = 60  # how long a signed link to bytes may be redeemed
STATIC_URL = "/static/"
STATIC_ROOT = ROOT / "staticfiles"
STATICFILES_DIRS = [ROOT / "static"]
WHITENOISE_USE_FINDERS = LOCAL
WHITENOISE_AUTOREFRESH = False
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024**2
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]

# Reading files apart (marketplace/sandbox)
SANDBOX_PROFILE = env.str("SANDBOX_PROFILE", default="auto")  # auto: the scanner if one is set, else bubblewrap, else Landlock
SCANNER_URL = env.str("SCANNER_URL", default="")  # unix:/… where bin/scanner listens
ALLOW_UNSANDBOXED_SCAN = env.bool("ALLOW_UNSANDBOXED_SCAN", default=False)  # development: read without a sandbox rather than not at all
CLAMD_URL = env.str("CLAMD_URL", default="")  # unix:/run/clamav/clamd.ctl or tcp://host:3310: files are also shown to ClamAV
CLAMD_MOST_BYTES = env.int("CLAMD_MOST_BYTES", default=25_000_000)  # not above StreamMaxLength of clamd
RULES_FOLDER = env.str("RULES_FOLDER", default="")  # files that take the place of those in governance/validation/rules
OSV_FOLDER = env.str("OSV_FOLDER", default="")  # a dated copy of the OSV database: known vulnerabilities of software that models ask for
PROBE_MODELS = env.bool("PROBE_MODELS", default=True)  # whether ONNX models are loaded and asked, in the sandbox, where onnxruntime is installed
problems = sandbox_problems(profile=SANDBOX_PROFILE, scanner=SCANNER_URL, clamd=CLAMD_URL)
if problems := problems + folder_problems(RULES_FOLDER=RULES_FOLDER, OSV_FOLDER=OSV_FOLDER):
    raise ImproperlyConfigured("Refusing to start: " + " ".join(problems))

# People
SILENCED_SYSTEM_CHECKS = [
    "guardian.W001",  # our GrantBackend answers has_perm, refusing by time; guardian holds a projection only
    "auth.W004",  # user names are unique by lower(username), a named constraint
]
AUTH_USER_MODEL = "marketplace.User"
OIDC_ISSUER = env.str("OIDC_ISSUER", default="")  # the company's directory; empty: people sign in with passwords
OIDC_CLIENT_ID = env.str("OIDC_CLIENT_ID", default="")
OIDC_CLIENT_SECRET = env.str("OIDC_CLIENT_SECRET", default="")
OIDC_NAME = env.str("OIDC_NAME", default="the company directory")
OIDC_SCOPES = env.list("OIDC_SCOPES", default=["openid", "profile", "email"])
OIDC_GROUPS_CLAIM = env.str("OIDC_GROUPS_CLAIM", default="groups")
OIDC_ROLES = env.str("OIDC_ROLES", default="")  # group -> places here: YAML or JSON, or the file that holds it
SAML_ISSUER = env.str("SAML_ISSUER", default="")  # the directory's entity id where it speaks SAML instead; the extra `saml` must be installed
SAML_SIGN_IN_URL = env.str("SAML_SIGN_IN_URL", default="")
SAML_CERTIFICATE = env.str("SAML_CERTIFICATE", default="")  # what it signs with
SAML_SUBJECT = env.str("SAML_SUBJECT", default="")  # the attribute that keys accounts; empty: the persistent NameID
OIDC_REQUIRED_GROUP = env.str("OIDC_REQUIRED_GROUP", default="")  # whoever is no longer in it is closed out
SCIM_ID_CLAIM = env.str("SCIM_ID_CLAIM", default="sub")  # of the ID token: equals the externalId by SCIM; empty: SCIM and sign-in never meet
MFA_REQUIRED_FOR = env.list("MFA_REQUIRED_FOR", default=[])  # organization roles that sign in by password only with a second factor
if problems := sign_in_problems(
    local=LOCAL, issuer=OIDC_ISSUER, client_id=OIDC_CLIENT_ID, client_secret=OIDC_CLIENT_SECRET, scopes=OIDC_SCOPES, mfa_roles=MFA_REQUIRED_FOR
):
    raise ImproperlyConfigured("Refusing to start: " + " ".join(problems))
if problems := saml_problems(local=LOCAL, issuer=SAML_ISSUER, sign_in_url=SAML_SIGN_IN_URL, certificate=SAML_CERTIFICATE, oidc_issuer=OIDC_ISSUER):
    raise ImproperlyConfigured("Refusing to start: " + " ".join(problems))
AUTHENTICATION_BACKENDS = [
    "marketplace.accounts.backends.LockBackend",
    "marketplace.accounts.backends.PasswordBackend",
    "marketplace.permissions.backends.GrantBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"} for name in ("UserAttributeSimilarityValidator", "CommonPasswordValidator")
] + [{"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}}]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "marketplace.accounts.signin.Adapter"
SOCIALACCOUNT_ADAPTER = "marketplace.accounts.sso.SocialAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False  # nobody is found by an e-mail address
MFA_ADAPTER = "marketplace.accounts.mfa.Adapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "authenticate": "marketplace.accounts.mfa.CodeForm",
    "reauthenticate": "marketplace.accounts.mfa.CodeAgainForm",
    "authenticate_webauthn": "marketplace.accounts.mfa.PasskeyForm",
    "reauthenticate_webauthn": "marketplace.accounts.mfa.PasskeyAgainForm",
    "add_webauthn": "marketplace.accounts.mfa.NewPasskeyForm",
}
MFA_TOTP_TOLERANCE = 1  # steps of 30 seconds that a clock may be off; a code counts once all the same
MFA_RECOVERY_CODES_SHOW_ONCE = True
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = False  # axes counts wrong passwords and accounts/mfa.py wrong codes, both in the database
ACCOUNT_LOGOUT_REDIRECT_URL = "/login"
ACCOUNT_PRESERVE_USERNAME_CASING = True
AXES_HANDLER = "axes.handlers.database.AxesDatabaseHandler"
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "marketplace.accounts.signin.lock_address"
AXES_USERNAME_FORM_FIELD = "login"
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "marketplace.accounts.signin.locked_out"
AXES_USERNAME_CALLABLE = "marketplace.accounts.signin.username_of"
AXES_VERBOSE = False
TRUSTED_ISSUER_FETCH = "marketplace.outbound.fetch_json"  # how the keys of CI issuers are fetched
ANONYMOUS_USER_NAME = None
GUARDIAN_RAISE_403 = False
GUARDIAN_MONKEY_PATCH_USER = False

# Headers and cookies
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_ENGINE = "marketplace.accounts.sessions"
SESSION_COOKIE_AGE = env.int("SESSION_HOURS", default=12) * 3600  # then everybody signs in again
SESSION_IDLE_AGE = env.int("SESSION_IDLE_MINUTES", default=120) * 60  # or this long after the last page
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "marketplace.web.errors.csrf_failure"
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)  # how many proxies of ours stand in front
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

# REST
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "marketplace.accounts.authentication.TokenAuthentication",
        "marketplace.accounts.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["marketplace.api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["marketplace.api.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "marketplace.api.schema.Schema",
    "EXCEPTION_HANDLER": "marketplace.api.problems.handle",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Model Marketplace",
    "DESCRIPTION": "Find, publish, review and download models. Every answer holds only what the caller may see.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SCHEMA_PATH_PREFIX_TRIM": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "TAGS": TAGS,
    "POSTPROCESSING_HOOKS": [],  # choices stay where they are used; shared names for them collide
}

# Calling the outside (marketplace/outbound.py)
OUTBOUND_ALLOW = env.list("OUTBOUND_ALLOW", default=[])  # names, or name:port, that may lead into the company's own network
OUTBOUND_PORTS = [int(port) for port in env.list("OUTBOUND_PORTS", default=["443", "8443"])]
OUTBOUND_CA_FILE = env.str("OUTBOUND_CA_FILE", default="")  # the company's own certificate authority
OUTBOUND_LOOPBACK = env.bool("OUTBOUND_LOOPBACK", default=LOCAL)  # this machine may be called, and by http: for tests and trying out

# Telling people
EMAIL_CONFIG = env.email_url_config(EMAIL_URL)
EMAIL_BACKEND = EMAIL_CONFIG["EMAIL_BACKEND"]
EMAIL_HOST = EMAIL_CONFIG.get("EMAIL_HOST") or "localhost"
EMAIL_PORT = EMAIL_CONFIG.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = EMAIL_CONFIG.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = EMAIL_CONFIG.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = bool(EMAIL_CONFIG.get("EMAIL_USE_TLS"))
EMAIL_USE_SSL = bool(EMAIL_CONFIG.get("EMAIL_USE_SSL"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", default="Model Marketplace <marketplace@localhost>")

# Words and time
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

# What is written to the log
LOGGING = logs.described(level=env.str("LOG_LEVEL", default="INFO"), kind=env.str("LOG_FORMAT", default="lines" if LOCAL else "json"))
LOGGING_CONFIG = "marketplace.logs.configure"
