"""The client of the VanceAI web API: typed answers, an error tree, two transports. Knows no Django."""

from vanceweb.client.answers import (
    Balance,
    Downloaded,
    HistoryPage,
    HistoryRow,
    Progress,
    Status,
    Transformed,
    Uploaded,
)
from vanceweb.client.client import HOSTED_BASE_URL, VanceClient
from vanceweb.client.errors import (
    AnswerNotUnderstood,
    IllegalParameter,
    InsufficientCredits,
    InvalidToken,
    JConfigRejected,
    JobFailed,
    LimitExceeded,
    NotFound,
    NotReachable,
    Refused,
    ServiceFault,
    UnknownCode,
    VanceError,
)
from vanceweb.client.http import http_session
from vanceweb.client.patience import LARGEST_RESULT, Retries, Timeouts
from vanceweb.client.wsgi import IN_PROCESS_BASE_URL, WSGIAdapter, in_process_session

__all__ = [
    "HOSTED_BASE_URL",
    "IN_PROCESS_BASE_URL",
    "LARGEST_RESULT",
    "AnswerNotUnderstood",
    "Balance",
    "Downloaded",
    "HistoryPage",
    "HistoryRow",
    "IllegalParameter",
    "InsufficientCredits",
    "InvalidToken",
    "JConfigRejected",
    "JobFailed",
    "LimitExceeded",
    "NotFound",
    "NotReachable",
    "Progress",
    "Refused",
    "Retries",
    "ServiceFault",
    "Status",
    "Timeouts",
    "Transformed",
    "UnknownCode",
    "Uploaded",
    "VanceClient",
    "VanceError",
    "WSGIAdapter",
    "http_session",
    "in_process_session",
]
