"""The sums of a day or a month, added up by one dimension each."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from vanceweb.usage.models import Dimension, UsagePart, UsageSum

Part = TypeVar("Part", bound=UsagePart)
# The fields of a sum that its part keeps.
_KEPT: Mapping[Dimension, Callable[[UsageSum], dict[str, Any]]] = {
    Dimension.FEATURE: lambda row: {} if row.is_foreign else {"feature": row.feature},
    Dimension.PERSON: lambda row: {} if row.is_foreign else {"person_id": row.person_id},
    Dimension.CONNECTION: lambda row: {"connection_id": row.connection_id, "connection_name": row.connection_name},
}


def build_parts(sums: Iterable[UsageSum], model: type[Part], period: str) -> Iterator[Part]:
    """Yield the parts of the sums, by each dimension. `period` is the name of the field with the day or the month."""
    parts: dict[tuple[Any, ...], Part] = {}
    for row in sums:
        for dimension, get_kept in _KEPT.items():
            kept = get_kept(row)
            start = getattr(row, period)
            key = dimension, start, row.private_to_id, row.is_foreign, *kept.values()
            part = parts.get(key)
            if part is None:
                common = {"team_id": row.team_id, "private_to_id": row.private_to_id, "is_foreign": row.is_foreign}
                fields = common | kept | {period: start, "dimension": dimension, "credits": 0, "rows": 0, "jobs": 0}
                part = parts[key] = model(**fields)
            part.credits += row.credits
            part.rows += row.rows
            part.jobs += row.jobs
    yield from parts.values()
