"""Who may create an account without being added by somebody."""

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest

from vanceweb.accounts.services import set_email
from vanceweb.teams.audit import Performer, record_event
from vanceweb.teams.invitations import find_pending_invitation
from vanceweb.teams.models import AuditAction, User
from vanceweb.teams.services import create_user


def has_invitation(request: HttpRequest) -> bool:
    """Return whether this browser has opened an invitation that is still open."""
    return find_pending_invitation(request) is not None


def is_open_domain(email: str) -> bool:
    """Return whether everybody with a confirmed address like this may sign up."""
    domains = {domain.lower() for domain in settings.SIGN_UP_DOMAINS}
    return settings.SIGN_UP == "domains" and email.rpartition("@")[2].lower() in domains


def can_sign_up(request: HttpRequest, *, email: str) -> bool:
    """Return whether a visitor may create an account. `email` is their confirmed address, or empty."""
    if settings.SIGN_UP == "closed":
        return False
    return has_invitation(request) or (bool(email) and is_open_domain(email))


@transaction.atomic
def create_account(*, username: str, password: str, email: str, by: Performer) -> User:
    """Create a person with a confirmed address and no team. Raise ValidationError with the fields' names."""
    user = create_user(username=username, password=password)
    set_email(user=user, email=email, by=by)
    record_event(AuditAction.PERSON_CREATED, by=by, target=user)
    return user
