"""Origins of results: what they were made from, with which backend and engine."""

from tests.conftest import as_actor
from tests.factories import make_job
from tests.jobs.conftest import JobDriver
from vanceweb import __version__
from vanceweb.gallery.models import Asset
from vanceweb.gallery.services import delete_asset
from vanceweb.jobs.models import Job
from vanceweb.jobs.services import delete_job, retry_job
from vanceweb.teams.models import User


def make_result_of(driver: JobDriver, source: Asset) -> Asset:
    job = driver.run_until(driver.submit(source=source), Job.State.DONE)
    assert job.result is not None
    return job.result


def test_an_upload_comes_from_nothing(driver: JobDriver) -> None:
    upload = driver.upload()
    assert (upload.parent_uuid, upload.root_uuid, upload.backend, upload.engine_version) == (None, None, "", "")


def test_a_result_says_what_it_was_made_from_and_by_what(driver: JobDriver) -> None:
    upload = driver.upload()
    first = make_result_of(driver, upload)
    second = make_result_of(driver, first)
    assert (first.parent_uuid, first.root_uuid) == (upload.uuid, upload.uuid)
    assert (second.parent_uuid, second.root_uuid) == (first.uuid, upload.uuid)
    job = Job.objects.get(result=first)
    assert first.backend == job.backend != ""
    assert first.engine_version == job.engine_version == f"vanceweb {__version__}"


def test_the_origin_outlives_the_pictures_and_the_job(driver: JobDriver) -> None:
    upload = driver.upload()
    first = make_result_of(driver, upload)
    second = make_result_of(driver, first)
    delete_job(actor=driver.actor, job=Job.objects.get(result=first))
    Job.objects.get(result=second).delete()
    assert [asset.pk for asset in Asset.objects.all()] == [second.pk]
    second.refresh_from_db()
    assert (second.parent_uuid, second.root_uuid) == (first.uuid, upload.uuid)
    assert second.backend


def test_a_source_that_is_deleted_while_the_job_runs_is_still_the_parent(driver: JobDriver) -> None:
    upload = driver.upload()
    job = driver.run_until(driver.submit(source=upload), Job.State.PROCESSING)
    delete_asset(asset=upload)
    job = driver.run_until(Job.objects.get(pk=job.pk), Job.State.DONE)
    assert job.result is not None
    assert (job.source, job.result.parent_uuid, job.result.root_uuid) == (None, upload.uuid, upload.uuid)


def test_a_picture_of_known_bytes_keeps_an_origin_of_its_own(driver: JobDriver) -> None:
    uploads = [driver.upload(), driver.upload()]
    results = [make_result_of(driver, upload) for upload in uploads]
    assert results[0].blob == results[1].blob
    assert [result.parent_uuid for result in results] == [upload.uuid for upload in uploads]
    delete_job(actor=driver.actor, job=Job.objects.get(result=results[0]))
    assert results[1].file.open("rb").read()


def test_a_retry_forgets_the_engine_of_the_attempt_before(alice: User) -> None:
    job = make_job(alice, state=Job.State.FAILED, backend="old", engine_version="vanceweb 0.0")
    retried = retry_job(actor=as_actor(alice), job=job)
    assert (retried.backend, retried.engine_version) == ("", "")
