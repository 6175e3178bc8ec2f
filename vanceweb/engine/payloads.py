"""The bodies that the API answers with, as plain data."""

from decimal import Decimal
from typing import Any

from vanceweb.engine.errors import Message
from vanceweb.engine.models import Account, LedgerEntry, Transform, Upload

OK = 200


def build_success(data: dict[str, Any], *, ip: str) -> dict[str, Any]:
    """The envelope of every success; `ip` is the caller's address."""
    return {"code": OK, "cscode": OK, "data": data, "ip": ip}


def build_error(code: int, message: Message) -> dict[str, Any]:
    """The envelope of every error."""
    return {"code": int(code), "msg": message}


def format_credits(number: Decimal) -> str:
    """Credits as the API writes them: a string with three decimals."""
    return f"{number:.3f}"


def build_upload_data(upload: Upload) -> dict[str, Any]:
    """`w` and `h` are px as seen with the EXIF orientation applied. There is no thumbnail: the field is empty."""
    return {
        "uid": upload.uid,
        "name": upload.name,
        "thumbnail": "",
        "w": upload.width,
        "h": upload.height,
        "filesize": upload.filesize,
    }


def build_progress_data(transform: Transform) -> dict[str, Any]:
    """The documented fields and this engine's own: `percent` (0-100), `backend`, `msg`.

    `msg` says why a job failed, or what there is to say about a result.
    """
    data: dict[str, Any] = {"status": transform.status, "percent": round(transform.percent, 1)}
    if transform.state == Transform.State.FINISHED:
        data["filesize"] = str(transform.filesize)
    if transform.backend:
        data["backend"] = transform.backend
    if transform.message:
        data["msg"] = transform.message
    return data


def build_balance_data(account: Account) -> dict[str, Any]:
    return {"max_num": format_credits(account.granted), "used_num": format_credits(account.used)}


def build_history_row(entry: LedgerEntry) -> dict[str, Any]:
    """One row of the history. `created_at` is UTC and says no zone, as the API has it."""
    return {
        "point_type": entry.kind,
        "job": entry.job,
        "info": entry.info,
        "point": format_credits(entry.points),
        "balance": format_credits(entry.balance),
        "created_at": entry.created_at.strftime("%Y-%m-%d %H:%M:%S"),
    }
