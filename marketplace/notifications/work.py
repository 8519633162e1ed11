"""What a worker does for notices: mail them, each once, and again later when the mail server did not take them."""

from datetime import timedelta
from smtplib import SMTPException, SMTPRecipientsRefused

import structlog
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.notifications.models import Notice
from marketplace.notifications.queries import to_mail_daily, to_mail_now
from marketplace.notifications.sentences import body_of, subject_of

log = structlog.get_logger(__name__)
MOST = 50
PERMANENT = 500
# A mail server that says "not now" may mean it: for so long it is asked again.
PATIENCE = timedelta(hours=1)
# One half of the number of an advisory lock; the other is the person.
LOCK = 717


def send_due() -> int:
    """Mail what is urgent; return how many people got a mail. Stops at once when the server itself does not answer."""
    return _send_all(to_mail_now(), daily=False)


def send_digests() -> int:
    """Mail everybody who wants it one summary of what they have not read."""
    return _send_all(list(to_mail_daily()), daily=True)


def _send_all(people: list[int], *, daily: bool) -> int:
    sent = 0
    for user_id in people:
        try:
            sent += send_to(user_id, daily=daily)
        except SMTPRecipientsRefused as refused:
            log.warning("mail_refused", user=user_id, reason=str(refused)[:200])
            give_up(user_id, refused, daily=daily)
        except (SMTPException, OSError) as fault:
            log.warning("mail_server_failed", reason=f"{type(fault).__name__}: {fault}"[:200])
            break  # the rest would wait for the same timeout; the next beat tries again
    return sent


def send_to(user_id: int, *, daily: bool) -> bool:
    """Send one person one mail. The lock is on the person and not on the rows: a slow mail server never holds up who writes a notice."""
    with transaction.atomic():
        if not _is_mine(user_id):
            return False
        notices = list(_unmailed(user_id, daily=daily).order_by("-urgent", "-updated_at")[:MOST])
        if not notices:
            return False
        user = User.objects.get(pk=user_id)
        mail = EmailMessage(subject_of(notices, daily=daily), body_of(str(user), notices, daily=daily), to=[user.email])
        mail.extra_headers["Auto-Submitted"] = "auto-generated"
        mail.send()
        for notice in notices:  # what was added to a notice meanwhile is mailed the next time
            Notice.objects.filter(pk=notice.pk, updated_at=notice.updated_at).update(mailed_at=timezone.now())
    return True


def _unmailed(user_id: int, *, daily: bool) -> QuerySet[Notice]:
    rows = Notice.objects.filter(user=user_id, mailed_at=None)
    return rows.filter(read_at=None) if daily else rows.filter(urgent=True)


def give_up(user_id: int, refused: SMTPRecipientsRefused, *, daily: bool) -> int:
    """Count notices as mailed whose address the server refuses for good, or has refused for too long: nobody waits behind them."""
    rows = _unmailed(user_id, daily=daily)
    if not any(code >= PERMANENT for code, _ in refused.recipients.values()):
        rows = rows.filter(updated_at__lt=timezone.now() - PATIENCE)
    return rows.update(mailed_at=timezone.now())


def _is_mine(user_id: int) -> bool:
    """Whether this worker alone mails this person until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK << 32 | user_id])
        return bool(cursor.fetchone()[0])
