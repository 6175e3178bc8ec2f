"""The site's settings, with counted statements (`counted_sqlite`)."""

from vanceweb.settings import *  # noqa: F403
from vanceweb.settings import DATABASES

DATABASES["default"]["ENGINE"] = "bench.counted_sqlite"
