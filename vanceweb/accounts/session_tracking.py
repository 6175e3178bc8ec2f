"""The list of a person's browsers: when and from where each was last used."""

from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256

from allauth.usersessions.models import UserSession
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import DatabaseError, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from vanceweb.teams.models import User

# A page that fetches its progress each second needn't be written down each second.
SEEN_SECONDS = 300


def track_sessions_middleware(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    """Note the use of a session, at most every five minutes in each process."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        # Whoever hasn't asked for the session has nobody to note, and shouldn't pay for the queries.
        if request.session.accessed and isinstance(request.user, User) and mark_seen(request):
            note_session(request, request.user)
        return response

    return middleware


def mark_seen(request: HttpRequest) -> bool:
    """Remember that the session has been noted, and return whether that was due."""
    key = request.session.session_key
    return bool(key) and cache.add(f"seen-{sha256(str(key).encode()).hexdigest()}", True, SEEN_SECONDS)


def note_session(request: HttpRequest, user: User | AnonymousUser) -> None:
    """Write down the session with address, browser and time. A full disk doesn't keep anybody from their page."""
    with suppress(DatabaseError), transaction.atomic():
        UserSession.objects.create_from_request(request, user=user)


def list_sessions(user: User) -> QuerySet[UserSession]:
    """Return the sessions that a person is signed in with, the last used one first."""
    alive = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    mine: QuerySet[UserSession] = UserSession.objects.filter(user=user, session_key__in=alive)
    return mine.order_by("-last_seen_at", "-pk")
