"""Jobs of one and of several steps: submission, the run, the pages, and jobs from before there were steps."""

import importlib
import re
from decimal import Decimal

import pytest
from django.test import Client

from tests.factories import ENLARGE, make_job
from tests.jobs.conftest import NOTHING_TO_DO, JobDriver
from vanceweb.catalogue.jconfig import JConfigError
from vanceweb.catalogue.step_serialisation import parse_steps
from vanceweb.catalogue.steps import ControlImage, Step
from vanceweb.engine.models import Transform
from vanceweb.gallery.models import Asset
from vanceweb.jobs.models import Job
from vanceweb.teams.models import User

DENOISE = Step("denoise", NOTHING_TO_DO)
ENLARGE_QUICKLY = Step("enlarge3", {"scale": 2, "suppress_noise": 0, "remove_blur": 0})


def test_a_workflow_runs_in_one_transform_and_is_charged_once(driver: JobDriver) -> None:
    job = driver.run_until(driver.submit_steps(DENOISE, ENLARGE_QUICKLY), Job.State.DONE)
    assert (job.credits, driver.count_charges(), Transform.objects.count()) == (Decimal(2), 1, 1)
    assert job.result is not None
    assert (job.result.width, job.result.height, job.result.name) == (48, 32, "holiday-workflow.png")


def test_job_and_result_have_the_feature_of_the_last_step(driver: JobDriver) -> None:
    job = driver.run_until(driver.submit_steps(DENOISE, ENLARGE_QUICKLY), Job.State.DONE)
    assert (job.feature, job.title) == ("enlarge3", "Denoise → Enlarge")
    assert sorted(Asset.objects.values_list("kind", "feature")) == [("result", "enlarge3"), ("upload", "")]


def test_steps_are_stored_with_complete_parameters(driver: JobDriver) -> None:
    job = driver.submit_steps(Step("denoise", {"remove_noise": 10}))
    job.refresh_from_db()
    assert job.parsed_steps == (Step("denoise", {"auto_params": False, "remove_noise": 10, "sharpen": 75}),)


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([], "at least one step"),
        ([DENOISE] * 11, "at most 10"),
        ([ENLARGE, DENOISE], "it can only be the last step"),
        ([Step("denoise", {"remove_noise": 101})], "remove_noise is 101"),
        ([Step("nothing")], "Unknown module"),
    ],
)
def test_steps_that_the_api_does_not_accept_become_no_job(driver: JobDriver, steps: list[Step], words: str) -> None:
    with pytest.raises(JConfigError) as refusal:
        driver.submit_steps(*steps)
    assert words in str(refusal.value)
    assert not Job.objects.exists()


def test_the_page_shows_the_settings_of_each_step(alice: User, client: Client) -> None:
    client.force_login(alice)
    job = make_job(alice, steps=[Step("denoise", {"auto_params": False, "remove_noise": 12}), ENLARGE])
    page = " ".join(client.get(f"/jobs/{job.uuid}/").content.decode().split())
    assert "<h1>Denoise → Enlarge</h1>" in page
    facts = re.findall(r"<dt>([^<]+)</dt>\s*<dd>\s*(?:<strong>)?([^<]*?)\s*<", page.split("<dl")[1])
    shown = facts[facts.index(("Step 1", "Denoise")) :][:8]
    assert shown == [
        ("Step 1", "Denoise"),
        ("Automatic", "off"),
        ("Remove noise", "12%"),
        ("Sharpen", "75%"),
        ("Step 2", "Enlarge"),
        ("Enlarge by", "2×"),
        ("Suppress noise", "40%"),
        ("Remove blur", "60%"),
    ]
    assert "Denoise → Enlarge" in client.get("/t/studio/jobs/").content.decode()


def test_a_job_of_one_step_has_no_numbered_steps(alice: User, client: Client) -> None:
    client.force_login(alice)
    assert "Step 1" not in client.get(f"/jobs/{make_job(alice).uuid}/").content.decode()


def test_a_workflow_is_not_run_again_with_the_form_of_one_step(alice: User, client: Client) -> None:
    client.force_login(alice)
    job = make_job(alice, steps=[DENOISE, Step("enlarge3", {"scale": 8})])
    assert "?from=" not in client.get(f"/jobs/{job.uuid}/").content.decode()
    form = client.get(f"/t/studio/features/enlarge3/?from={job.uuid}").context["form"]
    assert form["scale"].value() == "2"


def test_jobs_from_before_there_were_steps_keep_their_settings() -> None:
    migration = importlib.import_module("vanceweb.jobs.migrations.0007_steps_of_existing_jobs")
    guides = [[None, "cartoon_tile"], ["a" * 32, "cartoon_lineart"]]
    assert parse_steps(migration.build_steps("img2anime", {"prompt": "sea"}, guides)) == (
        Step(
            "img2anime", {"prompt": "sea"}, (ControlImage(None, "cartoon_tile"), ControlImage(None, "cartoon_lineart"))
        ),
    )
