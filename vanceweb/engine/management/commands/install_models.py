"""`manage.py install_models [NAME…]`: download the weights of the engine's models."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from vanceweb.engine.weights.errors import WeightsError
from vanceweb.engine.weights.installation import install_weights
from vanceweb.engine.weights.manifest import EXTRAS, WEIGHTS
from vanceweb.engine.weights.progress import choose_progress


class Command(BaseCommand):
    """Installs the named weights, or all except the extras, into MODELS_DIR. Existing files are kept."""

    help = "Download the model weights the engine needs into MODELS_DIR and check them."
    requires_system_checks = []  # the command only writes files and runs before there is a database

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the names. Without names, all weights except the extras are installed."""
        names, extras = (", ".join(w.name for w in weights) for weights in (WEIGHTS, EXTRAS))
        parser.add_argument("names", nargs="*", metavar="NAME", help=f"{names}; extras, only when named: {extras}")

    def handle(self, *args: Any, names: list[str], **options: Any) -> None:
        """Run the installation. Raise `CommandError` with one sentence if it fails."""
        directory = Path(settings.MODELS_DIR)
        try:
            done = install_weights(directory, names, choose_progress(sys.stderr))
        except WeightsError as error:
            raise CommandError(str(error)) from error
        if options["verbosity"] > 0 and done.fetched:
            self.stdout.write(f"{len(done.fetched)} models are now in {directory}.")
        elif options["verbosity"] > 0:
            self.stdout.write(f"All {len(done.present)} models are already in {directory}.")
