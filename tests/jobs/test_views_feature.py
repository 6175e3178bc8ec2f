"""The page of a feature: its form, accepted submissions and errors."""

import io
import json
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from tests.conftest import as_actor, get_bundled, make_picture_file
from tests.factories import make_hosted_connection, make_job, make_private, make_upload
from tests.lib.peculiar_pictures import build_mpo
from vanceweb.catalogue.output import Output
from vanceweb.catalogue.steps import Step
from vanceweb.gallery.models import Asset
from vanceweb.gallery.services import store_upload
from vanceweb.jobs.conditions import JobRefused
from vanceweb.jobs.models import Job
from vanceweb.jobs.services import submit_job
from vanceweb.teams.models import User
from vanceweb.vault.models import Connection

HTMX = {"HX-Request": "true"}
NOBODYS_ID = "00000000-0000-4000-8000-000000000000"


def build_picture(name: str = "holiday.png", **options: Any) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, make_picture_file(**options).read())


def make_blank_png(width: int, height: int) -> bytes:
    """Return a black PNG of a single bit per pixel, a few kilobytes at any size."""
    file = io.BytesIO()
    Image.new("1", (width, height)).save(file, "PNG")
    return file.getvalue()


def as_upload(user: User, content: bytes) -> Asset:
    return store_upload(actor=as_actor(user), file=io.BytesIO(content), name="big.png")


def test_an_unknown_feature_is_not_found(visitor: Client) -> None:
    assert visitor.get("/t/studio/features/nothing/").status_code == 404


def test_a_picture_and_settings_become_a_job(visitor: Client, submission: dict[str, Any]) -> None:
    response = visitor.post("/t/studio/features/enlarge3/", submission | {"picture": build_picture()})
    job = Job.objects.get()
    assert (response.status_code, response["Location"]) == (302, f"/jobs/{job.uuid}/")
    assert job.parsed_steps == (Step("enlarge3", {"scale": 4, "suppress_noise": 10, "remove_blur": 20}),)
    assert job.source is not None
    assert (job.source.name, job.source.kind, job.source.width) == ("holiday.png", Asset.Kind.UPLOAD, 24)


def test_a_page_that_sends_by_htmx_is_told_where_to_go(visitor: Client, submission: dict[str, Any]) -> None:
    response = visitor.post("/t/studio/features/enlarge3/", submission | {"picture": build_picture()}, headers=HTMX)
    assert response["HX-Redirect"] == f"/jobs/{Job.objects.get().uuid}/"


def test_a_sample_becomes_a_job(visitor: Client, submission: dict[str, Any]) -> None:
    visitor.post("/t/studio/features/enlarge3/", submission | {"sample": "cat"})
    source = Job.objects.get().source
    assert source is not None
    assert source.kind == Asset.Kind.SAMPLE


def test_a_picture_of_the_site_becomes_a_job(visitor: Client, alice: User, submission: dict[str, Any]) -> None:
    asset = make_upload(alice)
    visitor.post("/t/studio/features/enlarge3/", submission | {"source": str(asset.uuid)})
    assert Job.objects.get().source == asset


def test_a_new_file_wins_over_a_picture_of_the_site(visitor: Client, alice: User, submission: dict[str, Any]) -> None:
    asset = make_upload(alice)
    visitor.post(
        "/t/studio/features/enlarge3/", submission | {"source": str(asset.uuid), "picture": build_picture("new.png")}
    )
    assert Job.objects.get().source_name == "new.png"


def test_a_file_of_several_jpgs_is_kept_byte_for_byte_and_downloaded_as_a_jpg(
    visitor: Client, submission: dict[str, Any]
) -> None:
    content = build_mpo()
    picture = SimpleUploadedFile("stereo.mpo", content)
    assert visitor.post("/t/studio/features/enlarge3/", submission | {"picture": picture}).status_code == 302
    asset = Asset.objects.get()
    download = visitor.get(f"/gallery/{asset.uuid}/file/?download=1")
    assert (download["Content-Type"], download.getvalue()) == ("image/jpeg", content)
    assert "stereo.jpg" in download["Content-Disposition"]


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (SimpleUploadedFile("text.png", b"no picture at all"), "This is not an image; JPG and PNG are accepted."),
        (SimpleUploadedFile("empty.png", b""), "The file is empty."),
        (SimpleUploadedFile("layers.psd", b"8BPS" + bytes(30)), "This is a PSD file"),
    ],
)
def test_a_file_that_cannot_be_taken_is_refused_in_a_sentence(
    visitor: Client, submission: dict[str, Any], file: SimpleUploadedFile, sentence: str
) -> None:
    response = visitor.post("/t/studio/features/enlarge3/", submission | {"picture": file})
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert not Job.objects.exists()
    assert not Asset.objects.exists()


