"""What can go wrong with a call of the API, as one tree.

    VanceError                    code, message, request
    ├── RequestRefused                   the service answered with an error code
    │   ├── IllegalParameter      10001
    │   ├── ServiceFault          10010
    │   ├── NotFound              10011
    │   ├── LimitExceeded         10012
    │   ├── JConfigRejected       10013
    │   ├── JobFailed             10014
    │   ├── InvalidToken          30001
    │   ├── InsufficientCredits   30004
    │   └── UnknownCode           any other
    ├── ServiceUnreachable              no answer, or one that broke off; may pass by itself
    └── InvalidResponse       an answer that the contract doesn't know

`message` is a plain sentence that can be shown to a person; `request` says which call it was, such as
``POST /transform``. Neither ever holds the token, and no error has another one behind it (`__context__`)
that would: the texts of `requests` and `urllib3` contain whole URLs. All of them survive pickling.
"""

from __future__ import annotations

from typing import ClassVar


class VanceError(Exception):
    """Base of every error the client raises on purpose. `code` is the service's, or None where it gave none."""

    def __init__(self, code: int | None, message: str, request: str) -> None:
        super().__init__(code, message, request)
        self.code = code
        self.message = message
        self.request = request

    def __str__(self) -> str:
        number = "" if self.code is None else f", code {self.code}"
        return f"{self.message} ({self.request}{number})"


class RequestRefused(VanceError):
    """The service understood the call and answered with an error code."""

    code: int
    meaning: ClassVar[str] = "The service refused the request."

    def __init__(self, code: int, message: str, request: str) -> None:
        super().__init__(code, message or self.meaning, request)


class IllegalParameter(RequestRefused):
    """10001: a field is missing or has a value that isn't allowed; also a file that is no JPG or PNG."""

    meaning = "The service does not accept one of the values."


class ServiceFault(RequestRefused):
    """10010: something broke inside the service."""

    meaning = "The service has an internal error."


class NotFound(RequestRefused):
    """10011: the id is unknown, belongs to another account or has been removed."""

    meaning = "The file does not exist at the service, or not any more."


class LimitExceeded(RequestRefused):
    """10012: too many bytes or pixels."""

    meaning = "The resolution or the file size exceeds the limits."


class JConfigRejected(RequestRefused):
    """10013: the jconfig could not be parsed."""

    meaning = "The service could not read the job's configuration."


class JobFailed(RequestRefused):
    """10014: the job ended unexpectedly. A new transform may be tried."""

    meaning = "The job failed for an unexpected reason."


class InvalidToken(RequestRefused):
    """30001: the token is missing, wrong or withdrawn."""

    meaning = "The service does not accept the token."


class InsufficientCredits(RequestRefused):
    """30004: too few credits to download the result, which stays there to be downloaded later."""

    meaning = "There are too few credits to download the result."


class UnknownCode(RequestRefused):
    """A code that the contract doesn't list."""

    meaning = "The service refused the request with a code that is not documented."


class ServiceUnreachable(VanceError):
    """There was no answer, or it broke off, or something between us and the service answered in its place.

    `may_have_arrived` is False only when the request surely never reached the service, so that repeating
    it is safe whatever it does. `retry_after` is the pause in seconds that was asked for, if one was.
    """

    def __init__(
        self, message: str, request: str, may_have_arrived: bool = True, retry_after: float | None = None
    ) -> None:
        super().__init__(None, message, request)
        self.args = (message, request, may_have_arrived, retry_after)
        self.may_have_arrived = may_have_arrived
        self.retry_after = retry_after


class InvalidResponse(VanceError):
    """The service answered something else than the contract says; `message` names what was missing or wrong."""

    def __init__(self, message: str, request: str) -> None:
        super().__init__(None, message, request)
        self.args = (message, request)


_BY_CODE: dict[int, type[RequestRefused]] = {
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
    """The error for a code of the service. An empty message is replaced by the code's meaning."""
    return _BY_CODE.get(code, UnknownCode)(code, message, request)
