"""The ids of jobs in the file names of a history (see `Job.build_upload_name`)."""

import re
from uuid import UUID

JOB_IN_NAME = re.compile(r"[0-9a-f]{32}")


def find_job_uuid(info: str) -> UUID | None:
    """Return the id of the job that a result's file name begins with, else None."""
    match = JOB_IN_NAME.search(info)
    return UUID(match[0]) if match else None
