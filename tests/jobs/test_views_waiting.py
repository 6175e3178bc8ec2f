"""The words and figures that pages show of a job that waits, and of the time that it took."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.conftest import get_bundled
from tests.factories import make_job
from vanceweb.jobs.forecast import Place
from vanceweb.jobs.models import Job
from vanceweb.jobs.templatetags.waiting import describe_place, describe_state
from vanceweb.teams.models import User

HTMX = {"HX-Request": "true"}
SENT = {"state": Job.State.PROCESSING, "trans_id": "a" * 32}


@pytest.mark.parametrize(
    ("position", "seconds", "text"),
    [
        (1, 0, "Next in line, starts soon"),
        (2, 14, "2nd in line, about 10 s"),
        (3, 59, "3rd in line, about 50 s"),
        (3, 120, "3rd in line, about 2 min"),
        (11, 3590, "11th in line, about 59 min"),
        (12, 4000, "12th in line, about 1 hour"),
        (900, 7300, "900th in line, about 2 hours"),
    ],
)
def test_a_place_in_words(position: int, seconds: float, text: str) -> None:
    assert describe_place(Place(position, seconds)) == text


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"state": Job.State.QUEUED}, "Waiting"),
        ({"state": Job.State.PROCESSING}, "Starting"),
        (SENT | {"work_started_at": timezone.now(), "percent": 41.7}, "Processing 42 %"),
        ({"state": Job.State.DONE, "work_started_at": timezone.now(), "percent": 100.0}, "Done"),
        ({"state": Job.State.HELD}, "Held"),
    ],
)
def test_a_state_in_words(fields: dict[str, Any], text: str) -> None:
    assert describe_state(Job(**fields)) == text


def queue(person: User, **fields: Any) -> Job:
    """Make a job that waits for the bundled engine."""
    given = {"state": Job.State.QUEUED, "connection": get_bundled(person), "expected_seconds": 60.0}
    return make_job(person, **given | fields)


def test_a_waiting_job_tells_its_place_and_no_percentage(visitor: Client, alice: User) -> None:
    """Two are before it, and one worker does all of them."""
    now = timezone.now()
    for minutes in (3, 2):
        queue(alice, queue_rank=now - timedelta(minutes=minutes))
    job = queue(alice, queue_rank=now, percent=0.0)
    fragment = visitor.get(f"/jobs/{job.uuid}/progress/", headers=HTMX).content.decode()
    assert "3rd in line, about 2 min" in fragment
    assert "<title>Waiting · holiday.png · vanceweb</title>" in fragment
    assert 'data-percent=""' in fragment
    assert " %" not in fragment.split("<progress")[0].split('id="job-phase"')[1]
    assert "Processing" not in fragment
    assert 'hx-trigger="every 3s"' in fragment


def test_a_job_that_waits_at_its_service_is_not_processing(visitor: Client, alice: User) -> None:
    job = queue(alice, **SENT, percent=0.0, not_before=None)
    fragment = visitor.get(f"/jobs/{job.uuid}/progress/", headers=HTMX).content.decode()
    assert "Next in line" in fragment
    assert "Processing" not in fragment


def test_the_lists_tell_places_too(visitor: Client, alice: User) -> None:
    now = timezone.now()
    queue(alice, queue_rank=now - timedelta(minutes=1))
    queue(alice, queue_rank=now)
    for page in ("/t/studio/jobs/", "/t/studio/"):
        text = visitor.get(page).content.decode()
        assert "Next in line, starts soon" in text, page
        assert "2nd in line, about 1 min" in text, page


def test_the_time_that_a_job_took_is_that_of_the_work(visitor: Client, alice: User) -> None:
    now = timezone.now()
    submitted = {"submitted_at": now - timedelta(minutes=10), "finished_at": now}
    job = make_job(alice, **submitted, work_started_at=now - timedelta(seconds=20), work_seconds=19.0)
    page = visitor.get(f"/jobs/{job.uuid}/").content.decode()
    assert "<dt>Took</dt><dd>19 s</dd>" in page
    assert "10 min" not in page
    assert '<span class="job-row-time">19 s</span>' in visitor.get("/t/studio/jobs/").content.decode()


def test_a_job_on_which_nobody_worked_took_no_time(visitor: Client, alice: User) -> None:
    now = timezone.now()
    job = make_job(alice, state=Job.State.FAILED, submitted_at=now - timedelta(minutes=10), finished_at=now)
    assert "<dt>Took</dt>" not in visitor.get(f"/jobs/{job.uuid}/").content.decode()


@pytest.mark.parametrize("state", [Job.State.FAILED, Job.State.CANCELLED])
def test_nothing_says_that_a_job_that_ended_early_will_cost_something(visitor: Client, alice: User, state: str) -> None:
    job = make_job(alice, state=state)
    page = visitor.get(f"/jobs/{job.uuid}/").content.decode()
    assert "when done" not in page
    assert "Nothing was charged" in page
