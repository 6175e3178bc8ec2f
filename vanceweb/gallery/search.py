"""The search for pictures by name."""

from django.http import HttpRequest

# Longer than what anybody remembers of a name, and short enough for the address of a list.
SEARCH_TEXT_LENGTH = 80


def read_search_text(request: HttpRequest) -> str:
    """Return the text of `?q=`, without what no database takes as a part of a text."""
    return request.GET.get("q", "").replace("\0", "").strip()[:SEARCH_TEXT_LENGTH]
