"""Exports of the history: a CSV file at once, or a workbook that the io worker writes."""

from datetime import timedelta

from django.db import transaction
from django.http import StreamingHttpResponse
from django.utils import timezone

from vanceweb.teams.access import Actor
from vanceweb.teams.audit import record_event
from vanceweb.teams.models import AuditAction
from vanceweb.usage.history_files import build_history_csv
from vanceweb.usage.history_search import HistorySearch
from vanceweb.usage.models import UsageExport
from vanceweb.usage.tasks import write_exports

# Exports of a person that wait at a time: each occupies a thread of the worker for minutes.
EXPORTS_PER_PERSON = 3
# Until a worker has written it, which gives it its day.
LONGEST_WAIT = timedelta(days=2)


class TooManyExports(Exception):
    """The person has too many exports that wait."""


@transaction.atomic
def request_export(*, actor: Actor, search: HistorySearch) -> UsageExport:
    """Have the charges that the search finds written as a file for the actor alone. Raise TooManyExports."""
    waiting = UsageExport.objects.filter(private_to=actor.user, state=UsageExport.State.WAITING)
    if waiting.count() >= EXPORTS_PER_PERSON:
        raise TooManyExports
    export = UsageExport.objects.create(
        **actor.own(private=True).to_fields(), query=search.build_query(), expires_at=timezone.now() + LONGEST_WAIT
    )
    record_event(AuditAction.USAGE_EXPORTED, by=actor.performer, format="XLSX")
    write_exports.enqueue()
    return export


def start_csv(*, actor: Actor, search: HistorySearch) -> StreamingHttpResponse:
    """Record the export, and return the charges that the search finds as a file, row by row."""
    record_event(AuditAction.USAGE_EXPORTED, by=actor.performer, format="CSV")
    return build_history_csv(f"usage-{actor.team.slug}.csv", search.iterate_charges())
