"""Workers that crash at any point of a job: the job finishes all the same, with one result and one charge."""

import gc
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from tests.jobs.conftest import JobDriver, run_queue
from tests.jobs.crashes import CrashPlan, apply_crash_plan
from vanceweb.gallery.models import Blob
from vanceweb.jobs.models import Job
from vanceweb.jobs.services import delete_job
from vanceweb.jobs.worker import advance_job

# All crash points are tested, in slices, so that test processes can share them.
SLICES = 4


@pytest.fixture
def crash_driver(settings: Any, driver: JobDriver) -> Iterator[JobDriver]:
    default = settings.STORAGES["default"] | {"BACKEND": "tests.jobs.crashes.CrashingStorage"}
    settings.STORAGES = settings.STORAGES | {"default": default}
    settings.BUNDLED_ENGINE_WSGI = "tests.jobs.crashes.crashing_engine"
    yield driver
    # The crashed workers' files are closed here, where a warning about them is expected.
    gc.collect()


def finish_despite_crash(driver: JobDriver, job: Job, *, crash_at: int) -> int:
    """Run the job to its end. The first worker crashes at that point and another one continues.

    Return the number of crash points that the first worker passed.
    """
    plan = CrashPlan(crash_at=crash_at)
    while not job.has_ended and not plan.has_crashed:
        Job.objects.filter(pk=job.pk).update(not_before=timezone.now())
        with apply_crash_plan(plan):
            advance_job(job.pk)
        run_queue("engine")
        job.refresh_from_db()
    for held in (Job, Blob):
        held.objects.exclude(lease_until=None).update(lease_until=timezone.now())
    job.refresh_from_db()
    driver.run_until(job, Job.State.DONE)
    return plan.points_passed


def test_a_worker_passes_enough_crash_points_for_all_slices(crash_driver: JobDriver) -> None:
    assert finish_despite_crash(crash_driver, crash_driver.submit(), crash_at=0) > SLICES


@pytest.mark.slow
# A crashed worker's temporary files are removed before Python closes them.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("bytes_are_known", [False, True], ids=["new_bytes", "known_bytes"])
@pytest.mark.parametrize("slice_number", range(SLICES))
def test_one_result_and_one_charge_wherever_the_worker_was_killed(
    crash_driver: JobDriver, slice_number: int, bytes_are_known: bool
) -> None:
    finish_despite_crash(crash_driver, crash_driver.submit(), crash_at=0)
    # The first result stores bytes, those of the second are known then: a worker has other points to pass.
    source = crash_driver.upload(width=24 if bytes_are_known else 25)
    crash_points = finish_despite_crash(crash_driver, crash_driver.submit(source=source), crash_at=0)
    charges, results = crash_driver.count_charges(), crash_driver.count_results()
    for crash_at in range(1 + slice_number, crash_points + 1, SLICES):
        source = crash_driver.upload(width=24 if bytes_are_known else 25 + crash_at)
        job = crash_driver.submit(source=source)
        finish_despite_crash(crash_driver, job, crash_at=crash_at)
        charges, results = charges + 1, results + 1
        assert (crash_driver.count_charges(), crash_driver.count_results()) == (charges, results), (
            f"killed at crash point {crash_at}"
        )
        assert job.result is not None
        assert (job.result.uuid == job.result.blob.uuid) is not bytes_are_known
        left = sorted(path.name for path in (crash_driver.media / job.result.folder).iterdir())
        assert len(left) == 3, f"killed at crash point {crash_at}: {left}"
        assert job.result.blob.references == job.result.blob.assets.count()
        delete_job(actor=crash_driver.actor, job=job)
        results -= 1
        assert crash_driver.list_stray_files() == [], f"killed at crash point {crash_at}"
