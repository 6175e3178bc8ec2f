"""Exports of the history: the CSV file, and the workbook that the io worker writes."""

import csv
import io
import xml.etree.ElementTree as ET
import zipfile
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from tests.factories import make_charge, make_export
from vanceweb.lib import leases
from vanceweb.ops.stray_files import RULES, StrayCount, walk_strays
from vanceweb.teams.models import AuditEvent, Membership, User
from vanceweb.usage.exports import MAX_ATTEMPTS, delete_expired_exports, write_next_export
from vanceweb.usage.history_files import write_workbook
from vanceweb.usage.models import UsageExport, UsageRecord

HISTORY = "/t/studio/usage/history/"
ADD = "/t/studio/usage/exports/add/"
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture
def visitor(alice: User, client: Client, studio_files: Path) -> Client:
    client.force_login(alice)
    return client


def read_csv(client: Client, **query: str) -> list[dict[str, str]]:
    response = client.post(f"{HISTORY}csv/", query)
    content = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def read_sheets(file: Any) -> list[list[list[str]]]:
    """Return the cells of each sheet of a workbook, as texts."""
    with zipfile.ZipFile(file) as archive:
        names = sorted(name for name in archive.namelist() if name.startswith("xl/worksheets/sheet"))
        sheets = [ET.fromstring(archive.read(name)) for name in names]  # noqa: S314  # a file that the test wrote
        assert all(sheet.find(f".//{SHEET}f") is None for sheet in sheets)
    return [
        [["".join(cell.itertext()) for cell in row.iter(f"{SHEET}c")] for row in sheet.iter(f"{SHEET}row")]
        for sheet in sheets
    ]


def test_the_csv_file_has_all_charges_and_starts_with_the_mark(visitor: Client, alice: User) -> None:
    for minutes in range(3):
        make_charge(alice, minutes_ago=minutes)
    response: Any = visitor.post(f"{HISTORY}csv/")
    assert response.streaming
    assert b"".join(response.streaming_content).startswith(b"\xef\xbb\xbftime,day,")
    rows = read_csv(visitor)
    assert [row["credits_left"] for row in rows] == ["999.000", "998.000", "997.000"]
    assert read_csv(visitor, match="matched") == []
    assert AuditEvent.objects.filter(action="trust.usage_exported").count() == 3


def test_a_name_that_is_a_formula_stays_a_name(visitor: Client, alice: User, tmp_path: Path) -> None:
    make_charge(alice)
    UsageRecord.objects.update(info="=HYPERLINK(1)", points=Decimal("-1.5"))
    [row] = read_csv(visitor)
    assert (row["picture"], row["credits"]) == ("'=HYPERLINK(1)", "-1.500")
    write_workbook(tmp_path / "book.xlsx", UsageRecord.objects.all(), zone="UTC")
    [[_head, cells]] = read_sheets(tmp_path / "book.xlsx")
    assert "=HYPERLINK(1)" in cells
    assert "-1.5" in cells


def test_a_workbook_begins_a_new_sheet_when_one_is_full(alice: User, tmp_path: Path) -> None:
    for minutes in range(5):
        make_charge(alice, minutes_ago=minutes)
    reported: list[int] = []
    count = write_workbook(
        tmp_path / "book.xlsx",
        UsageRecord.objects.order_by("-created_at"),
        zone="Europe/Berlin",
        report=reported.append,
        report_every=2,
        sheet_rows=2,
    )
    sheets = read_sheets(tmp_path / "book.xlsx")
    assert (count, reported, [len(sheet) for sheet in sheets]) == (5, [2, 4], [3, 3, 2])
    assert {sheet[0][0] for sheet in sheets} == {"Date"}


def test_an_export_is_written_by_the_worker_and_is_its_persons_alone(
    visitor: Client, alice: User, bob: User, charlie: User
) -> None:
    for minutes in range(4):
        make_charge(alice, minutes_ago=minutes)
    UsageRecord.objects.filter(balance=999).update(feature="denoise")
    assert visitor.post(ADD, {"sort": "oldest"})["Location"] == f"{HISTORY}?sort=oldest"
    export = UsageExport.objects.get()
    page = visitor.get(HISTORY).content.decode()
    assert "Waiting for a worker" in page
    assert 'hx-trigger="every 2s"' in page
    assert visitor.get(f"/usage/exports/{export.uuid}/").status_code == 404
    write_next_export()
    export.refresh_from_db()
    assert (export.state, export.done_rows, export.total_rows, export.attempts) == ("done", 4, 4, 1)
    response: Any = visitor.get(f"/usage/exports/{export.uuid}/")
    assert response["Content-Disposition"].startswith('attachment; filename="usage-studio-')
    [[_head, *rows]] = read_sheets(io.BytesIO(b"".join(response.streaming_content)))
    assert [row[6] for row in rows] == ["996", "997", "998", "999"]
    page = visitor.get(HISTORY).content.decode()
    assert f'href="/usage/exports/{export.uuid}/"' in page
    assert 'hx-trigger="every 2s"' not in page
    for person in (bob, charlie):
        visitor.force_login(person)
        assert visitor.get(f"/usage/exports/{export.uuid}/").status_code == 404
    visitor.force_login(bob)
    assert str(export.uuid) not in visitor.get(HISTORY).content.decode()


def test_a_person_waits_for_three_exports_at_most(visitor: Client) -> None:
    for _ in range(4):
        response = visitor.post(ADD, follow=True)
    assert "finished yet" in response.content.decode()
    assert UsageExport.objects.count() == 3


def test_whoever_has_left_the_team_gets_no_file(bob: User, studio_files: Path) -> None:
    export = make_export(bob)
    Membership.objects.filter(user=bob).delete()
    write_next_export()
    export.refresh_from_db()
    assert (export.state, export.not_before) == ("failed", None)


def test_an_export_that_fails_again_and_again_is_given_up(alice: User, studio_files: Path) -> None:
    export = make_export(alice, attempts=MAX_ATTEMPTS)
    write_next_export()
    export.refresh_from_db()
    assert export.state == "failed"


def test_a_worker_that_stops_gives_its_export_back(alice: User, studio_files: Path) -> None:
    make_charge(alice)
    export = make_export(alice)
    leases.stopping.set()
    try:
        assert write_next_export()
    finally:
        leases.stopping.clear()
    export.refresh_from_db()
    assert (export.state, export.attempts, export.lease_token) == ("waiting", 0, None)
    assert not default_storage.exists(export.path)


def test_an_export_is_deleted_with_its_file_after_a_day(alice: User, studio_files: Path) -> None:
    old, new = make_export(alice), make_export(alice)
    for export in (old, new):
        default_storage.save(export.path, ContentFile(b"PK"))
    UsageExport.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert delete_expired_exports() == 1
    assert (default_storage.exists(old.path), default_storage.exists(new.path)) == (False, True)
    assert list(UsageExport.objects.all()) == [new]


def test_the_file_of_a_deleted_row_is_a_stray(alice: User, studio_files: Path) -> None:
    gone, kept = make_export(alice), make_export(alice)
    for export in (gone, kept):
        default_storage.save(export.path, ContentFile(b"PK"))
    gone.delete()
    count = StrayCount()
    for _ in walk_strays(RULES[0], count, min_age=timedelta(0), remove=True):
        pass
    assert (count.strays, count.foreign) == (1, 0)
    assert default_storage.exists(kept.path)
