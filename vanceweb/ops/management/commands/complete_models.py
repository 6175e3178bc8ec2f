"""`manage.py complete_models`: fetch missing model weights, again and again until all are there."""

import logging
import time
from typing import Any

from django.core.management.base import BaseCommand

from vanceweb.engine.weights.progress import SilentProgress
from vanceweb.ops.missing_weights import install_or_warn, is_complete

# An attempt soon, for a network that comes up after the machine; then ever fewer, for one that has none.
FIRST_PAUSE_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 3600.0

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """The process of `up` that runs while model weights are missing."""

    help = "Fetch missing or damaged model weights; try again, at most an hour later, until all are there."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Return when no weights are missing."""
        pause = FIRST_PAUSE_SECONDS
        while not is_complete():
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
            install_or_warn(SilentProgress(), logger.warning)
        self.stdout.write("All model weights are there now.")
