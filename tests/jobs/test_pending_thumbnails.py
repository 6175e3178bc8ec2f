"""A job whose picture another worker is decoding."""

from datetime import timedelta

from tests.jobs.conftest import JobDriver
from vanceweb.gallery.models import Blob
from vanceweb.jobs.models import Job
from vanceweb.lib.leases import claim


def test_a_job_waits_while_another_worker_decodes_its_picture(driver: JobDriver) -> None:
    job = driver.submit()
    assert job.source is not None
    lease = claim(Blob.objects.all(), pk=job.source.blob_id, duration=timedelta(minutes=1))
    assert lease is not None
    driver.run_turn(job)
    assert (job.state, job.setbacks, job.lease_token) == (Job.State.QUEUED, 0, None)
    lease.release()
    driver.run_until(job, Job.State.DONE)
    assert Blob.objects.get(pk=job.source.blob_id).has_thumbnails
