"""A client for the VanceAI web API: typed responses, an error tree, two transports. Independent of Django."""

from vanceweb.client.client import HOSTED_BASE_URL, VanceClient
from vanceweb.client.errors import (
    IllegalParameter,
    InsufficientCredits,
    InvalidResponse,
    InvalidToken,
    JConfigRejected,
    JobFailed,
    LimitExceeded,
    NotFound,
    RequestRefused,
    ServiceFault,
    ServiceUnreachable,
    UnknownCode,
    VanceError,
    build_refusal,
)
from vanceweb.client.http import Network, build_http_session
from vanceweb.client.responses import (
    Balance,
    DownloadedImage,
    HistoryPage,
    HistoryRow,
    JobProgress,
    StartedJob,
    Status,
    UploadedImage,
)
from vanceweb.client.timeouts import MAX_RESULT_BYTES, Retries, Timeouts
from vanceweb.client.wsgi import IN_PROCESS_BASE_URL, WSGIAdapter, build_in_process_session

__all__ = [
    "HOSTED_BASE_URL",
    "IN_PROCESS_BASE_URL",
    "MAX_RESULT_BYTES",
    "Balance",
    "DownloadedImage",
    "HistoryPage",
    "HistoryRow",
    "IllegalParameter",
    "InsufficientCredits",
    "InvalidResponse",
    "InvalidToken",
    "JConfigRejected",
    "JobFailed",
    "JobProgress",
    "LimitExceeded",
    "Network",
    "NotFound",
    "RequestRefused",
    "Retries",
    "ServiceFault",
    "ServiceUnreachable",
    "StartedJob",
    "Status",
    "Timeouts",
    "UnknownCode",
    "UploadedImage",
    "VanceClient",
    "VanceError",
    "WSGIAdapter",
    "build_http_session",
    "build_in_process_session",
    "build_refusal",
]
