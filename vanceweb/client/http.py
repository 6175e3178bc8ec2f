"""Sessions for services on the network."""

from __future__ import annotations

import requests
from requests.adapters import HTTPAdapter

from vanceweb.client.redaction import hide_tokens_in_logs


def build_http_session(*, connections: int = 10) -> requests.Session:
    """Return a session that keeps up to `connections` open per host and takes proxies from the environment.

    It never retries: whether that is safe depends on the call, so `Transport` does it, over any session (`Retries`).
    """
    hide_tokens_in_logs()
    session = requests.Session()
    session.headers["User-Agent"] = "vanceweb"
    adapter = HTTPAdapter(pool_connections=connections, pool_maxsize=connections, max_retries=0)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session
