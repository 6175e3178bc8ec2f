"""All permission checks of the site. Views never compare owners themselves."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404

from vanceweb.teams.models import User

M = TypeVar("M", bound=Model)
View = Callable[..., HttpResponseBase]

Person = User | AnonymousUser


def filter_owned(queryset: QuerySet[M], user: Person) -> QuerySet[M]:
    """Return the rows that `user` may see: their own, or none for a user who isn't logged in."""
    return queryset.filter(owner=user) if isinstance(user, User) and user.is_active else queryset.none()


def get_owned_or_404(queryset: QuerySet[M], user: Person, **lookup: Any) -> M:
    """Return the row matching `lookup` that `user` may see. Raise the same Http404 for others' and for missing rows."""
    return get_object_or_404(filter_owned(queryset, user), **lookup)


def is_owner(user: object) -> bool:
    """Return whether `user` is the installation's owner."""
    return isinstance(user, User) and user.is_active and user.is_owner


def owner_required(view: View) -> View:
    """Restrict a view to the installation's owner; everybody else gets 403."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not is_owner(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return wrapper
