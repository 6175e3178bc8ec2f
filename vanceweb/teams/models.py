from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """A person. The installation's owner is the first one, made through the set-up link, and may add others."""

    @property
    def is_owner(self) -> bool:
        return self.is_superuser