def test_pictures_beyond_the_limits_are_refused(visitor: Client, submission: dict[str, Any], settings: Any) -> None:
    settings.UPLOAD_MAX_PIXELS = 100
    response = visitor.post("/t/studio/features/enlarge3/", submission | {"picture": build_picture()})
    assert response.status_code == 422
    assert "24 x 16 px" in response.content.decode()


@pytest.mark.parametrize("chosen", ["file", "picture of the site"])
def test_an_impossible_size_is_refused_before_the_picture_is_stored(
    visitor: Client, alice: User, submission: dict[str, Any], chosen: str
) -> None:
    picture = make_blank_png(4000, 3000)
    stored = as_upload(alice, picture) if chosen != "file" else None
    given = {"source": str(stored.uuid)} if stored else {"picture": SimpleUploadedFile("big.png", picture)}
    response = visitor.post("/t/studio/features/enlarge3/", submission | given | {"scale": "8"})
    page = response.content.decode()
    assert response.status_code == 422
    assert "32000 x 24000 px, 768.0 megapixels; the limit is 200.0 megapixels" in page
    assert "4000 x 3000 px can&#x27;t be enlarged 8x, only 2x or 4x" in page
    assert 'id="id_scale_error"' in page
    assert Asset.objects.count() == (1 if stored else 0)
    assert not Job.objects.exists()


@pytest.mark.parametrize(("scale", "status"), [("4", 302), ("8", 422)])
def test_another_service_is_asked_for_any_size_that_the_gallery_can_take(
    visitor: Client, alice: User, submission: dict[str, Any], scale: str, status: int
) -> None:
    """The limits of other services aren't known. A result of more than 220 megapixels couldn't be stored here."""
    hosted = make_hosted_connection(alice)
    given = {"picture": SimpleUploadedFile("big.png", make_blank_png(4500, 3000)), "connection": str(hosted.uuid)}
    response = visitor.post("/t/studio/features/enlarge3/", submission | given | {"scale": scale})
    assert response.status_code == status


def test_an_impossible_size_is_refused_whatever_submits_it(alice: User, bundled: Connection) -> None:
    steps = [Step("chainner", {"scale": "8x"}), Step("real_esrgan", {"scale": "8x"})]
    with pytest.raises(JobRefused, match=r"102400 x 64000 px, 6553\.6 megapixels; the limit is 200\.0 megapixels"):
        submit_job(
            actor=as_actor(alice),
            connection=bundled,
            source=as_upload(alice, make_blank_png(1600, 1000)),
            steps=steps,
            output=Output(),
        )


def test_the_page_knows_the_limit_of_each_connection(visitor: Client, alice: User, bundled: Connection) -> None:
    hosted = make_hosted_connection(alice)
    page = visitor.get("/t/studio/features/enlarge3/").content.decode()
    assert f"{bundled.uuid}:200000000" in page
    assert f"{hosted.uuid}:220000000" in page


def test_a_picture_is_required(visitor: Client, submission: dict[str, Any]) -> None:
    response = visitor.post("/t/studio/features/enlarge3/", submission)
    assert response.status_code == 422
    assert "Choose a picture first" in response.content.decode()


def test_what_was_typed_comes_back_with_the_mistake(visitor: Client, submission: dict[str, Any]) -> None:
    wrong = submission | {"remove_blur": "101", "suppress_noise": "33", "picture": build_picture()}
    response = visitor.post("/t/studio/features/enlarge3/", wrong)
    page = response.content.decode()
    assert response.status_code == 422
    assert 'value="33"' in page
    assert 'id="id_remove_blur_error"' in page
    assert not Asset.objects.exists(), "the picture is stored only with a valid form"


def test_a_picture_of_the_team_becomes_the_actors_job(
    visitor: Client, bob: User, alice: User, submission: dict[str, Any]
) -> None:
    asset = make_upload(bob)
    visitor.post("/t/studio/features/enlarge3/", submission | {"source": str(asset.uuid)})
    job = Job.objects.get()
    assert (job.source, job.ownership) == (asset, as_actor(alice).own())


@pytest.mark.parametrize("theirs", ["source", "connection"])
def test_a_strangers_row_is_not_taken(
    visitor: Client, charlie: User, alice: User, submission: dict[str, Any], theirs: str
) -> None:
    charlies = {"source": make_upload(charlie).uuid, "connection": get_bundled(charlie).uuid}
    given = submission | {"source": str(make_upload(alice).uuid)} | {theirs: str(charlies[theirs])}
    assert visitor.post("/t/studio/features/enlarge3/", given).status_code == 422
    assert not Job.objects.exists()


