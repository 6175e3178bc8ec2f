"""The log."""

from typing import Any

from vanceweb.lib.log_records import build_logging
from vanceweb.settings.base import DATA_DIR
from vanceweb.settings.environment import env

# The last errors, for the page of the installation's status (lib/error_records.py).
ERRORS_FILE = DATA_DIR / "errors.jsonl"
LOGGING: dict[str, Any] = build_logging(level=env.str("LOG_LEVEL", "WARNING"), errors=ERRORS_FILE)
