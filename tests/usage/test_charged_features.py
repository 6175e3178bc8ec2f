"""The features that charges are for."""

import pytest

from tests.factories import ENLARGE, make_job
from vanceweb.catalogue.steps import Step
from vanceweb.teams.models import User
from vanceweb.usage.charged_features import find_feature, find_labels, list_job_labels

DENOISE = Step("denoise", {"auto_params": True, "remove_noise": 75, "sharpen": 75})


def test_a_job_of_one_step_is_its_feature_and_one_of_several_a_workflow(alice: User) -> None:
    assert find_feature("denoise", make_job(alice)) == "enlarge3"
    assert find_feature("denoise", make_job(alice, steps=(DENOISE, ENLARGE))) == "workflow"


def test_a_service_may_list_a_workflow_under_any_of_its_steps(alice: User) -> None:
    assert list_job_labels(make_job(alice)) == {"enlarge3"}
    assert list_job_labels(make_job(alice, steps=(DENOISE, ENLARGE))) == {"denoise", "enlarge3", "workflow"}


def test_a_job_whose_steps_cant_be_read_has_its_feature(alice: User) -> None:
    job = make_job(alice)
    job.steps = {"v": 99}
    assert (find_feature("x", job), list_job_labels(job)) == ("enlarge3", {"enlarge3"})


@pytest.mark.parametrize(
    ("name", "slugs"),
    [
        ("va_sharpen_standard", {"sharpen3"}),
        ("sharpen3", {"sharpen3"}),
        ("Colorize", {"deoldify2", "sd_recolor"}),
        ("workflow", {"workflow"}),
        ("nobody", set()),
    ],
)
def test_a_name_may_mean_several_features(name: str, slugs: set[str]) -> None:
    assert find_labels(name) == slugs
