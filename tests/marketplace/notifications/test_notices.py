"""Notices: grouped per thing, never for whoever did it; mails at once and once a day; the inbox."""

from datetime import timedelta
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import transaction
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.notifications import work
from marketplace.notifications.actions import mark_done, mark_seen, notify, withdraw_notices
from marketplace.notifications.models import Level, Notice
from marketplace.notifications.queries import unread
from marketplace.notifications.tasks import send_due
from marketplace.web.context import Nav


def tell(*people, **given):
    """Tell people something about version 7."""
    facts = {"level": Level.AFFECTS_YOU, "verb": "version.suspended", "about": "version:7", "text": "It was suspended.", "url": "/m/a/b/v/7"}
    return notify(people, **(facts | given))


def test_news_about_the_same_thing_adds_to_one_notice(cast):
    tell(cast.bea)
    tell(cast.bea, text="It may be used again.")
    tell(cast.bea, about="version:8")
    notice = Notice.objects.get(user=cast.bea, about="version:7")
    assert (notice.count, notice.text) == (2, "It may be used again.")
    assert unread(cast.bea) == 2


def test_after_it_was_read_news_starts_a_new_notice(cast):
    tell(cast.bea)
    mark_done(Notice.objects.get())
    tell(cast.bea)
    assert list(Notice.objects.order_by("pk").values_list("count", flat=True)) == [1, 1]
    assert unread(cast.bea) == 1


def test_whoever_did_it_programs_and_people_who_left_are_not_told(cast):
    User.objects.filter(pk=cast.stan.pk).update(is_active=False)
    gone = User.objects.get(pk=cast.stan.pk)
    assert tell(cast.bea, cast.paul, cast.ci_claims, gone, by=cast.paul) == 1
    assert set(Notice.objects.values_list("user__username", flat=True)) == {"bea"}


def test_told_once_means_never_again(cast):
    assert tell(cast.bea, once=True) == 1
    mark_done(Notice.objects.get())
    assert tell(cast.bea, cast.paul, once=True) == 1
    assert Notice.objects.filter(user=cast.bea).count() == 1


def test_a_notice_goes_with_the_transaction(cast):
    with transaction.atomic():
        tell(cast.bea)
        transaction.set_rollback(True)
    assert not Notice.objects.exists()


def test_looking_at_the_thing_clears_news_but_not_what_needs_an_answer(cast):
    tell(cast.bea)
    tell(cast.paul, level=Level.NEEDS_YOU)
    assert mark_seen(cast.bea, "version:7") == 1
    assert mark_seen(cast.paul, "version:7") == 0
    assert withdraw_notices("version:7") == 1
    assert unread(cast.paul) == 0


def test_an_urgent_notice_is_mailed_at_once_and_only_once(cast, django_capture_on_commit_callbacks, monkeypatch):
    rung = []
    monkeypatch.setattr(send_due, "ring", lambda *ids: rung.append(ids))
    with django_capture_on_commit_callbacks(execute=True):
        tell(cast.bea, urgent=True)
        tell(cast.paul)
    assert len(rung) == 1
    assert work.send_due() == 1
    assert work.send_due() == 0
    assert [m.to for m in mail.outbox] == [["bea@example.com"]]
    assert mail.outbox[0].subject == "It was suspended."
    assert "http://localhost/m/a/b/v/7" in mail.outbox[0].body


def test_what_happens_after_the_mail_is_mailed_again(cast):
    tell(cast.bea, urgent=True)
    work.send_due()
    tell(cast.bea, urgent=True, text="Again.")
    assert work.send_due() == 1
    assert mail.outbox[1].subject == "Again."


def test_the_digest_is_one_mail_a_day_for_those_who_want_it(cast):
    User.objects.filter(pk=cast.paul.pk).update(mails_digest=False)
    tell(cast.bea, cast.paul)
    tell(cast.bea, about="version:8", text="Another one.", level=Level.NEEDS_YOU)
    tell(cast.bea, about="version:9", text="Already read.")
    mark_done(Notice.objects.get(about="version:9"))
    assert work.send_due() == 0, "nothing of it is urgent"
    assert work.send_digests() == 1
    assert work.send_digests() == 0
    body = mail.outbox[0].body
    assert mail.outbox[0].subject == "Your day in the marketplace: 2 notices"
    assert body.index("Needs you") < body.index("Another one.") < body.index("Affects you") < body.index("It was suspended.")
    assert "Already read." not in body


