"""The columns of the history in a file, the CSV file, and the workbook for spreadsheets."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import xlsxwriter
from django.http import StreamingHttpResponse
from django.utils.translation import gettext as _

from vanceweb.lib.csv_export import build_csv_response
from vanceweb.usage.charged_features import get_feature_title
from vanceweb.usage.history_search import get_picture_name
from vanceweb.usage.models import UsageRecord

# Programs read them, so they aren't translated.
CSV_HEADER = (
    "time", "day", "tool", "tool_id", "picture", "person", "connection", "credits", "credits_left", "state", "job",
    "service_type", "service_job",
)  # fmt: skip
# A sheet takes 1,048,576 rows (Excel's limit), of which one is the header.
SHEET_ROWS = 1_000_000
# Widths in characters of the columns of a workbook.
WIDTHS = (17, 22, 36, 18, 22, 11, 13, 14, 34)


def build_history_csv(name: str, rows: Iterable[UsageRecord]) -> StreamingHttpResponse:
    """Return the charges as a file `name` to download, row by row.

    It is in UTF-8 with its mark, so that Excel shows names of every language, and programs read it as "utf-8-sig".
    """
    return build_csv_response(name, CSV_HEADER, map(_build_csv_row, rows), with_mark=True)


def _build_csv_row(row: UsageRecord) -> Sequence[object]:
    person = row.created_by.get_username() if row.created_by else ""
    return (
        row.created_at.isoformat(), row.day.isoformat(), get_feature_title(row.feature), row.feature,
        get_picture_name(row), person, row.connection_name, row.points, row.balance, row.match, row.job_uuid or "",
        row.point_type, row.job,
    )  # fmt: skip


def write_workbook(
    path: Path,
    rows: Iterable[UsageRecord],
    *,
    zone: str,
    report: Callable[[int], object] = lambda _rows: None,
    report_every: int = 2000,
    sheet_rows: int = SHEET_ROWS,
) -> int:
    """Write the charges into an XLSX file, on as many sheets as they need, and return their number.

    Times are those of the `zone`, an IANA name. `report` is told the number of rows written now and then; its exception
    stops the writing. The memory doesn't grow with the rows: they go through temporary files beside the workbook.
    """
    options = {
        "constant_memory": True,
        "tmpdir": str(path.parent),
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(str(path), options) as workbook:
        sheets = _Sheets(workbook, sheet_rows)
        count = 0
        for count, row in enumerate(rows, start=1):
            sheets.write(_build_cells(row, ZoneInfo(zone)))
            if count % report_every == 0:
                report(count)
        sheets.finish()
    return count


class _Sheets:
    """The sheets of a workbook: a new one begins when the last one is full."""

    def __init__(self, workbook: Any, sheet_rows: int) -> None:
        self._workbook, self._sheet_rows = workbook, sheet_rows
        bold = {"bold": True, "bottom": 1}
        self._head, self._head_right = workbook.add_format(bold), workbook.add_format(bold | {"align": "right"})
        self._formats = {
            datetime: workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss", "align": "left"}),
            float: workbook.add_format({"num_format": "#,##0.###"}),
        }
        self._sheet = self._add()
        self._row = 0

    def write(self, cells: Iterable[object]) -> None:
        """Write a row below the last one."""
        if self._row == self._sheet_rows:
            self.finish()
            self._sheet, self._row = self._add(), 0
        self._row += 1
        for column, cell in enumerate(cells):
            if isinstance(cell, datetime):
                self._sheet.write_datetime(self._row, column, cell, self._formats[datetime])
            elif isinstance(cell, float):
                self._sheet.write_number(self._row, column, cell, self._formats[float])
            else:
                # Never as a formula or a link, whatever it begins with.
                self._sheet.write_string(self._row, column, str(cell))

    def finish(self) -> None:
        """Let the sheet be filtered by its header."""
        self._sheet.autofilter(0, 0, self._row, len(WIDTHS) - 1)

    def _add(self) -> Any:
        number = len(self._workbook.worksheets()) + 1
        sheet = self._workbook.add_worksheet(_("Usage %(number)d") % {"number": number})
        for column, (title, width) in enumerate(zip(_build_titles(), WIDTHS, strict=True)):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, title, self._head_right if column in (5, 6) else self._head)
        sheet.freeze_panes(1, 0)
        return sheet


def _build_titles() -> tuple[str, ...]:
    return (
        _("Date"), _("Tool"), _("Picture"), _("Person"), _("Connection"), _("Credits"), _("Credits left"), _("State"),
        _("Job"),
    )  # fmt: skip


def _build_cells(row: UsageRecord, zone: ZoneInfo) -> Iterator[object]:
    yield row.created_at.astimezone(zone).replace(tzinfo=None)
    yield get_feature_title(row.feature)
    yield get_picture_name(row)
    yield row.created_by.get_username() if row.created_by else ""
    yield row.connection_name
    yield float(row.points)
    yield float(row.balance)
    yield row.get_match_display()
    yield row.job_uuid or ""
