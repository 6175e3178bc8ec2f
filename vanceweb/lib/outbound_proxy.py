"""The proxy through which calls to the internet go, if the installation has one."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import unquote, urlsplit

DEFAULT_PORT = 3128  # of squid and others


class ProxyTarget(Protocol):
    """A URL's parts; `path` includes the query."""

    @property
    def scheme(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def path(self) -> str: ...


@dataclass(frozen=True)
class Proxy:
    """A proxy that is called by plain HTTP. `authorization` is its header, or empty."""

    url: str = field(repr=False)
    host: str
    port: int
    authorization: Mapping[str, str] = field(repr=False)

    def build_request_target(self, target: ProxyTarget) -> str:
        """Return the target as a request names it: its path in a tunnel, else its whole URL (RFC 9112)."""
        if target.scheme == "https":
            return target.path
        host = f"[{target.host}]" if ":" in target.host else target.host
        return f"{target.scheme}://{host}:{target.port}{target.path}"

    def build_headers(self, target: ProxyTarget) -> Mapping[str, str]:
        """Return the proxy's headers for a request; in a tunnel, the receiver would get them."""
        return {} if target.scheme == "https" else self.authorization


def parse_proxy(url: str) -> Proxy | None:
    """Return the proxy at a URL such as `http://user:password@proxy.example:3128`, or None for an empty text.

    Raise ValueError.
    """
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("The proxy's URL must consist of http://, a host and a port.")
    authorization: dict[str, str] = {}
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization["Proxy-Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    return Proxy(url, parts.hostname, parts.port or DEFAULT_PORT, authorization)
