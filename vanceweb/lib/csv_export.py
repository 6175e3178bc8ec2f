"""CSV files that are sent row by row, and are safe to open in a spreadsheet."""

import csv
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import chain

from django.http import StreamingHttpResponse

# Spreadsheets read a cell that begins with one of these as a formula (OWASP, "CSV Injection").
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# Rows in one piece of the answer: few pieces, and little memory.
PIECE_ROWS = 200


class _Line:
    """The file that `csv.writer` wants: it returns what is written."""

    def write(self, text: str) -> str:
        return text


def guard_cell(value: object) -> str:
    """Return the value as text; an apostrophe in front keeps a spreadsheet from reading it as a formula.

    A number stays one: nothing that begins with its sign can be a formula.
    """
    text = "" if value is None else str(value)
    if isinstance(value, int | Decimal):
        return text
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text


def build_csv_response(
    name: str, header: Sequence[str], rows: Iterable[Sequence[object]], *, with_mark: bool = False
) -> StreamingHttpResponse:
    """Return the rows below their header as a file `name` to download, in UTF-8.

    With `with_mark`, the byte order mark comes first: without it, Excel reads the file in the machine's own encoding.
    """
    pieces = _write_pieces(header, rows)
    marked = chain([BOM_UTF8.decode()], pieces) if with_mark else pieces
    answer = StreamingHttpResponse(marked, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _write_pieces(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    writer = csv.writer(_Line())
    piece = [writer.writerow(header)]
    for row in rows:
        piece.append(writer.writerow(map(guard_cell, row)))
        if len(piece) >= PIECE_ROWS:
            yield "".join(piece)
            piece = []
    yield "".join(piece)
