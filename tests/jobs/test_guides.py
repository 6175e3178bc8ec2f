"""Steps that are guided by pictures of the gallery."""

import json

import pytest

from tests.conftest import as_actor
from tests.factories import make_job, make_private, make_upload
from tests.jobs.conftest import JobDriver
from vanceweb.catalogue.output import Output
from vanceweb.catalogue.steps import ControlImage, Step
from vanceweb.engine.models import Transform, Upload
from vanceweb.gallery.models import Asset, Blob
from vanceweb.gallery.services import delete_asset
from vanceweb.jobs.conditions import JobRefused
from vanceweb.jobs.guides import GUIDE_GONE
from vanceweb.jobs.models import Job
from vanceweb.jobs.services import retry_job, submit_job
from vanceweb.teams.models import User


def draw(*guides: Asset | None) -> Step:
    kinds = ("cartoon_tile", "cartoon_lineart", "cartoon_canny")
    images = zip(guides, kinds, strict=False)
    return Step("img2anime", {}, tuple(ControlImage(guide.uuid.hex if guide else None, kind) for guide, kind in images))


def submit(driver: JobDriver, *guides: Asset | None) -> Job:
    return driver.submit_steps(draw(*guides))


def get_sent_uids() -> list[list[str]]:
    """Return the uids that the engine received as guides, for each of its transforms."""
    sent = [json.loads(text) for text in Transform.objects.order_by("pk").values_list("jconfig", flat=True)]
    return [[guide["image_uid"] for guide in document["cn_configs"]] for document in sent]


def test_each_guide_is_uploaded_once_and_sent_by_its_uid(driver: JobDriver, alice: User) -> None:
    guide = make_upload(alice, name="guide.png", width=32)
    job = driver.submit_steps(draw(guide, None, guide), draw(guide))
    driver.run_turn(job)
    assert (Upload.objects.count(), set(job.guide_uids)) == (2, {guide.uuid.hex})
    sent = Transform.objects.get().jconfig
    assert (sent.count(job.guide_uids[guide.uuid.hex]), sent.count(job.uid)) == (3, 1)
    assert Upload.objects.get(uid=job.guide_uids[guide.uuid.hex]).width == 32


def test_a_guided_job_is_done_by_the_engine(driver: JobDriver, alice: User) -> None:
    job = submit(driver, make_upload(alice, name="guide.png"))
    driver.run_until(job, Job.State.DONE)
    assert get_sent_uids() == [list(job.guide_uids.values())]


def test_a_source_that_is_also_a_guide_is_uploaded_once(driver: JobDriver, alice: User) -> None:
    source = make_upload(alice)
    job = driver.run_turn(driver.submit_steps(draw(source), source=source))
    assert (Upload.objects.count(), get_sent_uids()) == (1, [[job.uid]])


def test_guides_are_uploaded_again_with_the_picture(driver: JobDriver, alice: User) -> None:
    guide = make_upload(alice, name="guide.png")
    job = submit(driver, guide)
    expired = {guide.uuid.hex: "1" * 32}
    Job.objects.filter(pk=job.pk).update(state=Job.State.PROCESSING, uid="0" * 32, guide_uids=expired)
    driver.run_turn(job)
    assert (job.state, job.uid, job.guide_uids) == (Job.State.UPLOADING, "", {})
    driver.run_turn(job)
    assert (Upload.objects.count(), get_sent_uids()) == (2, [[job.guide_uids[guide.uuid.hex]]])


def test_a_retry_from_the_beginning_uploads_guides_again(driver: JobDriver, alice: User) -> None:
    job = driver.run_turn(submit(driver, make_upload(alice, name="guide.png")))
    Transform.objects.all().delete()
    Upload.objects.all().delete()
    driver.run_turn(job)
    assert driver.retry(job).guide_uids == {}
    driver.run_turn(job)
    assert Upload.objects.count() == 2


def test_a_guide_that_was_deleted_ends_the_job_in_words(driver: JobDriver, alice: User) -> None:
    guide = make_upload(alice, name="guide.png")
    job = submit(driver, guide)
    delete_asset(asset=guide)
    driver.run_turn(job)
    assert (job.state, job.error, Transform.objects.count()) == (Job.State.FAILED, str(GUIDE_GONE), 0)
    with pytest.raises(JobRefused, match="guides the drawing"):
        driver.retry(job)


def test_a_guide_whose_file_is_missing_ends_the_job_in_words(driver: JobDriver, alice: User) -> None:
    guide = make_upload(alice, name="guide.png", width=25)
    job = submit(driver, guide)
    guide.file.delete(save=False)
    assert driver.run_turn(job).error == str(GUIDE_GONE)


def test_a_guide_that_became_private_to_somebody_else_ends_the_job(driver: JobDriver, bob: User) -> None:
    guide = make_upload(bob, name="guide.png")
    job = submit(driver, guide)
    make_private(guide, bob)
    driver.run_turn(job)
    assert (job.state, job.error) == (Job.State.FAILED, str(GUIDE_GONE))


def test_guides_must_be_visible_to_the_person_who_submits(driver: JobDriver, bob: User, charlie: User) -> None:
    private = make_upload(bob, name="guide.png")
    make_private(private, bob)
    deleted = make_upload(bob, name="guide.png")
    delete_asset(asset=deleted)
    for guide in (private, make_upload(charlie), deleted):
        with pytest.raises(JobRefused, match="guides the drawing"):
            submit(driver, guide)
    assert not Job.objects.exists()


def test_a_job_guided_by_a_private_picture_is_private(driver: JobDriver, bob: User) -> None:
    private = make_upload(bob, name="guide.png")
    make_private(private, bob)
    driver.user = bob
    job = driver.run_turn(submit(driver, private))
    assert (job.private_to, job.state) == (bob, Job.State.PROCESSING)


def test_a_damaged_guide_is_refused_in_words(driver: JobDriver, alice: User) -> None:
    guide = make_upload(alice, name="guide.png")
    Blob.objects.filter(assets=guide).update(problem="The image is damaged or incomplete.")
    with pytest.raises(JobRefused, match="damaged"):
        submit(driver, guide)


def test_guides_that_are_no_longer_sent_do_not_prevent_a_retry(alice: User, bob: User) -> None:
    guide = make_upload(bob, name="guide.png")
    make_private(guide, bob)
    job = make_job(bob, state=Job.State.FAILED, steps=[draw(guide)], resume_state=Job.State.DOWNLOADING)
    assert retry_job(actor=as_actor(alice), job=job).state == Job.State.DOWNLOADING


def test_guides_of_other_features_are_dropped(driver: JobDriver, alice: User) -> None:
    guides = draw(make_upload(alice)).control_images
    assert driver.submit_steps(Step("denoise", {}, guides)).parsed_steps[0].control_images == ()


def test_a_reference_that_is_no_uuid_is_refused(driver: JobDriver, alice: User) -> None:
    step = Step("img2anime", {}, (ControlImage("../etc/passwd", "cartoon_tile"),))
    with pytest.raises(ValueError, match="image_uid"):
        submit_job(
            actor=driver.actor,
            connection=driver.connection,
            source=make_upload(alice),
            steps=[step],
            output=Output(),
        )
