"""Processes killed with -9 during a job on the live site: the job recovers by itself and is charged once."""

import io
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import make_picture_file
from tests.live_site import JOB_SECONDS, TEAM_PATH, LiveSite, ScriptlessVisitor, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("served")]

# Shorter than in production, so that the tests don't wait for it. The engine only takes its time (tests/operations.py):
# six seconds for a picture of 384 px, enlarged four times.
ENVIRONMENT = {"LEASE_SECONDS": "6", "DJANGO_SETTINGS_MODULE": "tests.timed_settings"}
SIDE, ENLARGED_SIDE = 384, 1536
LONG = {"scale": "4", "suppress_noise": "40", "remove_blur": "60"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, migrated_database: Path | None) -> Iterator[LiveSite]:
    """An installation with a team that alice owns. A test that stops it starts it again."""
    with LiveSite(tmp_path_factory.mktemp("deaths"), database=migrated_database, **ENVIRONMENT) as site:
        ScriptlessVisitor(site).create_owner()
        yield site


@pytest.fixture
def alice(site: LiveSite) -> ScriptlessVisitor:
    if site.process.poll() is not None:  # a test failed before it started the site again
        site.start()
    return ScriptlessVisitor(site).log_in()


def start_long_job(person: ScriptlessVisitor) -> str:
    """Start a job and return its path once some of its tiles are done, but not all."""
    picture = person.site.folder / "picture.png"
    picture.write_bytes(make_picture_file(SIDE, SIDE).getvalue())
    job = person.start_job(picture=picture, **LONG)
    percent = wait_for(lambda: person.get_percent(job), JOB_SECONDS, "the first tiles")
    assert percent < 100, "the job ended before it could be interrupted"
    return job


def assert_done_and_charged_once(person: ScriptlessVisitor, job: str, *, before: tuple[float, int]) -> None:
    with Image.open(io.BytesIO(person.wait_until_done(job))) as result:
        assert result.size == (ENLARGED_SIDE, ENLARGED_SIDE)
        result.load()
    balance, charges = before
    assert person.refresh_credits() == balance - 1
    wait_for(lambda: person.count_charges() == charges + 1, 30, "the charge in the history")
    time.sleep(3)  # by now a second charge would have come
    assert (person.refresh_credits(), person.count_charges()) == (balance - 1, charges + 1)


def get_account(person: ScriptlessVisitor) -> tuple[float, int]:
    return wait_for(lambda: (person.refresh_credits(), person.count_charges()), 30, "the balance")


def test_killed_engine_worker(site, alice):
    before = get_account(alice)
    job = start_long_job(alice)
    assert site.kill_workers("engine") == 1
    assert_done_and_charged_once(alice, job, before=before)


def test_io_workers_killed_again_and_again(site, alice):
    before = get_account(alice)
    job = start_long_job(alice)
    killed = 0
    while alice.get_state(job) == "active" and killed < 4:
        killed += site.kill_workers("io")
        time.sleep(0.7)
    assert killed >= 2
    assert_done_and_charged_once(alice, job, before=before)


def test_io_workers_killed_while_the_result_is_fetched(site, alice):
    """The workers are killed as fast as they restart, from the last tiles on, also between charge and stored result."""
    before = get_account(alice)
    job = start_long_job(alice)
    wait_for(lambda: (alice.get_percent(job) or 0) > 80, JOB_SECONDS, "the last tiles")
    killed, until = 0, time.monotonic() + 12
    # The supervisor restarts a worker that keeps dying after growing pauses.
    while time.monotonic() < until or killed < 2:
        killed += site.kill_workers("io")
        time.sleep(0.35)
    assert_done_and_charged_once(alice, job, before=before)


def test_killed_web_processes_come_back(site, alice):
    killed = set(site.find_pids("vanceweb.ops.web_server"))
    assert killed
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    alice.session.close()  # one of our kept-alive connections would lead to a dead process
    assert alice.get(TEAM_PATH + "gallery/").status_code == 200  # the port stayed open, so the request only waited
    wait_for(
        lambda: len(now := set(site.find_pids("vanceweb.ops.web_server"))) == len(killed) and not now & killed,
        30,
        "as many other web processes",
    )


def test_supervisor_killed_in_the_middle_of_a_job_leaves_nothing_and_the_next_start_ends_the_job(
    site: LiveSite, alice: ScriptlessVisitor, capsys: pytest.CaptureFixture[str]
):
    before = get_account(alice)
    job = start_long_job(alice)
    assert len(site.find_pids()) >= 7  # itself, web, io, engine, sweep
    site.kill()
    wait_for(lambda: not site.find_pids(), 5, "the end of every process")
    site.start()
    with capsys.disabled():
        print(f"\nsecond start of the site: {site.start_seconds:.1f} s")  # noqa: T201
    assert not site.setup_url, "an installation with an owner printed a set-up link"
    assert_done_and_charged_once(ScriptlessVisitor(site).log_in(), job, before=before)


def test_sigterm_in_the_middle_of_a_job_ends_everything_within_fifteen_seconds(
    site: LiveSite, alice: ScriptlessVisitor
):
    before = get_account(alice)
    job = start_long_job(alice)
    assert site.stop() < 15
    assert site.process.returncode == 0
    assert not site.find_pids()
    site.start()
    assert_done_and_charged_once(ScriptlessVisitor(site).log_in(), job, before=before)
