"""The backends of the bundled engine with their states, listed by a process of its own.

The list loads every network, and the libraries alone would stay in the memory of a web process.
"""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any, cast

from django.conf import settings

logger = logging.getLogger(__name__)


class BackendsNotListed(Exception):
    """The list failed or took too long; the log has the reason."""


def list_backends() -> Sequence[Mapping[str, Any]]:
    """Return the rows of `manage.py models --json`, by slot. Raise BackendsNotListed."""
    try:
        listing = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, str(settings.BASE_DIR / "manage.py"), "models", "--json"],
            env={**os.environ, "MODELS_DIR": str(settings.MODELS_DIR)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=settings.BUNDLED_MODELS_SECONDS,
            check=True,
        )
        return cast(Sequence[Mapping[str, Any]], json.loads(listing.stdout))
    except subprocess.CalledProcessError as error:
        logger.exception("the list of models failed: %s", error.stderr)
        raise BackendsNotListed from error
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        logger.exception("the list of models failed")
        raise BackendsNotListed from error
