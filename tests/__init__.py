"""Tests: real PostgreSQL, Valkey, Celery, Chromium and clients."""
