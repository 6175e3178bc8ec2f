"""A job from upload to result, on the real engine in this process."""

import io
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from PIL import Image

from tests.jobs.conftest import JobDriver, run_queue
from tests.lib.peculiar_pictures import build_mpo
from vanceweb.catalogue.output import Output
from vanceweb.engine.models import Transform
from vanceweb.gallery.services import store_upload
from vanceweb.jobs.models import Job
from vanceweb.jobs.sweeps import wake_due_polls
from vanceweb.vault.models import Connection


def test_a_job_goes_from_upload_to_result_and_is_charged_once(driver: JobDriver) -> None:
    job = driver.submit()
    assert (job.state, job.credits) == (Job.State.QUEUED, Decimal(1))
    driver.run_until(job, Job.State.DONE)
    assert driver.count_charges() == 1
    assert job.result is not None
    assert (job.result.width, job.result.height, job.result.ownership) == (24, 16, driver.actor.own())
    assert job.result.name == "holiday-denoise.png"
    assert job.finished_at is not None
    assert job.started_at is not None
    assert job.lease_until is None


def test_an_enlarged_picture_is_larger(driver: JobDriver) -> None:
    job = driver.submit(module="enlarge3", scale=2, suppress_noise=0, remove_blur=0, output=Output(format="jpg"))
    driver.run_until(job, Job.State.DONE)
    assert job.result is not None
    with Image.open(job.result.file) as image:
        assert (image.size, image.format) == ((48, 32), "JPEG")
    assert job.backend


def test_backends_and_the_note_of_the_engine_are_stored_with_the_job(driver: JobDriver) -> None:
    job = driver.submit()
    while not Transform.objects.filter(state=Transform.State.FINISHED).exists():
        driver.run_turn(job)
        run_queue("engine")
    made_by = ", ".join(f"backend {number}" for number in range(50))
    Transform.objects.update(backend=made_by, message="No face was found.")
    driver.run_until(job, Job.State.DONE)
    assert (job.backend, job.note, job.error) == (made_by, "No face was found.", "")


def test_the_job_tells_once_that_only_the_first_picture_was_worked_on(driver: JobDriver) -> None:
    source = store_upload(actor=driver.actor, file=io.BytesIO(build_mpo()), name="stereo.mpo")
    job = driver.run_until(driver.submit(source=source), Job.State.DONE)
    assert job.note.count("The file has 2 pictures: only the first was worked on.") == 1


def test_a_done_job_has_thumbnails(driver: JobDriver) -> None:
    job = driver.run_until(driver.submit(), Job.State.DONE)
    assert job.result is not None
    assert job.result.has_thumbnails
    with Image.open(driver.media / job.result.get_thumbnail_path("tile")) as image:
        assert (image.size, image.format) == (job.result.tile_size, "WEBP")


def test_the_queues_alone_run_a_job_to_its_end(driver: JobDriver, work: Callable[[str], None], settings: Any) -> None:
    settings.JOB_POLL_SECONDS = 0.2
    job = driver.submit()
    for _ in range(20):
        # Only tasks from the queues run the job, and the sweeper's clock.
        work("engine")
        wake_due_polls()
        work("io")
        time.sleep(0.1)
    job.refresh_from_db()
    assert job.state == Job.State.DONE


def test_the_balance_is_read_after_a_job(driver: JobDriver, work: Callable[[str], None]) -> None:
    driver.run_until(driver.submit(), Job.State.DONE)
    work("io")
    connection = Connection.objects.get(pk=driver.connection.pk)
    assert connection.balance == Decimal(999)


def test_a_job_that_has_ended_is_left_alone(driver: JobDriver) -> None:
    job = driver.run_until(driver.submit(), Job.State.DONE)
    seen = Job.objects.values().get(pk=job.pk)
    driver.run_turn(job)
    assert Job.objects.values().get(pk=job.pk) == seen | {"not_before": job.not_before}
