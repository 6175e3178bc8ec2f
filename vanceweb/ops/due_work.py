"""The rows of each kind of work that are due and wait for a worker."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Min, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vanceweb.api.models import PictureFetch, WebhookDelivery
from vanceweb.budgets.alert_mails import filter_unsent_mails
from vanceweb.engine.models import Transform
from vanceweb.engine.models import WebhookDelivery as EngineDelivery
from vanceweb.gallery.thumbnails import filter_unrendered
from vanceweb.jobs.due_jobs import filter_due_begun, filter_due_notices, filter_due_waiting
from vanceweb.jobs.models import Job, ServicePoll
from vanceweb.lib.leases import filter_due
from vanceweb.ops import embedded_queue
from vanceweb.teams.invitation_mail import filter_unsent
from vanceweb.usage.exports import filter_waiting_exports
from vanceweb.usage.history_sync import filter_readable
from vanceweb.vault.models import Connection

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Rows = Callable[[], QuerySet[Any]]


@dataclass(frozen=True)
class Kind:
    """A kind of work, by the task in WAKEUPS that does it, and its rows that are due."""

    title: "StrOrPromise"
    find_due: tuple[Rows, ...]


KINDS: Mapping[str, Kind] = {
    "vanceweb.engine.tasks.run_transforms": Kind(
        _("Pictures for the bundled engine"), (lambda: filter_due(Transform.objects.all(), Transform.UNFINISHED),)
    ),
    "vanceweb.engine.tasks.deliver_webhooks": Kind(
        _("Webhooks of the bundled engine"),
        (lambda: filter_due(EngineDelivery.objects.all(), EngineDelivery.UNFINISHED),),
    ),
    "vanceweb.jobs.tasks.advance_jobs": Kind(
        _("Jobs"),
        (
            lambda: filter_due_begun(Job.objects.all()),
            lambda: filter_due_notices(Job.objects.all()),
            lambda: filter_due_waiting(Job.objects.all()),
        ),
    ),
    "vanceweb.jobs.tasks.poll_services": Kind(
        _("Questions to services"), (lambda: filter_due(ServicePoll.objects.all()),)
    ),
    "vanceweb.gallery.tasks.make_thumbnails": Kind(_("Thumbnails"), (lambda: filter_due(filter_unrendered()),)),
    "vanceweb.vault.tasks.check_connections": Kind(
        _("Checks of connections"), (lambda: filter_due(Connection.objects.all()),)
    ),
    "vanceweb.teams.tasks.send_invitations": Kind(_("Invitations by mail"), (lambda: filter_due(filter_unsent()),)),
    "vanceweb.budgets.tasks.send_alert_mails": Kind(
        _("Mails about budgets"), (lambda: filter_due(filter_unsent_mails()),)
    ),
    "vanceweb.api.tasks.fetch_pictures": Kind(
        _("Pictures from addresses"), (lambda: filter_due(PictureFetch.objects.all()),)
    ),
    "vanceweb.api.tasks.deliver_events": Kind(_("Webhooks"), (lambda: filter_due(WebhookDelivery.objects.all()),)),
    "vanceweb.usage.tasks.sync_histories": Kind(_("Histories of credits"), (lambda: filter_due(filter_readable()),)),
    "vanceweb.usage.tasks.write_exports": Kind(_("Files of charges"), (lambda: filter_due(filter_waiting_exports()),)),
}


@dataclass(frozen=True)
class DueWork:
    """The work of one kind that waits: rows, since when the oldest is due, and messages in the queue."""

    title: "StrOrPromise"
    rows: int
    oldest: datetime | None
    messages: int

    @property
    def wait(self) -> timedelta | None:
        """The time for which the oldest row has been due; None without one."""
        return None if self.oldest is None else timezone.now() - self.oldest


def count_due_work(wakeups: Mapping[str, str]) -> list[DueWork]:
    """Return the work that waits, for each kind in `wakeups`. A kind that isn't in KINDS has no rows to count."""
    messages = embedded_queue.count_waiting()
    return [_count_kind(task, messages.get(task, 0)) for task in wakeups]


def _count_kind(task: str, messages: int) -> DueWork:
    kind = KINDS.get(task, Kind(task, ()))
    counts = [find().order_by().aggregate(rows=Count("pk"), oldest=Min("not_before")) for find in kind.find_due]
    oldest = min((count["oldest"] for count in counts if count["oldest"]), default=None)
    return DueWork(kind.title, sum(count["rows"] for count in counts), oldest, messages)
