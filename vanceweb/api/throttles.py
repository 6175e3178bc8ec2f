"""The limit of calls by address and by account: the one place where every call is counted."""

from django.http import HttpRequest

from vanceweb.teams.access import Actor


def check_call_rate(request: HttpRequest, actor: Actor) -> None:
    """Count a call with a valid token. Raise Problem with status 429 for one too many."""
