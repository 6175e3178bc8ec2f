"""Writes that span rooms."""

from django.db import transaction

from vanceweb.teams.models import User
from vanceweb.teams.services import create_user
from vanceweb.vault.services import create_bundled_connection


@transaction.atomic
def create_person(*, username: str, password: str, is_owner: bool = False) -> User:
    """Create a person with a connection to the bundled engine and the first credits on it.

    Raise ValidationError with the fields `username` and `password`.
    """
    user = create_user(username=username, password=password, is_owner=is_owner)
    create_bundled_connection(owner=user)
    return user
