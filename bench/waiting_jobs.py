"""The costs and delays of waiting. `waiting.py` calls `main` in a process with settings and a data folder of its own.

- Statements and processor time of 1,000 jobs that wait for an engine which takes none of them.
- The time from the end of the engine's work to the finished job.
- The time of a small job on the bundled engine alone, and beside ten jobs at a service that accepts every connection
  and never answers.
"""

import os
import socket
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.management import call_command

from bench.counted_sqlite.base import STATEMENTS_FILE
from bench.served_site import ServedSite, serve_site
from vanceweb.catalogue.output import Output
from vanceweb.catalogue.steps import Step
from vanceweb.engine.models import Transform
from vanceweb.gallery.services import store_upload
from vanceweb.jobs.models import Job
from vanceweb.jobs.services import cancel_job, submit_job
from vanceweb.ops.services import set_up_installation
from vanceweb.teams.access import Actor, find_home_actor
from vanceweb.vault.models import Connection
from vanceweb.vault.services import add_connection

WAITING_JOBS = 1000
WATCHED_SECONDS = 60.0
SETTLING_SECONDS = 15.0
SMALL_JOBS = 15
HANGING_JOBS = 10
LONGEST_SECONDS = 120.0
POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Load:
    """The work of a site in a minute: SQL statements, and seconds of processor time."""

    statements: float
    seconds: float

    def __str__(self) -> str:
        return f"{self.statements:6.0f} statements a minute, {self.seconds / 0.6:.2f} % of a core"


@dataclass(frozen=True)
class JobTimes:
    """Seconds from the submission to the finished job, and from the end of the work to it."""

    whole: float
    after_work: float


def main() -> None:
    call_command("prepare", verbosity=0)
    owner = set_up_installation(username="bench", password="any password of the bench", team_name="Bench")  # noqa: S106
    actor = find_home_actor(owner)
    if actor is None:
        raise RuntimeError("the installation has no team")
    measure_delays(actor)
    measure_waiting_jobs(actor)


def measure_waiting_jobs(actor: Actor) -> None:
    """Print what 1,000 waiting jobs cost, beside the idle site in the same run."""
    # Without a worker of the engine, nothing ever starts.
    with serve_site(ENGINE_WORKERS="0") as site:
        time.sleep(SETTLING_SECONDS)
        idle = _measure_load(site)
        print(f"idle site: {idle}")
        ids = _submit(actor, Connection.objects.bundled().get(), WAITING_JOBS)
        time.sleep(SETTLING_SECONDS)
        waiting = _measure_load(site)
        _cancel(ids)
    for_each = (waiting.statements - idle.statements) / WAITING_JOBS, (waiting.seconds - idle.seconds) / WAITING_JOBS
    print(
        f"{WAITING_JOBS} waiting jobs: {waiting} of 3 %; "
        f"for each job {for_each[0]:.3f} statements and {1000 * for_each[1]:.2f} ms a minute"
    )


def measure_delays(actor: Actor) -> None:
    """Print how long finished work waits for the site, and how long a small job waits for hanging ones."""
    bundled = Connection.objects.bundled().get()
    with serve_site(), serve_no_answers() as port:
        alone = [_measure_job(actor, bundled) for _number in range(SMALL_JOBS)]
        delays = [times.after_work for times in alone]
        print(f"work done → job done: median {statistics.median(delays):.2f} s of 1, longest {max(delays):.2f} s")
        hanging = add_connection(actor=actor, name="Hanging", base_url=f"http://127.0.0.1:{port}", token="x" * 40)
        ids = _submit(actor, hanging, HANGING_JOBS)
        time.sleep(SETTLING_SECONDS)
        beside = [_measure_job(actor, bundled).whole for _number in range(SMALL_JOBS)]
        _cancel(ids)
    before, after = statistics.median(times.whole for times in alone), statistics.median(beside)
    print(
        f"small job: {before:.2f} s alone, {after:.2f} s beside {HANGING_JOBS} hanging jobs, "
        f"{after - before:+.2f} s of 2 (medians; longest {max(beside):.2f} s)"
    )


@contextmanager
def serve_no_answers() -> Iterator[int]:
    """Listen on a free port of this machine during the block, accept every connection and answer none."""
    # The kernel accepts as many as the backlog holds, and nobody ever reads them.
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        yield listener.getsockname()[1]


def _submit(actor: Actor, connection: Connection, count: int) -> list[int]:
    """Submit jobs that compress a small photo, as the views do, and return their ids."""
    photo = settings.BASE_DIR / "tests" / "photos" / "astronaut.png"
    step = Step("compress", {"quality": 60})
    ids = []
    for _number in range(count):
        with photo.open("rb") as file:
            source = store_upload(actor=actor, file=file, name="photo.png")
        job = submit_job(actor=actor, connection=connection, source=source, steps=[step], output=Output())
        ids.append(job.pk)
    return ids


def _measure_job(actor: Actor, connection: Connection) -> JobTimes:
    (pk,) = _submit(actor, connection, 1)
    give_up_at = time.monotonic() + LONGEST_SECONDS
    while not (job := Job.objects.get(pk=pk)).has_ended:
        if time.monotonic() > give_up_at:
            raise RuntimeError("a small job didn't end")
        time.sleep(POLL_SECONDS)
    if job.state != Job.State.DONE or job.finished_at is None:
        raise RuntimeError(f"a small job ended as {job.state}: {job.error}")
    worked_until = Transform.objects.get(trans_id=job.trans_id).finished_at
    if worked_until is None:
        raise RuntimeError("the engine's work didn't end")
    return JobTimes(
        whole=(job.finished_at - job.submitted_at).total_seconds(),
        after_work=(job.finished_at - worked_until).total_seconds(),
    )


def _measure_load(site: ServedSite) -> Load:
    counted = Path(os.environ[STATEMENTS_FILE])
    statements, seconds = counted.stat().st_size, site.read_processor_seconds()
    time.sleep(WATCHED_SECONDS)
    minutes = WATCHED_SECONDS / 60
    return Load((counted.stat().st_size - statements) / minutes, (site.read_processor_seconds() - seconds) / minutes)


def _cancel(ids: list[int]) -> None:
    for job in Job.objects.filter(pk__in=ids):
        cancel_job(job=job)
