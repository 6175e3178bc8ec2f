"""The costs and delays of waiting, on a served site with a data folder of its own: `python -m bench.waiting`."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.counted_sqlite.base import STATEMENTS_FILE
from bench.served_site import SITE

# Models can be imported only once Django is set up.
PROGRAM = "import django; django.setup(); from bench.waiting_jobs import main; main()"


def measure_waiting() -> None:
    """Print the figures of `waiting_jobs`, measured in a process of its own: settings name one data folder."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        ours = {
            "DATA_DIR": folder,
            "DJANGO_SETTINGS_MODULE": "bench.counted_settings",
            STATEMENTS_FILE: str(Path(folder, "statements")),
            "PYTHONPATH": str(SITE),
        }
        subprocess.run([sys.executable, "-c", PROGRAM], env={**os.environ, **ours}, check=True)


if __name__ == "__main__":
    measure_waiting()
