"""Reasons why a job fails: a sentence for its owner, and the state from which a retry continues."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from vanceweb.client import (
    InsufficientCredits,
    InvalidResponse,
    InvalidToken,
    JobFailed,
    NotFound,
    ServiceFault,
    ServiceUnreachable,
    VanceError,
)
from vanceweb.jobs.models import Job

# Errors that may go away by themselves; the worker retries after a pause.
TRANSIENT_ERRORS = (ServiceUnreachable, ServiceFault, InvalidResponse)


@dataclass(frozen=True)
class Failure:
    """The reason why a job failed: the service's error code, a sentence, and the state from which a retry continues.

    An empty `resume_state` means that a retry starts over.
    """

    code: int | None
    sentence: str
    resume_state: str = ""


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
            return Failure(error.code, sentence, Job.State.DOWNLOADING)
        case InvalidToken():
            sentence = _(
                "The service no longer accepts the token of the connection. Replace it under Connections, then retry."
            )
            return Failure(error.code, sentence, find_resume_state(job))
        case NotFound():
            sentence = _("The service no longer has the files of this job. A retry starts again with the upload.")
            return Failure(error.code, sentence)
        case JobFailed():
            sentence = _("The service could not process the picture: %(reason)s") % {"reason": error.message}
            return Failure(error.code, sentence)
        case ServiceUnreachable() | ServiceFault() | InvalidResponse():
            return Failure(error.code, error.message, find_resume_state(job))
        case _:
            return Failure(error.code, error.message)


def find_resume_state(job: Job) -> str:
    """Return the state from which a retry continues without repeating anything; empty if it has to start over."""
    if job.state == Job.State.DOWNLOADING or (job.state == Job.State.PROCESSING and job.trans_id):
        return str(job.state)
    return ""
