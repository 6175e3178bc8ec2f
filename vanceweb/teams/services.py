"""Writes on users."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from vanceweb.teams.models import User


def create_user(*, username: str, password: str, is_owner: bool = False) -> User:
    """Create a user who can log in. Raise ValidationError with the fields `username` and `password`."""
    user = User(username=User.normalize_username(username.strip()), is_superuser=is_owner, is_staff=False)
    problems: dict[str, list[str]] = {}
    try:
        user.full_clean(exclude=["password"])
    except ValidationError as error:
        problems |= error.message_dict
    try:
        validate_password(password, user)
    except ValidationError as error:
        problems["password"] = error.messages
    if problems:
        raise ValidationError(problems)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:
        raise ValidationError({"username": [_("A user with that username already exists.")]}) from None
    return user
