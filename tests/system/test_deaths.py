"""Killed with -9 in the middle of a job, on the served site: the job ends well by itself, and is charged once."""

import io
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.served import JOB_SECONDS, Person, Site, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("served")]

# Long enough on any machine to be killed in its middle: 4 times the sides of a photo of 512 px.
LONG = {"scale": "4", "suppress_noise": "40", "remove_blur": "60"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    # A shorter lease than the product's, so that the tests don't wait for it.
    with Site(tmp_path_factory.mktemp("deaths"), LEASE_SECONDS="6") as site:
        Person(site).make_owner()
        yield site


@pytest.fixture
def alice(site: Site) -> Person:
    return Person(site).log_in()


def begin_a_long_job(person: Person) -> str:
    """The path of a job that is being processed now: some of its tiles are done, and not all."""
    job = person.start_job(**LONG)
    percent = wait_for(lambda: person.percent(job), JOB_SECONDS, "the first tiles")
    assert percent < 100, "the job was over before it could be disturbed"
    return job


def assert_done_and_charged_once(person: Person, job: str, *, before: tuple[float, int]) -> None:
    with Image.open(io.BytesIO(person.wait_until_done(job))) as result:
        assert result.size == (2048, 2048)
        result.load()
    balance, charges = before
    assert person.credits_left() == balance - 1
    wait_for(lambda: person.charges() == charges + 1, 30, "the charge in the history")
    time.sleep(3)  # a second charge, if there were one, would have come by now
    assert (person.credits_left(), person.charges()) == (balance - 1, charges + 1)


def account(person: Person) -> tuple[float, int]:
    return wait_for(lambda: (person.credits_left(), person.charges()), 30, "the balance")


def test_killed_engine_worker(site, alice):
    before = account(alice)
    job = begin_a_long_job(alice)
    assert site.kill_workers("engine") == 1
    assert_done_and_charged_once(alice, job, before=before)


def test_io_workers_killed_again_and_again(site, alice):
    before = account(alice)
    job = begin_a_long_job(alice)
    killed = 0
    while alice.state(job) == "moving" and killed < 8:
        killed += site.kill_workers("io")
        time.sleep(0.7)
    assert killed >= 2
    assert_done_and_charged_once(alice, job, before=before)


def test_io_workers_killed_while_the_result_is_fetched(site, alice):
    """Killed as fast as they come back, from the last tiles on: between charge and stored result too."""
    before = account(alice)
    job = begin_a_long_job(alice)
    wait_for(lambda: (alice.percent(job) or 0) > 80, JOB_SECONDS, "the last tiles")
    killed, until = 0, time.monotonic() + 12
    while time.monotonic() < until:
        killed += site.kill_workers("io")
        time.sleep(0.35)
    assert killed >= 2
    assert_done_and_charged_once(alice, job, before=before)


def test_killed_web_server_comes_back(site, alice):
    killed = set(site.pids("gunicorn"))
    os.kill(site.pids("gunicorn")[0], signal.SIGKILL)
    # Its workers end with it. Until they have, a kept-alive connection of ours may still lead to one of them.
    wait_for(lambda: killed.isdisjoint(now := site.pids("gunicorn")) and now, 30, "another web server")
    assert alice.get("/gallery/").status_code == 200  # the port was held meanwhile, so the question only waited


def test_supervisor_killed_in_the_middle_of_a_job_leaves_nothing_and_the_next_start_ends_the_job(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    with Site(tmp_path, LEASE_SECONDS="6") as site:
        alice = Person(site).make_owner()
        before = account(alice)
        job = begin_a_long_job(alice)
        assert len(site.pids()) >= 7  # itself, gunicorn and its workers, io, engine, sweep
        site.kill()
        wait_for(lambda: not site.pids(), 5, "the end of every process")
        site.start()
        with capsys.disabled():
            print(f"\nsecond start of the site: {site.start_seconds:.1f} s")  # noqa: T201
        assert not site.setup_url, "an installation with an owner printed a set-up link"
        alice = Person(site).log_in()
        assert_done_and_charged_once(alice, job, before=before)


def test_sigterm_in_the_middle_of_a_job_ends_everything_within_fifteen_seconds(tmp_path: Path):
    with Site(tmp_path, LEASE_SECONDS="6") as site:
        alice = Person(site).make_owner()
        before = account(alice)
        job = begin_a_long_job(alice)
        assert site.stop() < 15
        assert site.process.returncode == 0
        assert not site.pids()
        site.start()
        alice = Person(site).log_in()
        assert_done_and_charged_once(alice, job, before=before)
