"""A worker killed at any instant of a job: the job finishes, with one result and one charge."""

from typing import Any

import pytest
from django.utils import timezone

from tests.jobs.conftest import JobDriver, run_queue
from tests.jobs.crashes import CrashPlan, crashing
from vanceweb.jobs.models import Job
from vanceweb.jobs.worker import advance_job

# Every instant is tried, in slices, so that a failure names its neighbourhood and workers can share them.
SLICES = 4


@pytest.fixture
def crash_driver(settings: Any, driver: JobDriver) -> JobDriver:
    default = settings.STORAGES["default"] | {"BACKEND": "tests.jobs.crashes.CrashingStorage"}
    settings.STORAGES = settings.STORAGES | {"default": default}
    settings.BUNDLED_ENGINE_WSGI = "tests.jobs.crashes.crashing_engine"
    return driver


def live(driver: JobDriver, job: Job, *, dies_at: int) -> int:
    """Takes the job to its end; the first worker dies at that instant, and the next one finds what it left.

    Returns how many instants the first one lived.
    """
    plan = CrashPlan()
    plan.dies_at = dies_at
    while not job.has_ended and not plan.is_dead:
        Job.objects.filter(pk=job.pk).update(not_before=timezone.now())
        with crashing(plan):
            advance_job(job.pk)
        run_queue("engine")
        job.refresh_from_db()
    Job.objects.filter(pk=job.pk).exclude(lease_until=None).update(lease_until=timezone.now())
    job.refresh_from_db()
    driver.run_until(job, Job.State.DONE)
    return plan.instants


def test_a_worker_that_lives_needs_so_many_instants(crash_driver: JobDriver) -> None:
    assert live(crash_driver, crash_driver.submit(), dies_at=0) > SLICES


@pytest.mark.slow
# A dead worker's temporary files are gone before Python comes to close them.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("slice_number", range(SLICES))
def test_one_result_and_one_charge_wherever_the_worker_was_killed(crash_driver: JobDriver, slice_number: int) -> None:
    instants = live(crash_driver, crash_driver.submit(), dies_at=0)
    charges, results = crash_driver.count_charges(), crash_driver.count_results()
    for dies_at in range(1 + slice_number, instants + 1, SLICES):
        job = crash_driver.submit()
        live(crash_driver, job, dies_at=dies_at)
        charges, results = charges + 1, results + 1
        assert (crash_driver.count_charges(), crash_driver.count_results()) == (charges, results), (
            f"killed at instant {dies_at}"
        )
        assert job.result is not None
        left = sorted(path.name for path in (crash_driver.media / job.result.folder).iterdir())
        assert len(left) == 3, f"killed at instant {dies_at}: {left}"
