"""The sentences for calls that got no response, or one that isn't the API's: what happened, whose fault it may be, and
what to do.

`TROUBLES` is a table by the kind of failure. A sentence never contains the text of an exception: those of `requests`
and `urllib3` are riddles, and contain whole URLs.
"""

from __future__ import annotations

import errno
import http.client
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
import urllib3.exceptions

from vanceweb.client.bounds import LONGEST_NAME
from vanceweb.client.cleaning import clean_text, shorten
from vanceweb.client.errors import InvalidResponse, ServiceUnreachable
from vanceweb.client.wsgi import IN_PROCESS_BASE_URL
from vanceweb.lib.public_addresses import AddressRefused

# Temporary errors that servers and proxies report in the service's place.
TRANSIENT_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
TOO_MANY_REQUESTS = 429
REFUSED_STATUSES = frozenset({401, 403})
# The results of a check of a certificate, X509_V_ERR_… in OpenSSL's x509_vfy.h.
NOT_YET_VALID, EXPIRED = 9, 10
UNKNOWN_ISSUERS = frozenset({2, 18, 19, 20, 21})
WRONG_HOSTS = frozenset({62, 64})
# OpenSSL's reasons for a first record that isn't TLS.
NOT_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"})
PORTS = {"http": 80, "https": 443}
NO_ROUTE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.ENETDOWN, errno.EACCES})
# Exceptions wrap one another this deep at most.
DEEPEST_CAUSE = 8

_SECONDS = re.compile(r"[0-9]{1,9}")

Test = Callable[[BaseException], bool]


def is_a(*kinds: type[BaseException]) -> Test:
    """Return a test for exceptions of these kinds."""
    return lambda cause: isinstance(cause, kinds)


def is_certificate_error(*codes: int) -> Test:
    """Return a test for certificates that were refused for one of these reasons, or for any if none is given."""
    return lambda cause: (
        isinstance(cause, ssl.SSLCertVerificationError) and (not codes or cause.verify_code in set(codes))
    )


def is_not_tls(cause: BaseException) -> bool:
    """Return whether the other side answered the handshake with something else."""
    return isinstance(cause, ssl.SSLError) and getattr(cause, "reason", "") in NOT_TLS


def has_no_route(cause: BaseException) -> bool:
    """Return whether no packet finds its way to the address."""
    return isinstance(cause, OSError) and cause.errno in NO_ROUTE


def is_broken_answer(cause: BaseException) -> bool:
    """Return whether the response had begun. urllib3 tells it in the text only."""
    if isinstance(cause, http.client.IncompleteRead):
        return True
    return isinstance(cause, urllib3.exceptions.ProtocolError) and str(cause.args[0]).startswith("Connection broken")


@dataclass(frozen=True)
class Trouble:
    """A kind of failure and its sentence, with {host}, {port}, {connect} and {read} (both in seconds).

    `is_sent` is False only if the failure certainly happened before a body was sent. `is_lasting`: a repetition can
    hardly help.
    """

    applies: Test
    sentence: str
    is_sent: bool = True
    is_lasting: bool = False


# The first that applies to one of an exception's causes counts.
TROUBLES: tuple[Trouble, ...] = (
    Trouble(
        is_a(AddressRefused),
        "{host} leads to an address that is not public, so nothing was sent. Only an administrator of this site can "
        "allow services on its own network.",
        is_sent=False,
        is_lasting=True,
    ),
    Trouble(
        is_a(requests.exceptions.ProxyError, urllib3.exceptions.ProxyError),
        "The proxy between this site and {host} did not pass the request on. Whoever runs this site can check it.",
    ),
    Trouble(
        is_a(urllib3.exceptions.NameResolutionError, socket.gaierror),
        "The name {host} is not known on the network. Check the address of the connection for typing errors. If it is "
        "right, this site can't look up names at the moment.",
        is_sent=False,
        is_lasting=True,
    ),
    Trouble(
        is_a(requests.exceptions.InvalidURL, urllib3.exceptions.LocationParseError, UnicodeError),
        "{host} is not the name of a host. Correct the address of the connection.",
        is_sent=False,
        is_lasting=True,
    ),
    Trouble(
        is_certificate_error(EXPIRED),
        "The certificate of {host} has expired, so nothing was sent. Whoever runs that service has to renew it.",
        is_sent=False,
        is_lasting=True,
    ),
    Trouble(
        is_certificate_error(NOT_YET_VALID),
        "The certificate of {host} is not valid yet, so nothing was sent. Check the clock of this site's machine.",
        is_sent=False,
        is_lasting=True,
    ),
    Trouble(
        is_certificate_error(*WRONG_HOSTS),
        "The certificate of {host} is for another name, so nothing was sent. Check the address of the connection.",
        is_sent=False,
        is_lasting=True,
    ),
    Trouble(
        is_certificate_error(*UNKNOWN_ISSUERS),
        "The certificate of {host} comes from nobody this site trusts, so nothing was sent. The service needs one from "
        "a public authority.",
        is_sent=False,
        is_lasting=True,
    ),
    Trouble(
        is_certificate_error(),
        "The certificate of {host} can't be trusted, so nothing was sent. Whoever runs that service can check it.",
        is_sent=False,
        is_lasting=True,
    ),
    Trouble(
        is_not_tls,
        "No secure connection to {host} could be made: it does not speak TLS. The address of the connection may have "
        "to begin with http://.",
        is_sent=False,
        is_lasting=True,
    ),
    Trouble(
        is_a(requests.exceptions.SSLError, urllib3.exceptions.SSLError, ssl.SSLError),
        "No secure connection to {host} could be made. Whoever runs that service can check its TLS settings.",
    ),
    Trouble(
        is_a(ConnectionRefusedError),
        "{host} does not accept connections on port {port}. The service does not run there at the moment, or the "
        "address of the connection is wrong.",
        is_sent=False,
    ),
    Trouble(
        has_no_route,
        "This site finds no way to {host}. Check the network of this site and the address of the connection.",
        is_sent=False,
    ),
    Trouble(
        is_a(requests.ConnectTimeout, urllib3.exceptions.ConnectTimeoutError),
        "{host} did not accept the connection within {connect:g} s. The service is down, or a firewall is in the way.",
        is_sent=False,
    ),
    Trouble(
        is_a(urllib3.exceptions.NewConnectionError),
        "{host} does not accept connections on port {port}. The service does not run there at the moment, or the "
        "address of the connection is wrong.",
        is_sent=False,
    ),
    Trouble(
        is_a(requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError, TimeoutError),
        "{host} took the request, but did not answer within {read:g} s. The service is overloaded or hangs.",
    ),
    Trouble(
        is_broken_answer,
        "The connection to {host} broke off in the middle of the answer. The service may be restarting.",
    ),
    Trouble(
        is_a(http.client.RemoteDisconnected, ConnectionResetError, ConnectionAbortedError, BrokenPipeError),
        "{host} closed the connection without an answer. The service may be restarting.",
    ),
    Trouble(
        is_a(http.client.HTTPException),
        "{host} answers, but not as a web service does. Check the address of the connection.",
        is_lasting=True,
    ),
    Trouble(
        is_a(urllib3.exceptions.DecodeError, requests.exceptions.ContentDecodingError),
        "The answer of {host} could not be unpacked. The service, or a proxy before it, compresses it wrongly.",
        is_lasting=True,
    ),
)
OTHER_TROUBLE = Trouble(is_a(Exception), "The connection to {host} broke off. The service may be restarting.")
ENGINE_FAILED = "The bundled engine failed and gave no answer. The log of this site has the reason."


