"""The endpoints of credits: the balance and the history."""

from typing import Any

from django.conf import settings

from vanceweb.engine.api.endpoint import GET, GET_OR_POST, Call, endpoint
from vanceweb.engine.errors import Code, EngineError
from vanceweb.engine.models import LedgerEntry
from vanceweb.engine.payloads import build_balance_data, build_history_row

DEFAULT_LIMIT = 20
# Larger than any history. Times the largest limit it is within the integer range of the databases.
HIGHEST_PAGE = 10**9


@endpoint(GET)
def point(call: Call) -> dict[str, Any]:
    return build_balance_data(call.account)


@endpoint(GET_OR_POST)
def points_record(call: Call) -> dict[str, Any]:
    page = _read_whole_number(call, "page", default=1)
    limit = min(_read_whole_number(call, "limit", default=DEFAULT_LIMIT), settings.ENGINE_HISTORY_MAX_LIMIT)
    total = call.account.charges
    newest = total - (page - 1) * limit
    charges = LedgerEntry.objects.charges().filter(account=call.account, place__lte=newest, place__gt=newest - limit)
    return {
        "datas": [build_history_row(entry) for entry in charges],
        "current_page": page,
        "last_page": max(1, -(-total // limit)),
        "per_page": limit,
        "total": total,
    }


def _read_whole_number(call: Call, name: str, *, default: int) -> int:
    """Return the field as a whole number. Raise EngineError if it is less than 1."""
    text = call.fields.get(name, str(default))
    number = int(text) if text.isascii() and text.isdigit() and len(text) < len(str(HIGHEST_PAGE)) else 0
    if number < 1:
        raise EngineError(Code.ILLEGAL_PARAMETER, {name: [f"The {name} field must be a whole number, 1 or more."]})
    return number
