"""How long services take: measured from jobs that are done, and expected of new ones."""

from typing import Any

import pytest

from tests.conftest import get_bundled
from tests.factories import ENLARGE, make_hosted_connection, make_job, make_upload
from vanceweb.catalogue.steps import Step
from vanceweb.gallery.models import Asset
from vanceweb.jobs.models import RunTime
from vanceweb.jobs.run_times import (
    GUESSED_SECONDS_PER_MEGAPIXEL,
    LAST_RUNS,
    LEAST_MEGAPIXELS,
    LONGEST_SECONDS,
    estimate_seconds,
    record_run_time,
)
from vanceweb.teams.models import User

DENOISE = Step("denoise", {"auto_params": True})


def estimate(user: User, *steps: Step, size: tuple[int, int] = (2000, 1000), connection: Any = None) -> float:
    chosen = connection or get_bundled(user)
    return estimate_seconds(connection=chosen, steps=steps, width=size[0], height=size[1])


def record(
    user: User,
    seconds: float | None,
    *,
    steps: tuple[Step, ...] = (DENOISE,),
    source: Asset | None = None,
    **fields: Any,
) -> None:
    source = source or make_upload(user, width=1000, height=1000)
    job = make_job(user, steps=steps, source=source, result=None, work_seconds=seconds, **fields)
    assert job.connection is not None
    record_run_time(job=job, connection=job.connection)


def test_without_a_measurement_the_size_alone_counts(alice: User) -> None:
    assert estimate(alice, DENOISE) == 2 * GUESSED_SECONDS_PER_MEGAPIXEL
    assert estimate(alice, DENOISE, size=(4, 4)) == LEAST_MEGAPIXELS * GUESSED_SECONDS_PER_MEGAPIXEL


def test_a_run_tells_how_long_the_next_takes(alice: User) -> None:
    record(alice, 3.0)
    assert estimate(alice, DENOISE) == pytest.approx(6.0)


def test_a_single_slow_run_changes_little_and_old_figures_fade(alice: User) -> None:
    source = make_upload(alice, width=1000, height=1000)
    for _ in range(LAST_RUNS):
        record(alice, 1.0, source=source)
    record(alice, 11.0, source=source)
    assert estimate(alice, DENOISE, size=(1000, 1000)) == pytest.approx(2.0)
    for _ in range(5 * LAST_RUNS):
        record(alice, 11.0, source=source)
    assert estimate(alice, DENOISE, size=(1000, 1000)) == pytest.approx(11.0, rel=0.05)


def test_each_service_has_its_own_figures(alice: User) -> None:
    record(alice, 3.0)
    hosted = make_hosted_connection(alice)
    assert estimate(alice, DENOISE, connection=hosted) == 2 * GUESSED_SECONDS_PER_MEGAPIXEL
    record(alice, 1.0, connection=hosted)
    assert estimate(alice, DENOISE, connection=hosted) == pytest.approx(2.0)
    assert estimate(alice, DENOISE) == pytest.approx(6.0)


def test_each_step_of_a_workflow_counts_at_its_own_size(alice: User) -> None:
    record(alice, 3.0)
    record(alice, 5.0, steps=(ENLARGE,))
    twice = Step("real_esrgan", {"scale": "2x"})
    assert estimate(alice, twice, DENOISE) == pytest.approx(2 * GUESSED_SECONDS_PER_MEGAPIXEL + 8 * 3.0)


def test_workflows_and_jobs_without_a_known_time_are_no_measurement(alice: User) -> None:
    record(alice, 3.0, steps=(DENOISE, ENLARGE))
    record(alice, None)
    assert not RunTime.objects.exists()


def test_nothing_is_expected_to_take_longer_than_a_day(alice: User) -> None:
    record(alice, 1e12)
    assert estimate(alice, DENOISE, size=(5800, 5800)) == LONGEST_SECONDS
