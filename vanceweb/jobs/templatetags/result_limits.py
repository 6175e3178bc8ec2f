"""The limits of connections' results, for scripts."""

from collections.abc import Iterable

from django import template

from vanceweb.jobs.result_limits import get_result_limits
from vanceweb.vault.models import Connection

register = template.Library()


@register.filter
def result_limits(connections: Iterable[Connection]) -> str:
    """Return the most pixels that a result of each connection may have: "id:pixels id:pixels"."""
    return " ".join(f"{connection.uuid}:{get_result_limits(connection).pixels}" for connection in connections)
