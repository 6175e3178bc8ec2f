"""The features that this machine's engine can't do at present, for lack of model weights.

A file passes them from the preparation of the site, which alone loads the list of backends, to the pages.
"""

import json
from collections.abc import Collection

from django.conf import settings


def read_gaps() -> frozenset[str]:
    """Return the modules of the features that the engine can't do. A missing or broken file means none."""
    try:
        modules = json.loads(settings.ENGINE_GAPS_FILE.read_text("utf-8"))
    except (OSError, ValueError):
        return frozenset()
    return frozenset(modules) if isinstance(modules, list) else frozenset()


def write_gaps(modules: Collection[str]) -> None:
    """Write the file, or remove it if there are none. Raise OSError."""
    file = settings.ENGINE_GAPS_FILE
    if not modules:
        file.unlink(missing_ok=True)
        return
    draft = file.with_name(f"{file.name}.new")
    draft.write_text(json.dumps(sorted(modules)), "utf-8")
    draft.replace(file)
