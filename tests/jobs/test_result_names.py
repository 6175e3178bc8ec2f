"""The name of a result is one and the same in the gallery, in its download and in the engine."""

from typing import Any
from urllib.parse import quote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.conftest import make_picture_file
from tests.jobs.conftest import JobDriver
from vanceweb.catalogue.features import FEATURES
from vanceweb.catalogue.steps import Step
from vanceweb.catalogue.work_names import build_file_word
from vanceweb.engine.models import Transform
from vanceweb.gallery.models import Asset
from vanceweb.gallery.services import store_upload
from vanceweb.jobs.models import Job
from vanceweb.lib.file_names import build_result_name

NAMES = {
    "Hindi": "हिन्दी.png",
    "Thai": "ไทยเที่ยว.png",
    "family": "👨\u200d👩\u200d👧\u200d👦.png",
    "heart": "❤\ufe0f\u200d🔥.png",
    "Persian": "می\u200cخواهم.png",
    "Hebrew": "תמונה.png",
}


def test_the_name_in_gallery_download_and_engine_is_the_same(driver: JobDriver, client: Client) -> None:
    source = store_upload(actor=driver.actor, file=make_picture_file(), name="photo.png")
    job = driver.submit(module="sd_recolor", source=source, prompt="a red door")
    driver.run_until(job, Job.State.DONE)
    assert job.result is not None
    assert job.result.name == job.result.download_name == "photo-recolor.png"
    client.force_login(driver.user)
    download = client.get(f"/gallery/{job.result.uuid}/file/?download=1")
    assert download["Content-Disposition"] == 'attachment; filename="photo-recolor.png"'
    # The engine knows the picture by the job's id alone.
    assert Transform.objects.get().result_name == f"{job.uuid.hex}-recolor.png"


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_an_uploaded_file_keeps_its_name_through_the_form_and_back(
    client: Client, driver: JobDriver, name: str
) -> None:
    client.force_login(driver.user)
    picture = SimpleUploadedFile("x.png", make_picture_file().read())
    picture._name = name  # type: ignore[attr-defined] - as a browser sends it
    settings = {"connection": str(driver.connection.uuid), "scale": "2", "suppress_noise": "10", "remove_blur": "20"}
    client.post("/t/studio/features/enlarge3/", settings | {"picture": picture})
    asset = Asset.objects.get()
    assert asset.name == Job.objects.get().source_name == name
    download = client.get(f"/gallery/{asset.uuid}/file/?download=1")
    assert download["Content-Disposition"] == f"attachment; filename*=utf-8''{quote(name)}"


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.slug)
def test_the_word_of_a_feature_is_fit_for_a_name(feature: Any) -> None:
    word = build_file_word([Step(feature.module, {})])
    assert build_result_name("photo.heic", word, "jpg") == f"photo-{word}.jpg"


def test_sharpening_and_workflows_have_words_that_people_read() -> None:
    assert build_file_word([Step("sharpen3", {})]) == "sharpen"
    assert build_file_word([Step("denoise", {}), Step("enlarge3", {})]) == "workflow"