@pytest.mark.parametrize("theirs", ["source", "connection"])
def test_a_row_private_to_somebody_else_is_not_taken(
    visitor: Client, bob: User, alice: User, submission: dict[str, Any], theirs: str
) -> None:
    bobs = {"source": make_upload(bob), "connection": make_hosted_connection(bob)}
    make_private(bobs["source"], bob)
    given = submission | {"source": str(make_upload(alice).uuid)} | {theirs: str(bobs[theirs].uuid)}
    assert visitor.post("/t/studio/features/enlarge3/", given).status_code == 422
    assert not Job.objects.exists()


@pytest.mark.parametrize("broken", ["source", "connection"])
def test_malformed_ids_are_refused(visitor: Client, submission: dict[str, Any], broken: str) -> None:
    given = submission | {"sample": "cat", broken: "no uuid"}
    assert visitor.post("/t/studio/features/enlarge3/", given).status_code == 422


def test_run_again_starts_with_the_settings_and_picture_of_the_job(visitor: Client, alice: User) -> None:
    job = make_job(alice, steps=[Step("enlarge3", {"scale": 8, "suppress_noise": 7, "remove_blur": 91})])
    response = visitor.get(f"/t/studio/features/enlarge3/?from={job.uuid}")
    form = response.context["form"]
    assert (form["scale"].value(), form["suppress_noise"].value(), form["remove_blur"].value()) == ("8", 7, 91)
    assert response.context["source"] == job.source
    assert str(job.source.uuid if job.source else "") in response.content.decode()


@pytest.mark.parametrize("query", ["from=nothing", f"from={NOBODYS_ID}", "source=nothing"])
def test_a_beginning_that_is_not_there_is_not_found(visitor: Client, query: str) -> None:
    assert visitor.get(f"/t/studio/features/enlarge3/?{query}").status_code == 404


def test_a_job_and_a_picture_of_the_team_give_initial_values(visitor: Client, bob: User) -> None:
    job, asset = make_job(bob), make_upload(bob)
    assert visitor.get(f"/t/studio/features/enlarge3/?from={job.uuid}").context["source"] == job.source
    assert visitor.get(f"/t/studio/features/enlarge3/?source={asset.uuid}").context["source"] == asset


@pytest.mark.parametrize("whose", ["strangers", "private"])
def test_a_strangers_or_a_private_job_or_picture_gives_no_initial_values(
    visitor: Client, bob: User, charlie: User, whose: str
) -> None:
    owner = charlie if whose == "strangers" else bob
    job, asset = make_job(owner), make_upload(owner)
    if whose == "private":
        make_private(job, bob)
        make_private(asset, bob)
    assert visitor.get(f"/t/studio/features/enlarge3/?from={job.uuid}").status_code == 404
    assert visitor.get(f"/t/studio/features/enlarge3/?source={asset.uuid}").context["source"] is None


def test_run_again_does_not_offer_somebody_elses_private_connection(visitor: Client, bob: User) -> None:
    private = make_hosted_connection(bob)
    job = make_job(bob, connection=private)
    response = visitor.get(f"/t/studio/features/enlarge3/?from={job.uuid}")
    assert response.context["source"] == job.source
    assert str(private.uuid) not in response.content.decode()


def test_without_a_connection_a_feature_says_what_to_do(visitor: Client, alice: User) -> None:
    Connection.objects.filter(team=as_actor(alice).team).delete()
    page = visitor.get("/t/studio/features/img2anime/").content.decode()
    assert 'id="submit-job"' not in page
    assert "/t/studio/connections/#add" in page


def test_every_connection_can_be_chosen(visitor: Client, alice: User) -> None:
    hosted = make_hosted_connection(alice)
    response = visitor.get("/t/studio/features/img2anime/")
    assert 'id="submit-job"' in response.content.decode()
    assert hosted in response.context["submission"].connections


def test_the_limits_are_on_the_page_for_the_check_in_the_browser(visitor: Client) -> None:
    page = visitor.get("/t/studio/features/enlarge3/").content.decode()
    assert f'data-max-bytes="{10 * 1024 * 1024}"' in page
    assert 'data-max-pixels="34000000"' in page


def test_a_switch_names_what_it_turns_off(visitor: Client) -> None:
    page = visitor.get("/t/studio/features/denoise/").content.decode()
    assert page.count('data-overridden-by="auto_params"') >= 2


def test_no_page_needs_inline_code(visitor: Client) -> None:
    response = visitor.get("/t/studio/features/matting/")
    page = response.content.decode()
    assert "unsafe" not in response["Content-Security-Policy"]
    assert " style=" not in page
    assert " onclick=" not in page
    assert "<style" not in page
    scripts = re.findall(r"<script\b[^>]*>(.*?)</script>", page, re.DOTALL)
    assert scripts
    assert not any(scripts)
    config = page.split('name="htmx-config"')[1].split("content='")[1].split("'")[0]
    assert json.loads(config)["allowEval"] is False
