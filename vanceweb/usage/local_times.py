"""The recomputation of a team's local times and sums, when a zone changes and after an upgrade, in batches."""

from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from vanceweb.teams.models import Team
from vanceweb.usage.doubled_hours import find_fold
from vanceweb.usage.history_records import find_passes
from vanceweb.usage.locks import lock_team
from vanceweb.usage.models import UsageRebuild, UsageRecord
from vanceweb.usage.service_times import build_times
from vanceweb.usage.sums import recompute_days
from vanceweb.vault.models import Connection

# A batch takes less than a second, for which others who write to the team's sums wait.
ROWS_AT_ONCE = 1000
UPDATED = ("created_at", "day", "hour")


@transaction.atomic
def request_rebuild(*, team_id: int) -> None:
    """Have all records of a team recomputed. A few are recomputed at once, more of them in the background."""
    lock_team(team_id)
    UsageRebuild.objects.update_or_create(team_id=team_id, defaults={"last_record": 0})
    rebuild_batch(team_id=team_id)


@transaction.atomic
def rebuild_batch(*, team_id: int) -> bool:
    """Recompute the next records of a team, and the sums of their days. Return whether there are more."""
    team = lock_team(team_id)
    rebuild = UsageRebuild.objects.select_for_update().filter(team_id=team_id).first()
    if team is None or rebuild is None:
        return False
    following = UsageRecord.objects.filter(team=team, pk__gt=rebuild.last_record).order_by("pk")
    records = list(following.only("connection", "place", "service_time", *UPDATED)[:ROWS_AT_ONCE])
    days = {record.day for record in records}
    times = _build_times(team, records)
    changed = [record for record in records if _set_times(record, times[record.pk])]
    UsageRecord.objects.bulk_update(changed, UPDATED, batch_size=ROWS_AT_ONCE // 2)
    recompute_days(team_id=team_id, days=days | {record.day for record in changed})
    if len(records) < ROWS_AT_ONCE:
        rebuild.delete()
        return False
    UsageRebuild.objects.filter(pk=rebuild.pk).update(last_record=records[-1].pk)
    return True


def _set_times(record: UsageRecord, times: dict[str, Any]) -> bool:
    """Set the times, and return whether one differs."""
    is_changed = any(getattr(record, name) != times[name] for name in UPDATED)
    for name in UPDATED:
        setattr(record, name, times[name])
    return is_changed


def _build_times(team: Team, records: Iterable[UsageRecord]) -> dict[int, dict[str, Any]]:
    """Return the times of each record. Of a removed connection the zone isn't known any more, but the moment is."""
    by_connection: dict[int | None, list[UsageRecord]] = {}
    for record in records:
        by_connection.setdefault(record.connection_id, []).append(record)
    connections = Connection.objects.without_token().in_bulk([key for key in by_connection if key is not None])
    times: dict[int, dict[str, Any]] = {}
    for key, own in by_connection.items():
        connection = connections.get(key) if key is not None else None
        if connection is None:
            times |= {record.pk: _localise(record, team) for record in own}
            continue
        moments = {record.pk: record.service_time.replace(tzinfo=None) for record in own}
        passes = find_passes(connection, UsageRecord.objects.filter(connection=connection), moments.values())
        for record in own:
            moment = moments[record.pk]
            fold = find_fold(record.place, moment, passes)
            zones = {"service_zone": connection.time_zone, "team_zone": team.time_zone}
            times[record.pk] = build_times(moment, **zones, fold=fold)
    return times


def _localise(record: UsageRecord, team: Team) -> dict[str, Any]:
    local = record.created_at.astimezone(ZoneInfo(team.time_zone))
    return {"created_at": record.created_at, "day": local.date(), "hour": local.hour}
