"""What a service's error means for a job: in words, and for its retry."""

from dataclasses import dataclass

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

# What may pass by itself and is tried again.
TRANSIENT_ERRORS = (ServiceUnreachable, ServiceFault, InvalidResponse)


@dataclass(frozen=True)
class Failure:
    """Why a job can't go on: the service's code, a sentence, and the state in which a retry may take it up again
    (empty: from the beginning)."""

    code: int | None
    sentence: str
    resume_state: str = ""


class JobCannotContinue(Exception):
    """The job has failed for good."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.sentence)
        self.failure = failure


def to_failure(error: VanceError, job: Job) -> Failure:
    """The ending of a job that can't get over this error."""
    name = job.connection_name
    match error:
        case InsufficientCredits():
            sentence = (
                f"There are too few credits on {name} to download the result. It is kept there: once there are "
                "credits, a retry downloads it without processing the picture again."
            )
            return Failure(error.code, sentence, Job.State.DOWNLOADING)
        case InvalidToken():
            sentence = f"{name} does not accept the token any more. Replace it under Connections, then retry."
            return Failure(error.code, sentence, find_resume_state(job))
        case NotFound():
            sentence = f"{name} no longer has what belongs to this job. A retry begins again with the upload."
            return Failure(error.code, sentence)
        case JobFailed():
            return Failure(error.code, f"{name} could not process the picture: {error.message}")
        case ServiceUnreachable() | ServiceFault() | InvalidResponse():
            return Failure(error.code, error.message, find_resume_state(job))
        case _:
            return Failure(error.code, error.message)


def find_resume_state(job: Job) -> str:
    """The state in which a retry can take the job up without doing anything twice; empty where there is none."""
    if job.state == Job.State.DOWNLOADING or (job.state == Job.State.PROCESSING and job.trans_id):
        return str(job.state)
    return ""
