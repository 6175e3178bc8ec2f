"""Finding accounts."""

from allauth.account.models import EmailAddress

from vanceweb.teams.models import User


def find_user(name: str) -> User | None:
    """Return the person with this confirmed mail address or username, None if there is none."""
    address = EmailAddress.objects.filter(email=name.strip().lower(), verified=True).select_related("user").first()
    return address.user if address else User.objects.filter(username=name.strip()).first()
