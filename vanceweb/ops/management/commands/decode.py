"""`manage.py decode`: the decoder, for machines that run workers without `up`."""

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from vanceweb.ops.processes import build_decoder


class Command(BaseCommand):
    """The process that decodes pictures for the other processes of a machine, until SIGTERM or Ctrl-C."""

    help = "Decode pictures for the other processes of this machine. `up` includes it."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Become the decoder, which knows no Django and so needs little memory."""
        command = build_decoder()
        os.chdir(settings.BASE_DIR)
        os.execv(command[0], command)  # noqa: S606 - a list of arguments, no shell
