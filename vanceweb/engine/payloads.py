"""The bodies of the API's responses and webhooks, as plain data."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from vanceweb import __version__
from vanceweb.engine.errors import Message
from vanceweb.engine.models import Account, LedgerEntry, Transform, Upload

OK = 200
# Characters. The longest of our own names all modules.
LONGEST_MESSAGE = 1000
ENGINE_VERSION = f"vanceweb {__version__}"


def build_success(data: dict[str, Any], *, ip: str) -> dict[str, Any]:
    """Return the envelope of a successful response. `ip` is the caller's address."""
    return {"code": OK, "cscode": OK, "data": data, "ip": ip}


def build_error(code: int, message: Message) -> dict[str, Any]:
    """Return the envelope of an error. A message may repeat a part of the request, of which the rest is dropped."""
    return {"code": int(code), "msg": message[:LONGEST_MESSAGE] if isinstance(message, str) else message}


def format_credits(number: Decimal) -> str:
    """Format credits as in the API: a string with three decimals."""
    return f"{number:.3f}"


def build_upload_data(upload: Upload) -> dict[str, Any]:
    """Return the data of an upload. `w` and `h` are in px, after applying the EXIF orientation.

    The engine makes no thumbnails: that field is empty.
    """
    return {
        "uid": upload.uid,
        "name": upload.name,
        "thumbnail": "",
        "w": upload.width,
        "h": upload.height,
        "filesize": upload.filesize,
    }


def build_progress_data(transform: Transform) -> dict[str, Any]:
    """Return the documented fields and this engine's own: `percent` (0-100), `seconds`, `backend`, `version` and `msg`.

    `seconds` is the time of the work so far or, after its end, in all. `msg` is the reason of a failure or a note about
    the result.
    """
    data: dict[str, Any] = {
        "status": transform.status,
        "percent": round(transform.percent, 1),
        "version": ENGINE_VERSION,
    }
    if transform.state == Transform.State.FINISHED:
        data["filesize"] = str(transform.filesize)
    if transform.started_at is not None:
        # The clocks of the database and of this machine may differ a little.
        work = max((transform.finished_at or timezone.now()) - transform.started_at, timedelta(0))
        data["seconds"] = round(work.total_seconds(), 1)
    if transform.backend:
        data["backend"] = transform.backend
    if transform.message:
        data["msg"] = transform.message
    return data


def build_balance_data(account: Account) -> dict[str, Any]:
    return {"max_num": format_credits(account.granted), "used_num": format_credits(account.used)}


def build_history_row(entry: LedgerEntry) -> dict[str, Any]:
    """Return one row of the history. `created_at` is in UTC without a zone, as in the API."""
    return {
        "point_type": entry.kind,
        "job": entry.job,
        "info": entry.info,
        "point": format_credits(entry.points),
        "balance": format_credits(entry.balance),
        "created_at": entry.created_at.strftime("%Y-%m-%d %H:%M:%S"),
    }
