"""`manage.py rotate_keys`: encrypt all stored tokens with the newest key in VAULT_KEYS."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from vanceweb.lib.encryption import KeysUnusable
from vanceweb.teams.audit import COMMAND, record_event
from vanceweb.teams.models import AuditAction
from vanceweb.vault.key_rotation import Rotation, rotate_keys


class Command(BaseCommand):
    """Re-encryption of stored tokens. Safe on a running site; another run continues one that was killed."""

    help = "Encrypt all stored tokens with the newest key in VAULT_KEYS, the first one. Run it again if it is killed."

    def handle(self, *args: Any, **options: Any) -> None:
        """Say how many were re-encrypted and whether the old keys can go. Exit with 1 if they can't."""
        try:
            done = rotate_keys()
        except KeysUnusable as error:
            raise CommandError(str(error)) from None
        if done.rotated:
            record_event(AuditAction.VAULT_KEYS_ROTATED, by=COMMAND, count=done.rotated)
        self.stdout.write(
            f"{done.rotated} re-encrypted with the newest key. {done.current} were encrypted with it already."
        )
        self._describe(done)
        if done.needs_old_keys:
            sys.exit(1)

    def _describe(self, done: Rotation) -> None:
        if done.changed:
            self.stdout.write(f"{done.changed} were changed meanwhile. Run the command again to check them.")
        if done.unreadable:
            self.stdout.write(
                f"{done.unreadable} can't be decrypted with any key in VAULT_KEYS. Add the key that encrypted them and "
                "run the command again, or replace these tokens on the site."
            )
        if not done.needs_old_keys:
            self.stdout.write("Nothing needs the older keys any more: keep only the first key in VAULT_KEYS.")
