"""Who may see and do what. Every permission check of the site is here; a view never compares owners itself."""

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
    """The rows of `queryset` that `user` may see: their own. Nothing for a person who isn't logged in."""
    return queryset.filter(owner=user) if isinstance(user, User) and user.is_active else queryset.none()


def get_owned_or_404(queryset: QuerySet[M], user: Person, **lookup: Any) -> M:
    """The one row matching `lookup` that `user` may see. Raises Http404, the same for strangers' rows and for none."""
    return get_object_or_404(filter_owned(queryset, user), **lookup)


def is_owner(user: object) -> bool:
    """Whether `user` is the installation's owner."""
    return isinstance(user, User) and user.is_active and user.is_owner


def owner_required(view: View) -> View:
    """Keeps a view for the installation's owner; everybody else gets 403."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not is_owner(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded
