"""The rows of the list of jobs, each with a key that changes with what it shows: a poll sends only what changed."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from django.template.loader import get_template
from django.utils.safestring import SafeString

from vanceweb.jobs.models import Job

# Hexadecimal digits of the job's id and of the digest: enough to tell the rows of one page apart.
ID_DIGITS, DIGEST_DIGITS = 8, 8


@dataclass(frozen=True)
class Row:
    """A job as the list shows it."""

    job: Job
    html: SafeString
    key: str


def build_rows(jobs: Iterable[Job]) -> list[Row]:
    """Render each job's row. Its key leaves out the seconds of an active job, which the page counts itself."""
    return [_build_row(job) for job in jobs]


def find_changed_rows(rows: list[Row], known: str) -> list[Row] | None:
    """Return the rows that differ from those on the page, or None if others belong there or in another order.

    `known` has the page's keys, separated by commas.
    """
    keys = known.split(",")
    if [key[:ID_DIGITS] for key in keys] != [row.key[:ID_DIGITS] for row in rows]:
        return None
    return [row for row, key in zip(rows, keys, strict=True) if row.key != key]


def _build_row(job: Job) -> Row:
    template = get_template("components/job_row.html")
    html = SafeString(template.render({"job": job}))
    shown = template.render({"job": job, "without_clock": True}) if job.is_active else html
    digest = hashlib.sha256(shown.encode()).hexdigest()
    return Row(job, html, job.uuid.hex[:ID_DIGITS] + digest[:DIGEST_DIGITS])