def build_unreachable(
    exc: Exception, *, base_url: str, request: str, connect: float, read: float
) -> ServiceUnreachable:
    """Return the client's error for a failure of `requests` or `urllib3`. The time limits are in seconds."""
    if base_url == IN_PROCESS_BASE_URL:
        return ServiceUnreachable(ENGINE_FAILED, request)
    causes = list(_iterate_causes(exc))
    trouble = next((one for one in TROUBLES if any(one.applies(cause) for cause in causes)), OTHER_TROUBLE)
    parts = urlsplit(base_url)
    port = parts.port or PORTS[parts.scheme]
    sentence = trouble.sentence.format(host=parts.hostname, port=port, connect=connect, read=read)
    return ServiceUnreachable(sentence, request, may_have_arrived=trouble.is_sent, is_lasting=trouble.is_lasting)


def build_non_json_error(
    response: requests.Response, *, request: str, hide: Callable[[str], str]
) -> ServiceUnreachable | InvalidResponse:
    """Return the error for a response that is neither JSON nor an image: a proxy's page, a redirect or another site.

    `hide` removes the token from a text that the service sent.
    """
    status = response.status_code
    if status in TRANSIENT_STATUSES:
        reason = "It asks for fewer requests" if status == TOO_MANY_REQUESTS else "The fault is on its side"
        return ServiceUnreachable(
            f"The service is not available at the moment (HTTP status {status}). {reason}.",
            request,
            retry_after=_parse_retry_after(response.headers.get("Retry-After")),
        )
    return InvalidResponse(f"{_describe_content(response, hide)} Check the address of the connection.", request)


def _describe_content(response: requests.Response, hide: Callable[[str], str]) -> str:
    status = response.status_code
    if 300 <= status < 400:
        target = shorten(hide(_read_redirect_host(response)), LONGEST_NAME)
        return f"The address of the connection redirects{f' to {target}' if target else ''} (HTTP status {status})."
    if status in REFUSED_STATUSES:
        return f"The server at this address lets nobody in without a password of its own (HTTP status {status})."
    is_page = "html" in response.headers.get("Content-Type", "").lower()
    content = "a web page" if is_page else "other content"
    return f"The address of the connection does not lead to the API: HTTP status {status} with {content}."


def _read_redirect_host(response: requests.Response) -> str:
    """Return the host in a redirect's address, or an empty string if there is none that can be read."""
    try:
        return clean_text(urlsplit(response.headers.get("Location", "")).hostname or "")
    except ValueError:
        return ""


def _iterate_causes(exc: BaseException) -> Iterator[BaseException]:
    """Yield an exception and those it wraps: as its cause, as an argument, or as urllib3's `reason`."""
    level: list[object] = [exc]
    for _ in range(DEEPEST_CAUSE):
        found = [cause for cause in level if isinstance(cause, BaseException)]
        yield from found
        level = [inner for cause in found for inner in (getattr(cause, "reason", None), cause.__cause__, *cause.args)]


def _parse_retry_after(retry_after: str | None) -> float | None:
    """Return the header's seconds, or None for its other form, a date: the retries' own pauses apply then."""
    return float(retry_after) if retry_after is not None and _SECONDS.fullmatch(retry_after.strip()) else None
