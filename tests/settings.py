"""The product's settings, with fast hashing and a place of its own for files."""

import os
import tempfile

os.environ.setdefault("DEBUG", "0")
os.environ.setdefault("PUBLIC_URL", "http://localhost")
os.environ["STORAGE_URL"] = tempfile.mkdtemp(prefix="marketplace-test-files-")

from marketplace.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405
STATIC_ROOT = None  # nothing is collected; the finders serve
WHITENOISE_USE_FINDERS = True
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
DATABASES["default"]["CONN_MAX_AGE"] = 0  # noqa: F405
UPLOAD_PART_BYTES = 1024 * 1024
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
