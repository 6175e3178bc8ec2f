"""Reasons why a job fails: a sentence for its owner, and the state from which a retry continues."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vanceweb.client import (
    IllegalParameter,
    InsufficientCredits,
    InvalidResponse,
    InvalidToken,
    JConfigRejected,
    JobFailed,
    LimitExceeded,
    NotFound,
    ServiceFault,
    ServiceUnreachable,
    VanceError,
)
from vanceweb.jobs.models import Job

UPLOAD_CALL = "POST /upload"
# How services phrase code 10014 when they can't tell more.
UNEXPECTED_REASON = "unexpected reason"
# The reason of a hold. It doesn't name the connection: the team reads it, and the connection may be private.
TOKEN_REJECTED = gettext_lazy(
    "The service no longer accepts the connection's token. Its keeper has to replace it under Connections. Then the "
    "job continues by itself."
)
# Errors that may go away by themselves; the worker retries after a pause.
TRANSIENT_ERRORS = (ServiceUnreachable, ServiceFault, InvalidResponse)


@dataclass(frozen=True)
class Failure:
    """The reason why a job failed: the service's error code, a sentence, and the state from which a retry continues.

    An empty `resume_state` means that a retry starts over. The `kind` decides what the job's page offers to do.
    """

    code: int | None
    sentence: str
    resume_state: str = ""
    kind: str = Job.FailureKind.OUTAGE


class JobCannotContinue(Exception):
    """The job has failed and isn't retried automatically."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.sentence)
        self.failure = failure


def to_failure(error: VanceError, job: Job) -> Failure:
    """Convert a client's error into the failure of the job.

    The sentence doesn't name the connection: the team reads it, and the connection may be private.
    """
    match error:
        case InsufficientCredits():
            sentence = _(
                "The connection has too few credits to download the result. The result is kept at the service: add "
                "credits, then retry to download it without processing the picture again."
            )
            return Failure(error.code, sentence, Job.State.DOWNLOADING, find_kind(error))
        case InvalidToken():
            sentence = _(
                "The service no longer accepts the token of the connection. Replace it under Connections, then retry."
            )
            return Failure(error.code, sentence, find_resume_state(job), find_kind(error))
        case NotFound():
            sentence = _("The service no longer has the files of this job. A retry starts again with the upload.")
            return Failure(error.code, sentence)
        case JobFailed():
            sentence = _("The service could not process the picture: %(reason)s") % {"reason": error.message}
            return Failure(error.code, sentence, kind=find_kind(error))
        case ServiceUnreachable() | ServiceFault() | InvalidResponse():
            return Failure(error.code, error.message, find_resume_state(job), find_kind(error))
        case _:
            return Failure(error.code, error.message, kind=find_kind(error))


def find_kind(error: VanceError) -> Job.FailureKind:
    """Return the kind of failure that a client's error is, which tells what helps."""
    kinds = Job.FailureKind
    match error:
        case InvalidToken():
            return kinds.TOKEN
        case InsufficientCredits():
            return kinds.CREDITS
        case InvalidResponse() | ServiceUnreachable(is_lasting=True):
            return kinds.ADDRESS
        case IllegalParameter() | LimitExceeded() | JConfigRejected():
            # Before the work begins, only the picture was sent.
            return kinds.PICTURE if error.request == UPLOAD_CALL else kinds.SETTINGS
        case JobFailed() if not has_unexpected_reason(error):
            return kinds.SETTINGS
        case _:
            return kinds.OUTAGE


def has_unexpected_reason(error: JobFailed) -> bool:
    """Return whether the service gave no reason of its own: the work may succeed when it is done again."""
    return error.message == JobFailed.meaning or UNEXPECTED_REASON in error.message


def find_resume_state(job: Job) -> str:
    """Return the state from which a retry continues without repeating anything; empty if it has to start over."""
    if job.state == Job.State.DOWNLOADING or (job.state == Job.State.PROCESSING and job.trans_id):
        return str(job.state)
    return ""
