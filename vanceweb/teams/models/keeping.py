"""Rows that a person is responsible for and that others may spend on."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from vanceweb.teams.models.ownership import TeamOwned
from vanceweb.teams.models.people import Role


class TeamKept(TeamOwned):
    """A row with a keeper, who is responsible for it, and with a rule who may spend on it.

    The keeper may be another person than the one who made the row. The rule counts while the row is the team's.
    """

    keeper = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    # The weakest role that may spend; empty: only the people named in `spenders`.
    spend_role = models.CharField(
        max_length=16,
        choices=[(role.value, role.label) for role in (Role.MEMBER, Role.ADMIN, Role.OWNER)],
        default=Role.MEMBER,
        blank=True,
    )
    spenders = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="+", verbose_name=_("People"))

    # Not stored: whether the actor of a page may spend on the row (see `access.add_may_spend`).
    may_spend: bool = False

    class Meta:
        abstract = True
