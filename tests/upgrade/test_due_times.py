"""Rows of a version with request times get the due times that mean the same, and lose nothing on the way back."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps.registry import Apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from tests.postgresql import create_database
from tests.upgrade.version_0_1 import VAULT_KEY, copy_to_postgresql, create_sqlite_database, use_database

pytestmark = pytest.mark.xdist_group("upgrade")

BEFORE = [("gallery", "0008_bytes_of_blobs_only"), ("vault", "0004_private_past"), ("usage", "0004_jobs_of_charges")]
AFTER = [("gallery", "0010_due_thumbnails"), ("vault", "0006_due_checks"), ("usage", "0006_due_histories")]
HALF_AN_HOUR = timedelta(minutes=30)
ASKED_AT = timezone.now().replace(microsecond=123456)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: Any, tmp_path: Path, settings: Any, django_db_blocker: Any) -> Iterator[None]:
    """A database that version 0.1 filled, as the current one."""
    settings.VAULT_KEYS = [VAULT_KEY]
    with ExitStack() as stack:
        stack.enter_context(django_db_blocker.unblock())
        url = filled = create_sqlite_database(tmp_path / "vanceweb.sqlite3")
        if request.param == "postgresql":
            url = stack.enter_context(create_database())
            copy_to_postgresql(filled, url)
        stack.enter_context(use_database(url))
        yield


def migrate_to(targets: list[tuple[str, str]]) -> Apps:
    """Migrate the rooms to these migrations and return their models of that time."""
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    return MigrationExecutor(connection).loader.project_state(targets).apps


def read_times(apps: Apps, name: str, column: str, *keys: str) -> dict[tuple[Any, ...], datetime | None]:
    rows = apps.get_model(name)._base_manager.values_list(*keys, column)
    return {tuple(row[:-1]): row[-1] for row in rows}


def test_request_times_become_due_times_and_back(database: None) -> None:
    fill_old_rows(migrate_to(BEFORE))
    apps = migrate_to(AFTER)
    assert read_times(apps, "gallery.Blob", "not_before", "thumbnails_at", "problem", "attempts") == {
        (ASKED_AT, "", 1): None,
        (None, "damaged", 2): None,
        (None, "", 3): ASKED_AT,
    }
    assert set(read_times(apps, "gallery.Blob", "lease_until", "thumbnail_key")) == {("",)}
    assert read_times(apps, "vault.Connection", "not_before", "check_state") == {
        ("ok",): ASKED_AT + HALF_AN_HOUR,
        ("failed",): None,
        ("checking",): ASKED_AT,
    }
    assert None not in read_times(apps, "vault.Connection", "history_changed_at", "pk").values()
    assert set(read_times(apps, "usage.HistorySync", "not_before", "pk").values()) == {ASKED_AT + HALF_AN_HOUR}
    for name in ("gallery.Blob", "vault.Connection", "usage.HistorySync"):
        # Rows of results have no time at which anybody was woken.
        first = apps.get_model(name)._base_manager.order_by("pk")[:1].values("pk")
        apps.get_model(name)._base_manager.filter(pk__in=list(first.values_list("pk", flat=True))).update(woken_at=None)
    apps = migrate_to(BEFORE)
    for name, column in (
        ("gallery.Blob", "thumbnails_asked_at"),
        ("vault.Connection", "asked_at"),
        ("usage.HistorySync", "asked_at"),
    ):
        times = list(read_times(apps, name, column, "pk").values())
        assert None not in times
        assert len(times) == times.count(ASKED_AT) + 1
    assert set(read_times(apps, "gallery.Blob", "sha256", "thumbnail_attempts")) == {(1,), (2,), (3,)}


def fill_old_rows(apps: Apps) -> None:
    """Leave three blobs, three connections and their syncs, one in each state."""
    blobs, connections = apps.get_model("gallery.Blob").objects, apps.get_model("vault.Connection").objects
    states = [(ASKED_AT, "", 1), (None, "damaged", 2), (None, "", 3)]
    for number, pk in enumerate(list(blobs.order_by("pk").values_list("pk", flat=True))):
        made_at, problem, attempts = states[number % 3]
        blobs.filter(pk=pk).update(
            thumbnails_at=made_at, problem=problem, thumbnail_attempts=attempts, thumbnails_asked_at=ASKED_AT
        )
    syncs = apps.get_model("usage.HistorySync").objects
    for state, pk in zip(("ok", "failed", "checking"), list(connections.values_list("pk", flat=True)), strict=True):
        connections.filter(pk=pk).update(check_state=state, asked_at=ASKED_AT)
        syncs.update_or_create(connection_id=pk, defaults={"asked_at": ASKED_AT})
