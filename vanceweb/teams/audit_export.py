"""The audit log as a CSV file."""

import json
from collections.abc import Iterator, Sequence

from django.http import StreamingHttpResponse

from vanceweb.lib.csv_export import build_csv_response
from vanceweb.teams.audit import Performer, record_event
from vanceweb.teams.models import AuditAction, AuditEvent
from vanceweb.teams.models.audit import AuditEventQuerySet

# Read from the database at a time, so that an export of a year takes little memory.
CHUNK_ROWS = 1000
# Programs read them, so they aren't translated.
HEADER = (
    "time", "action", "title", "team", "person", "person_id", "via", "address", "target_kind", "target_id",
    "target_name", "details",
)  # fmt: skip


def export_events(*, by: Performer, events: AuditEventQuerySet, name: str) -> StreamingHttpResponse:
    """Record the export, and return the events as a file, newest first."""
    record_event(AuditAction.AUDIT_EXPORTED, by=by, format="CSV")
    ordered = events.order_by("-created_at", "-pk")
    return build_csv_response(name, HEADER, map(_build_row, _iterate(ordered)))


def _iterate(events: AuditEventQuerySet) -> Iterator[AuditEvent]:
    yield from events.iterator(chunk_size=CHUNK_ROWS)


def _build_row(event: AuditEvent) -> Sequence[object]:
    return (
        event.created_at.isoformat(), event.action, event.title, event.team_name, event.person_name, event.person_pk,
        event.via, event.address, event.target_kind, event.target_id, event.target_name,
        json.dumps(event.details, ensure_ascii=False, sort_keys=True) if event.details else "",
    )  # fmt: skip
