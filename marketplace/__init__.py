"""The ground: settings and the plumbing that knows nothing about models."""

from marketplace.celery import app as celery_app

__all__ = ["celery_app"]
