"""The errors of an API call.

    VanceError                    code, message, request
    ├── RequestRefused            the service responded with an error code
    │   ├── IllegalParameter      10001
    │   ├── ServiceFault          10010
    │   ├── NotFound              10011
    │   ├── LimitExceeded         10012
    │   ├── JConfigRejected       10013
    │   ├── JobFailed             10014
    │   ├── InvalidToken          30001
    │   ├── InsufficientCredits   30004
    │   └── UnknownCode           any other
    ├── ServiceUnreachable        no response, or an incomplete one; may be temporary
    └── InvalidResponse           a response that breaks the API's contract

`message` is a plain sentence for people; `request` names the call, such as ``POST /transform``. Neither contains the
token, nor does any chained exception (`__context__`): the messages of `requests` and `urllib3` contain whole URLs. All
errors can be pickled.
"""

from __future__ import annotations

from typing import ClassVar


class VanceError(Exception):
    """The base class of the client's errors. `code` is the service's error code, or None if it gave none."""

    def __init__(self, code: int | None, message: str, request: str) -> None:
        super().__init__(code, message, request)
        self.code = code
        self.message = message
        self.request = request

    def __str__(self) -> str:
        number = "" if self.code is None else f", code {self.code}"
        return f"{self.message} ({self.request}{number})"


class RequestRefused(VanceError):
    """The service understood the call and responded with an error code."""

    code: int
    meaning: ClassVar[str] = "The service refused the request."

    def __init__(self, code: int, message: str, request: str) -> None:
        super().__init__(code, message or self.meaning, request)


class IllegalParameter(RequestRefused):
    """10001: a field is missing or its value isn't allowed, or a file is neither JPG nor PNG."""

    meaning = "The service does not accept one of the values."


class ServiceFault(RequestRefused):
    """10010: an internal error of the service."""

    meaning = "The service has an internal error."


class NotFound(RequestRefused):
    """10011: the id is unknown, belongs to another account or has been deleted."""

    meaning = "The file does not exist on the service, or has been deleted."


class LimitExceeded(RequestRefused):
    """10012: too many bytes or pixels."""

    meaning = "The resolution or the file size exceeds the limits."


class JConfigRejected(RequestRefused):
    """10013: the jconfig could not be parsed."""

    meaning = "The service could not read the job's configuration."


class JobFailed(RequestRefused):
    """10014: the job ended unexpectedly. Another transform may succeed."""

    meaning = "The job failed for an unexpected reason."


class InvalidToken(RequestRefused):
    """30001: the token is missing, wrong or revoked."""

    meaning = "The service does not accept the token."


class InsufficientCredits(RequestRefused):
    """30004: not enough credits to download the result. It stays on the service and can be downloaded later."""

    meaning = "There are not enough credits to download the result."


class UnknownCode(RequestRefused):
    """A code that isn't documented."""

    meaning = "The service refused the request with an undocumented error code."


class ServiceUnreachable(VanceError):
    """There was no response, it broke off, or an intermediary responded in the service's place.

    `may_have_arrived` is False only if the request certainly never reached the service, so that a retry is always safe.
    `retry_after` is the requested pause in seconds, if any. `is_lasting` is True if a repetition can hardly help: the
    address or the certificate is wrong.
    """

    def __init__(
        self,
        message: str,
        request: str,
        may_have_arrived: bool = True,
        retry_after: float | None = None,
        is_lasting: bool = False,
    ) -> None:
        super().__init__(None, message, request)
        self.args = (message, request, may_have_arrived, retry_after, is_lasting)
        self.may_have_arrived = may_have_arrived
        self.retry_after = retry_after
        self.is_lasting = is_lasting


class InvalidResponse(VanceError):
    """The response breaks the API's contract; `message` names the missing or wrong part."""

    def __init__(self, message: str, request: str) -> None:
        super().__init__(None, message, request)
        self.args = (message, request)


_ERRORS_BY_CODE: dict[int, type[RequestRefused]] = {
    10001: IllegalParameter,
    10010: ServiceFault,
    10011: NotFound,
    10012: LimitExceeded,
    10013: JConfigRejected,
    10014: JobFailed,
    30001: InvalidToken,
    30004: InsufficientCredits,
}


def build_refusal(code: int, message: str, request: str) -> RequestRefused:
    """Return the error for a code of the service. The code's meaning replaces an empty message."""
    return _ERRORS_BY_CODE.get(code, UnknownCode)(code, message, request)