def test_a_person_without_address_gets_no_mail(cast):
    User.objects.filter(pk=cast.bea.pk).update(email="")
    tell(cast.bea, urgent=True)
    assert work.send_due() == 0


def test_a_line_break_in_a_name_never_becomes_a_header(cast):
    tell(cast.bea, urgent=True, text="Model x\r\nBcc: everybody@example.com was suspended.")
    work.send_due()
    assert "\n" not in mail.outbox[0].subject
    assert mail.outbox[0].bcc == []


@pytest.mark.parametrize(("fault", "sent"), [(SMTPServerDisconnected("gone"), 0), (OSError("no route"), 0), (SMTPRecipientsRefused({}), 1)])
def test_a_failed_mail_is_tried_again_and_blocks_nobody_else(cast, monkeypatch, fault, sent):
    first, second = sorted([cast.bea, cast.paul], key=lambda user: user.pk)
    tell(first, second, urgent=True)
    real = EmailBackend.send_messages

    def refuse(self, messages):
        if messages[0].to == [first.email]:
            raise fault
        return real(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)
    assert work.send_due() == sent
    monkeypatch.setattr(EmailBackend, "send_messages", real)
    assert work.send_due() == 2 - sent
    assert {m.to[0] for m in mail.outbox} == {first.email, second.email}


@pytest.mark.parametrize(("code", "age", "tries"), [(550, 0, 1), (450, 0, 3), (450, 2, 1)])
def test_an_address_that_is_refused_is_not_tried_for_ever(cast, monkeypatch, code, age, tries):
    tell(cast.bea, urgent=True)
    Notice.objects.update(updated_at=timezone.now() - timedelta(hours=age))
    tried = []

    def refuse(self, messages):
        tried.append(messages[0].to)
        raise SMTPRecipientsRefused({"bea@example.com": (code, b"No such mailbox")})

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)
    for _ in range(3):
        work.send_due()
    assert len(tried) == tries
    assert unread(cast.bea) == 1


def test_a_mail_that_could_not_be_sent_for_a_week_is_given_up(cast):
    tell(cast.bea, urgent=True)
    Notice.objects.update(updated_at=timezone.now() - timedelta(days=8))
    assert work.send_due() == 0
    assert unread(cast.bea) == 1


def test_the_inbox(cast, signed_in):
    tell(cast.bea)
    tell(cast.paul, text="Only for Paul.")
    client = signed_in(cast.bea)
    assert "Nothing needs you" in client.get("/me/notifications").text
    page = client.get("/me/notifications?level=affects_you").text
    assert "It was suspended." in page
    assert "Only for Paul." not in page
    mine, other = Notice.objects.get(user=cast.bea), Notice.objects.get(user=cast.paul)
    assert client.post(f"/me/notifications/{other.pk}/done").status_code == 404
    assert client.post(f"/me/notifications/{mine.pk}/done").status_code == 303
    assert "It was suspended." in client.get("/me/notifications?level=done").text
    assert unread(cast.paul) == 1


def test_all_of_a_level_at_once(cast, signed_in):
    for number in range(3):
        tell(cast.bea, about=f"version:{number}")
    tell(cast.bea, about="review:1", level=Level.NEEDS_YOU)
    client = signed_in(cast.bea)
    assert client.post("/me/notifications/done", {"level": "affects_you"}).status_code == 303
    assert unread(cast.bea) == 1
    assert client.post("/me/notifications/done", {"level": "nonsense"}).status_code == 422


def test_the_bell_counts_what_is_unread(cast):
    tell(cast.bea)
    assert Nav(user=cast.bea).unread == 1
    assert Nav(user=cast.paul).unread == 0


def test_notices_in_rest(cast, client, token_of):
    tell(cast.bea)
    tell(cast.paul)
    header = token_of(cast.bea, "read")
    listed = client.get("/api/v1/me/notices", headers=header).json()["results"]
    assert [n["text"] for n in listed] == ["It was suspended."]
    assert client.post(f"/api/v1/me/notices/{listed[0]['id']}/done", {}, content_type="application/json", headers=header).json()["read_at"]
    assert client.get("/api/v1/me/notices", headers=header).json()["results"] == []
    other = Notice.objects.get(user=cast.paul).pk
    assert client.post(f"/api/v1/me/notices/{other}/done", {}, content_type="application/json", headers=header).status_code == 404
