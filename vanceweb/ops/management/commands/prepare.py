"""`manage.py prepare`: everything of `up` short of serving."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from vanceweb.ops.preparation import NotPrepared, prepare


class Command(BaseCommand):
    """Brings database, model weights and static files up to date."""

    help = "Bring the database, the model weights and the static files up to date."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Prepares. Raises CommandError with one sentence."""
        try:
            prepare(self.stdout.write)
        except NotPrepared as error:
            raise CommandError(str(error)) from error
