"""The Celery app: finds the tasks of every room, routes by room, and keeps the schedule in code."""

import os
from pathlib import Path

from celery import Celery
from celery.schedules import crontab, schedule

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")

BUILDINGS = ("marketplace", "catalog", "governance")
HERE = Path(__file__).resolve().parent.parent
ROOMS = sorted(f"{p.parent.parent.name}.{p.parent.name}" for b in BUILDINGS for p in (HERE / b).glob("*/tasks.py"))

app = Celery("marketplace")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(ROOMS)

app.conf.task_routes = {
    "governance.validation.*": {"queue": "checks"},
    "*": {"queue": "default"},
}
app.conf.beat_schedule = {
    "deliver what was not delivered": {"task": "marketplace.activity.tasks.sweep_deliveries", "schedule": schedule(15)},
    "run checks that were lost": {"task": "governance.validation.tasks.sweep_runs", "schedule": schedule(20)},
    "look again at what older rules judged": {"task": "governance.validation.tasks.look_again", "schedule": schedule(300)},
    "forget what older rules said of files": {"task": "governance.validation.tasks.clear_old_answers", "schedule": crontab(minute=37)},
    "end grants": {"task": "catalog.registry.tasks.end_grants", "schedule": schedule(45)},
    "end approvals": {"task": "catalog.registry.tasks.end_approvals", "schedule": schedule(60)},
    "seal reads of bytes into the record": {"task": "catalog.usage.tasks.seal_reads", "schedule": schedule(30)},
    "roll up usage": {"task": "catalog.usage.tasks.roll_up", "schedule": schedule(120)},
    "warn of approvals that end soon": {"task": "governance.reviews.tasks.warn_of_ends", "schedule": crontab(hour=5, minute=10)},
    "remind of late decisions on access": {"task": "governance.access.tasks.remind_of_overdue", "schedule": crontab(hour=5, minute=20)},
    "ask whether access is still needed": {"task": "governance.access.tasks.watch_over_use", "schedule": crontab(minute=23)},
    "send notices": {"task": "marketplace.notifications.tasks.send_due", "schedule": schedule(30)},
    "send the daily digest": {"task": "marketplace.notifications.tasks.send_digests", "schedule": crontab(hour=6, minute=30)},
    "clear what was abandoned": {"task": "catalog.artifacts.tasks.clear_abandoned", "schedule": crontab(minute=17)},
    "forget spent proofs of CI jobs": {"task": "marketplace.accounts.tasks.forget_spent", "schedule": crontab(minute=53)},
    "forget idempotency keys": {"task": "marketplace.api.tasks.forget_keys", "schedule": crontab(minute=41)},
}
