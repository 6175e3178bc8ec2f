"""The time that services take, measured from the jobs that they ended, and the time that is expected of a new job."""

from collections.abc import Sequence

from django.db.models import F

from vanceweb.catalogue.features import compute_output_size, get_feature_by_module
from vanceweb.catalogue.steps import Step
from vanceweb.gallery.models import Blob
from vanceweb.jobs.models import Job, RunTime
from vanceweb.vault.models import Connection

# The first guess, in seconds per megapixel of the input: enlarging a photo twofold on two cores.
GUESSED_SECONDS_PER_MEGAPIXEL = 10.0
# Below this size, loading and saving take most of the time.
LEAST_MEGAPIXELS = 0.25
# A measurement counts for one in this many: old figures fade, and a single slow run changes little.
LAST_RUNS = 10
# Longer runs would fail anyway (JOB_MAX_RUN_SECONDS), and a service may tell any number.
LONGEST_SECONDS = 24 * 3600.0


def estimate_seconds(*, connection: Connection, steps: Sequence[Step], width: int, height: int) -> float:
    """Return the seconds of work that the connection's service is expected to need for a picture of this size in px.

    One query. The steps of a workflow follow one another, each on the result of the one before.
    """
    slugs = [get_feature_by_module(step.module).slug for step in steps]
    measured = dict(
        RunTime.objects.filter(service=connection.base_url, feature__in=slugs).values_list(
            "feature", "seconds_per_megapixel"
        )
    )
    seconds = 0.0
    for number, slug in enumerate(slugs):
        size = compute_output_size(steps[:number], width, height)
        seconds += measured.get(slug, GUESSED_SECONDS_PER_MEGAPIXEL) * _to_megapixels(*size)
    return min(seconds, LONGEST_SECONDS)


def record_run_time(*, job: Job, connection: Connection) -> None:
    """Let the seconds of a job that is done count for later ones. A workflow says nothing about its single steps."""
    if job.work_seconds is None or job.is_workflow:
        return
    size = Blob.objects.filter(assets__jobs_from=job.pk).values_list("width", "height").first()
    if size is None:
        return
    rate = min(job.work_seconds, LONGEST_SECONDS) / _to_megapixels(*size)
    row, _created = RunTime.objects.get_or_create(
        service=connection.base_url, feature=job.feature, defaults={"seconds_per_megapixel": rate}
    )
    weight = min(row.runs + 1, LAST_RUNS)
    RunTime.objects.filter(pk=row.pk).update(
        seconds_per_megapixel=F("seconds_per_megapixel") + (rate - F("seconds_per_megapixel")) / weight,
        runs=F("runs") + 1,
    )


def _to_megapixels(width: int, height: int) -> float:
    return max(width * height / 1e6, LEAST_MEGAPIXELS)
