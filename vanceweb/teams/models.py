from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """A user. The first one, created through the set-up link, owns the installation and may add others."""

    @property
    def is_owner(self) -> bool:
        return self.is_superuser
