"""The server time of the usage pages' figures at 100 and at 1,000,000 charges.

`python -m bench.usage_figures` prints, for each view, the median wall and processor time in milliseconds at both sizes,
their ratio, and the number of statements. Both teams are in one database, and their runs alternate, so that a busy
machine slows both alike. `DATABASE_URL` names another database than a new SQLite file, such as an empty one of
PostgreSQL; `USAGE_ROWS` another size.
"""

import os
import subprocess
import sys
import tempfile

from bench.served_site import SITE

# Models can be imported only once Django is set up.
PROGRAM = "import django; django.setup(); from bench.usage_views import main; main()"


def measure_usage() -> None:
    """Print the figures of `usage_views`, measured in a process of its own: settings name one data folder."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        ours = {"DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "vanceweb.settings", "PYTHONPATH": str(SITE)}
        environment = {**os.environ, **ours}
        prepare = [sys.executable, str(SITE / "manage.py"), "prepare"]
        subprocess.run(prepare, env=environment, check=True, stdout=subprocess.DEVNULL)
        subprocess.run([sys.executable, "-c", PROGRAM], env=environment, check=True)


if __name__ == "__main__":
    measure_usage()
