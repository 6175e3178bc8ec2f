"""Fetching a file from a URL of an untrusted source: guarded as in `outbound_http.py`, at each redirect anew."""

import http.client
import tempfile
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import IO
from urllib.parse import unquote, urljoin, urlsplit

from vanceweb.lib.outbound_http import DeliveryFailed, DeliveryTimeouts, check_public_url, open_exchange
from vanceweb.lib.outbound_proxy import Proxy

REDIRECTS = frozenset({301, 302, 303, 307, 308})
# From a short link to the page of a picture to its file; more look like a loop.
MAX_REDIRECTS = 4
BLOCK = 64 * 1024


class FetchRefused(Exception):
    """The server's answer isn't a file within the limits. The message is a sentence without the URL."""


class FileNotWritten(Exception):
    """This site couldn't write the file. Its cause is the error."""


@dataclass(frozen=True)
class FetchLimits:
    """The most bytes of the file, and the time limits of each exchange."""

    max_bytes: int
    timeouts: DeliveryTimeouts


@dataclass(frozen=True)
class FetchedFile:
    """A fetched file, and its name in the URL that it came from; empty if that has none."""

    file: IO[bytes]
    name: str


def fetch_public_url(
    url: str,
    *,
    limits: FetchLimits,
    folder: str,
    find_allowed_hosts: Callable[[str], Collection[str]],
    proxy: Proxy | None = None,
) -> FetchedFile:
    """Fetch the file into a temporary one in `folder`, which is deleted when it is closed.

    `find_allowed_hosts` returns the hosts of a URL that may have private addresses. Raise AddressRefused,
    DeliveryFailed, FetchRefused or FileNotWritten.
    """
    for _hop in range(MAX_REDIRECTS + 1):
        target = check_public_url(url, allowed_hosts=find_allowed_hosts(url), has_proxy=proxy is not None)
        headers = {"Accept": "image/*", "Accept-Encoding": "identity"}
        with open_exchange(target, "GET", headers=headers, timeouts=limits.timeouts, proxy=proxy) as response:
            if response.status not in REDIRECTS:
                return FetchedFile(_read_file(response, limits, folder), _read_name(url))
            url = _follow_redirect(url, response)
    raise FetchRefused("The server redirected too often.")


def _follow_redirect(url: str, response: http.client.HTTPResponse) -> str:
    location = response.getheader("Location")
    if not location:
        raise FetchRefused("The server redirected to no address.")
    try:
        following = urljoin(url, location)
        is_downgrade = urlsplit(url).scheme == "https" and urlsplit(following).scheme != "https"
    except ValueError:
        raise FetchRefused("The server redirected to an address that can't be read.") from None
    if is_downgrade:
        raise FetchRefused("The server redirected from https to another protocol.")
    return following


def _read_file(response: http.client.HTTPResponse, limits: FetchLimits, folder: str) -> IO[bytes]:
    if response.status != http.client.OK:
        raise FetchRefused(f"The server answered with status {response.status}.")
    announced = response.length
    if announced is not None and announced > limits.max_bytes:
        raise FetchRefused("The file is too large.")
    file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - the caller closes it
    try:
        _copy(response, file, limits.max_bytes, announced)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def _copy(response: http.client.HTTPResponse, file: IO[bytes], max_bytes: int, announced: int | None) -> None:
    size = 0
    while block := response.read(BLOCK):
        size += len(block)
        if size > max_bytes:
            raise FetchRefused("The file is too large.")
        _write(file, block)
    if announced is not None and size < announced:
        # http.client takes a connection that breaks off for the end of the file.
        raise DeliveryFailed("the answer ended early")
    _write(file, b"")


def _write(file: IO[bytes], block: bytes) -> None:
    """Write a block, or what is left in the buffer, apart from errors of the network."""
    try:
        file.write(block)
        if not block:
            file.flush()
    except OSError as error:
        raise FileNotWritten from error


def _read_name(url: str) -> str:
    return unquote(urlsplit(url).path.rsplit("/", 1)[-1], errors="replace")
