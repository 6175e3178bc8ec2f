"""The files of exports: the answer that sends one, and those that no row refers to."""

import re
from collections.abc import Sequence
from uuid import UUID

from django.core.files.storage import storages
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from vanceweb.lib.file_responses import SentFile, build_file_response
from vanceweb.lib.stored_names import StoredFile
from vanceweb.usage.export_models import UsageExport

WORKBOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PATH = re.compile(r"exports/([0-9a-f-]{36})\.xlsx")


def send_export(request: HttpRequest, export: UsageExport, *, name: str) -> HttpResponseBase:
    """Send the file of an export that the caller has permitted, under this name. Raise Http404 if it is gone."""
    file = SentFile(
        storages["default"],
        path=export.path,
        etag=f'"{export.uuid}"',
        content_type=WORKBOOK_TYPE,
        name=name,
        cache_control="private, no-store",
        as_attachment=True,
    )
    try:
        return build_file_response(request, file)
    except FileNotFoundError:
        raise Http404("The file is gone.") from None


def is_ours(file: StoredFile) -> bool:
    """Return whether an export may have written the file."""
    return PATH.fullmatch(file.name) is not None


def find_strays(files: Sequence[StoredFile]) -> list[StoredFile]:
    """Return those of the files that an export wrote whose row is gone, as with its team or its person."""
    ids = {file.name: UUID(match[1]) for file in files if (match := PATH.fullmatch(file.name))}
    kept = set(UsageExport.objects.filter(uuid__in=set(ids.values())).values_list("uuid", flat=True))
    return [file for file in files if file.name in ids and ids[file.name] not in kept]
