"""Bases for what is governed and for grants: the only place that knows guardian's tables."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase


class Visibility(models.TextChoices):
    """Who knows that a thing exists."""

    ORGANIZATION = "organization", "Everybody in the organization"
    TEAMS = "teams", "The owner team and named teams"
    TEAM = "team", "The owner team only"


class Governed(models.Model):
    """A thing that a team owns and that not everybody may see."""

    team = models.ForeignKey("marketplace.Team", on_delete=models.PROTECT, related_name="+")
    visibility = models.CharField(max_length=12, choices=Visibility, default=Visibility.ORGANIZATION)
    shown_to = ArrayField(
        models.BigIntegerField(), default=list, blank=True, help_text="Teams that know of it, with those below them, where it is shown to named teams"
    )
    open_to = ArrayField(
        models.CharField(max_length=40), default=list, blank=True, help_text="Groups besides the team that read it: tracks that review it"
    )

    class Meta:
        abstract = True


class Grant(models.Model):
    """A right that somebody was given for a purpose, and that ends. The subclass adds `thing`, the governed row."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey("marketplace.Team", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Ended before its time, or swept after it")

    class Meta:
        abstract = True


class PersonPermission(UserObjectPermissionBase):
    """guardian's direct-foreign-key row for a person: the projection of grants in force."""

    class Meta(UserObjectPermissionBase.Meta):
        abstract = True


class GroupPermission(GroupObjectPermissionBase):
    """guardian's direct-foreign-key row for a team's group: the projection of grants in force."""

    class Meta(GroupObjectPermissionBase.Meta):
        abstract = True
