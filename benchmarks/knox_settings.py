"""The product's settings with django-rest-knox beside our own tokens, for the benchmark that compares the two."""

from marketplace.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "knox"]  # noqa: F405
