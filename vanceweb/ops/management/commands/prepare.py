"""`manage.py prepare`: everything `up` does before it serves."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from vanceweb.ops.preparation import NotPrepared, prepare_site


class Command(BaseCommand):
    """Preparation of database, model weights and static files."""

    help = "Bring the database, the model weights and the static files up to date."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Prepare the site, or exit with a one-line message and code 1."""
        try:
            prepare_site(self.stdout.write)
        except (NotPrepared, CommandError) as error:
            sys.exit(str(error))
