"""The button that a job's page puts first after a failure: what helps, and never what must fail again.

`REMEDIES` is a table by the kind of failure. What has changed since counts more: a picture or a connection that is
gone, a connection that was mended, and credits that were added.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from vanceweb.client import build_refusal
from vanceweb.jobs.failures import find_kind
from vanceweb.jobs.models import Job
from vanceweb.teams.access import Actor
from vanceweb.vault.models import Connection
from vanceweb.vault.queries import choose_other

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Remedy(enum.Enum):
    """Something to do about a job that failed or was cancelled."""

    TRY_AGAIN = enum.auto()
    CHANGE_CONNECTION = enum.auto()
    OTHER_CONNECTION = enum.auto()
    OTHER_PICTURE = enum.auto()
    CHANGE_SETTINGS = enum.auto()


@dataclass(frozen=True)
class Button:
    """A link that leads to the remedy, or the form that retries the job, which has no address."""

    remedy: Remedy
    label: "StrOrPromise"
    icon: str
    address: str = ""

    @property
    def is_retry(self) -> bool:
        return self.remedy is Remedy.TRY_AGAIN


KINDS = Job.FailureKind
REMEDIES: Mapping[str, Remedy] = {
    KINDS.OUTAGE: Remedy.TRY_AGAIN,
    KINDS.TOKEN: Remedy.CHANGE_CONNECTION,
    KINDS.CREDITS: Remedy.OTHER_CONNECTION,
    KINDS.ADDRESS: Remedy.CHANGE_CONNECTION,
    KINDS.PICTURE: Remedy.OTHER_PICTURE,
    KINDS.SETTINGS: Remedy.CHANGE_SETTINGS,
}
# Failures that a connection's next successful check puts right.
CONNECTION_KINDS = frozenset({KINDS.TOKEN, KINDS.ADDRESS})
BUTTONS: Mapping[Remedy, tuple["StrOrPromise", str]] = {
    Remedy.TRY_AGAIN: (_("Try again"), "arrow-clockwise"),
    Remedy.CHANGE_CONNECTION: (_("Change the connection"), "cloud"),
    Remedy.OTHER_CONNECTION: (_("Choose another connection"), "cloud"),
    Remedy.OTHER_PICTURE: (_("Choose another picture"), "image"),
    Remedy.CHANGE_SETTINGS: (_("Change the settings"), "sliders2"),
}


@dataclass(frozen=True)
class Remedies:
    """The main button, and whether the page also offers to try again, beside it. A job that is done has none."""

    main: Button | None = None
    offers_retry: bool = False

    @property
    def changes_settings(self) -> bool:
        """True if the main button already leads to the form with the job's picture and settings."""
        return self.main is not None and self.main.remedy in (Remedy.CHANGE_SETTINGS, Remedy.OTHER_CONNECTION)


def find_remedies(job: Job, actor: Actor) -> Remedies:
    """Return what the actor can do about a failed or cancelled job, as far as they may. One query at most."""
    if job.state not in (Job.State.FAILED, Job.State.CANCELLED):
        return Remedies()
    can_retry = actor.can_edit(job) and _can_start_again(job, actor)
    remedy = _choose_remedy(job, actor)
    if remedy is Remedy.TRY_AGAIN:
        return Remedies(_build_button(remedy, job, actor) if can_retry else None)
    return Remedies(_build_button(remedy, job, actor) if actor.can_make else None, offers_retry=can_retry)


def _choose_remedy(job: Job, actor: Actor) -> Remedy:
    if job.source is None or job.source.problem:
        return Remedy.OTHER_PICTURE
    connection = job.connection
    kind = _find_kind_of(job)
    if connection is None or not actor.can_spend_on(connection):
        return Remedy.OTHER_CONNECTION
    if connection.is_broken or (kind in CONNECTION_KINDS and not _is_mended(job, connection)):
        return Remedy.CHANGE_CONNECTION if actor.can_edit(connection) else Remedy.OTHER_CONNECTION
    if kind in CONNECTION_KINDS or (kind == KINDS.CREDITS and _has_credits(job, connection)):
        return Remedy.TRY_AGAIN
    return REMEDIES[kind]


def _can_start_again(job: Job, actor: Actor) -> bool:
    """Return whether a retry wouldn't be refused at once: picture and connection are there, and none is broken."""
    if not job.can_retry or job.source is None or job.source.problem or job.connection is None:
        return False
    return actor.can_spend_on(job.connection) and not job.connection.is_broken


def _find_kind_of(job: Job) -> str:
    """Return the kind of the job's failure, told from its code if it failed before kinds were stored."""
    if job.state == Job.State.CANCELLED:
        return KINDS.OUTAGE
    if job.failure_kind or job.error_code is None:
        return job.failure_kind or KINDS.OUTAGE
    return find_kind(build_refusal(job.error_code, job.error, "POST /transform"))


def _is_mended(job: Job, connection: Connection) -> bool:
    """Return whether a check of the connection has succeeded since the job failed."""
    works = connection.check_state == Connection.CheckState.OK and not connection.last_error
    checked_at, failed_at = connection.checked_at, job.finished_at
    return works and checked_at is not None and failed_at is not None and checked_at > failed_at


def _has_credits(job: Job, connection: Connection) -> bool:
    return connection.balance is not None and connection.balance >= job.credits


def _build_button(remedy: Remedy, job: Job, actor: Actor) -> Button:
    if remedy is Remedy.OTHER_CONNECTION and choose_other(actor, job.connection) is None:
        address = reverse("connections", args=[actor.team.slug]) + "#add"
        return Button(remedy, _("Add a connection"), "plus-lg", address)
    label, icon = BUTTONS[remedy]
    return Button(remedy, label, icon, _build_address(remedy, job, actor))


def _build_address(remedy: Remedy, job: Job, actor: Actor) -> str:
    if remedy is Remedy.TRY_AGAIN:
        return ""
    if remedy is Remedy.CHANGE_CONNECTION and job.connection is not None:
        connection = job.connection
        if _find_kind_of(job) == KINDS.TOKEN and actor.can_replace_secret(connection) and not connection.is_bundled:
            return reverse("connection-edit", args=[connection.uuid])
        return f"{reverse('connections', args=[actor.team.slug])}#connection-{connection.uuid}"
    without = {Remedy.OTHER_PICTURE: "picture", Remedy.OTHER_CONNECTION: "connection"}.get(remedy)
    if job.is_workflow:
        # No form has the settings of several steps.
        query = {} if job.source is None or without == "picture" else {"source": str(job.source.uuid)}
        return _add_query(reverse("studio", args=[actor.team.slug]), query)
    query = {"from": str(job.uuid)} | ({"without": without} if without else {})
    return _add_query(reverse("feature", args=[actor.team.slug, job.feature]), query)


def _add_query(address: str, query: Mapping[str, str]) -> str:
    return f"{address}?{urlencode(query)}" if query else address
