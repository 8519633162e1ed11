"""The settings of production, except that static files are served from where they lie and that the CI system is on this machine."""

from marketplace.settings import *  # noqa: F403

STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405
STATIC_ROOT = None
WHITENOISE_USE_FINDERS = True
TRUSTED_ISSUER_FETCH = "tests.ci.fetch"
