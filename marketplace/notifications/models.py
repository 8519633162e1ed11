"""What people are told: one notice per person, level and thing, until it is read."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Level(models.TextChoices):
    """How much a notice matters to its reader."""

    NEEDS_YOU = "needs_you", "Needs you"
    AFFECTS_YOU = "affects_you", "Affects you"
    FOLLOWED = "followed", "Followed"


class Notice(models.Model):
    """Something a person should know about one thing; repeated news about it adds to the same notice."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices")
    level = models.CharField(max_length=12, choices=Level)
    verb = models.CharField(max_length=40)
    about = models.CharField(max_length=120, help_text="The thing, e.g. `review:12`; news about the same thing is grouped")
    text = models.CharField(max_length=400)
    url = models.CharField(max_length=300)
    count = models.PositiveIntegerField(default=1)
    urgent = models.BooleanField(default=False, help_text="Mailed at once: decisions and suspensions")
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())
    read_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-updated_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["user", "about"], condition=models.Q(read_at=None), name="one_unread_notice_per_thing"),
            models.CheckConstraint(condition=models.Q(level__in=sorted(Level.values)), name="notice_level_is_known"),
        ]
        indexes = [models.Index(fields=["user", "-updated_at"], name="notices_of_a_person")]

    def __str__(self) -> str:
        return self.text
