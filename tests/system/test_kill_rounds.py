"""Twelve rounds of kill -9 on a live site with twelve jobs: nothing is lost, and nothing is charged twice."""

import io
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest
import requests
from PIL import Image

from tests.live_site import LiveSite, ScriptlessVisitor, wait_for

JOBS = 12
# The engine only takes its time (tests/operations.py): two and a half seconds each.
ENLARGED = {"scale": "2", "suppress_noise": "40", "remove_blur": "60"}
# The words of each kind's command line. Two rounds hit each, and two more the worker that calls the service. The engine
# fails a job that has lost three workers, so a third round could hit the same job again.
WEB, DECODER, SWEEPER = ("vanceweb.ops.web_server",), ("vanceweb.lib.decoder",), ("manage.py sweep",)
IO, ENGINE = ("manage.py work", "--queue io "), ("manage.py work", "--queue engine ")
ROUNDS = (IO, ENGINE, WEB, IO, DECODER, SWEEPER, IO, WEB, ENGINE, DECODER, SWEEPER, IO)
# Longer than a job's work and shorter than the lease: rounds hit different moments of different jobs.
PAUSE_SECONDS = 2.3


def kill_all(site: LiveSite, words: tuple[str, ...]) -> int:
    """Send SIGKILL to the processes whose command line contains the words, and return their number."""
    pids = wait_for(lambda: site.find_pids(*words), 30, f"a process of {words}")
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return len(pids)


def get_account(person: ScriptlessVisitor) -> tuple[float, int]:
    """Return the balance and the number of charges. A request may meet a web process that was just killed."""
    with suppress(requests.RequestException):
        return person.refresh_credits(), person.count_charges()
    return -1, -1


@pytest.mark.slow
@pytest.mark.xdist_group("served-briefly")
def test_twelve_rounds_of_kill_9(tmp_path: Path, migrated_database: Path | None) -> None:
    environment = {"LEASE_SECONDS": "6", "DJANGO_SETTINGS_MODULE": "tests.timed_settings"}
    with LiveSite(tmp_path / "data", database=migrated_database, **environment) as site:
        alice = ScriptlessVisitor(site).create_owner()
        balance, charges = get_account(alice)
        jobs = [alice.start_job(**ENLARGED) for _number in range(JOBS)]
        for words in ROUNDS:
            assert kill_all(site, words) >= 1
            time.sleep(PAUSE_SECONDS)
        wait_for(lambda: site.find_pids(*WEB), 30, "another web server")
        alice = ScriptlessVisitor(site).log_in()
        for job in jobs:
            with Image.open(io.BytesIO(alice.wait_until_done(job))) as result:
                result.load()
                assert result.size == (1024, 1024)
        after = (balance - JOBS, charges + JOBS)
        wait_for(lambda: get_account(alice) == after, 60, f"the charges {after}")
        time.sleep(3)  # by now a second charge would have come
        assert get_account(alice) == after
