"""A client of the health check. `python -m vanceweb.ops.probe` is the health check of the container image."""

import http.client
import os
import sys
from urllib.parse import urlsplit

HEALTH_PATH = "/healthz"
TIMEOUT_SECONDS = 1.0


def is_healthy(url: str, *, timeout: float = TIMEOUT_SECONDS) -> bool:
    """Return whether the site at `url` and its database work. Take at most `timeout` seconds."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=timeout)
    try:
        connection.request("GET", HEALTH_PATH)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if is_healthy(f"http://127.0.0.1:{os.environ.get('PORT', '8000')}", timeout=5.0) else 1)
