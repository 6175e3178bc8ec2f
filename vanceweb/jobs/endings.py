"""What a service's error means for a job: in words, and for its retry."""

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
from vanceweb.jobs.running import Ending

# What may pass by itself and is tried again.
PASSING = (ServiceUnreachable, ServiceFault, InvalidResponse)


def ending_of(error: VanceError, job: Job) -> Ending:
    """The ending of a job that can't get over this error."""
    name = job.connection_name
    match error:
        case InsufficientCredits():
            sentence = (
                f"There are too few credits on {name} to download the result. It is kept there: once there are "
                "credits, a retry downloads it without processing the picture again."
            )
            return Ending(error.code, sentence, Job.State.DOWNLOADING)
        case InvalidToken():
            sentence = f"{name} does not accept the token any more. Replace it under Connections, then retry."
            return Ending(error.code, sentence, resume_state(job))
        case NotFound():
            sentence = f"{name} no longer has what belongs to this job. A retry begins again with the upload."
            return Ending(error.code, sentence)
        case JobFailed():
            return Ending(error.code, f"{name} could not process the picture: {error.message}")
        case ServiceUnreachable() | ServiceFault() | InvalidResponse():
            return Ending(error.code, error.message, resume_state(job))
        case _:
            return Ending(error.code, error.message)


def resume_state(job: Job) -> str:
    """The state in which a retry can take the job up without doing anything twice; empty where there is none."""
    if job.state == Job.State.DOWNLOADING or (job.state == Job.State.PROCESSING and job.trans_id):
        return str(job.state)
    return ""
