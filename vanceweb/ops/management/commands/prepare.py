"""`manage.py prepare`: everything of `up` short of serving."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from vanceweb.ops.preparation import NotPrepared, prepare


class Command(BaseCommand):
    """Brings database, model weights and static files up to date."""

    help = "Bring the database, the model weights and the static files up to date."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Prepares, or ends with one sentence and code 1."""
        try:
            prepare(self.stdout.write)
        except (NotPrepared, CommandError) as error:
            sys.exit(str(error))
