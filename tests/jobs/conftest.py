"""Fixtures that run jobs step by step: the test decides when the io worker and the engine's worker run."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from django_tasks_db.management.commands.db_worker import Worker

from tests.conftest import as_actor, make_picture_file
from vanceweb.catalogue.output import Output
from vanceweb.catalogue.steps import Step
from vanceweb.engine.models import LedgerEntry
from vanceweb.gallery.models import Asset, Blob
from vanceweb.gallery.services import store_upload
from vanceweb.gallery.sizes import THUMBNAIL_SIZES
from vanceweb.jobs.models import Job
from vanceweb.jobs.services import retry_job, submit_job
from vanceweb.jobs.worker import advance_job
from vanceweb.lib.call_slots import get_call_slots
from vanceweb.teams.access import Actor
from vanceweb.teams.models import User
from vanceweb.vault.models import Connection

# The fastest real work of the engine: it leaves the picture unchanged.
NOTHING_TO_DO = {"auto_params": False, "remove_noise": 0, "sharpen": 0}


def run_queue(name: str) -> None:
    """Run the real worker on a queue until nothing is due."""
    Worker(
        queue_names=[name],
        interval=0,
        batch=True,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id=f"test-{name}",
        excluded_queue_names=[],
    ).run()


@dataclass
class JobDriver:
    """Submits jobs of one user on one connection and runs the workers' turns."""

    user: User
    connection: Connection
    media: Path
    sources: list[Asset] = field(default_factory=list)

    @property
    def actor(self) -> Actor:
        return as_actor(self.user)

    def upload(self, *, width: int = 24) -> Asset:
        return store_upload(actor=self.actor, file=make_picture_file(width), name="holiday.png")

    def submit(
        self, *, module: str = "denoise", source: Asset | None = None, output: Output | None = None, **params: Any
    ) -> Job:
        return self.submit_steps(Step(module, params or NOTHING_TO_DO), source=source, output=output)

    def submit_steps(self, *steps: Step, source: Asset | None = None, output: Output | None = None) -> Job:
        return submit_job(
            actor=self.actor,
            connection=self.connection,
            source=source or self.upload(),
            steps=steps,
            output=output or Output(),
        )

    def retry(self, job: Job) -> Job:
        return retry_job(actor=self.actor, job=job)

    def run_turn(self, job: Job) -> Job:
        """Run one turn of the io worker, as if it were due."""
        Job.objects.filter(pk=job.pk).update(not_before=timezone.now())
        advance_job(job.pk)
        job.refresh_from_db()
        return job

    def run_until(self, job: Job, state: str, *, turns: int = 30) -> Job:
        """Run turns of both workers until the job is in the state."""
        for _ in range(turns):
            if job.state == state:
                return job
            run_queue("engine")
            self.run_turn(job)
        raise AssertionError(f"the job stays {job.state}: {job.error}")

    def count_charges(self) -> int:
        """Return the number of charges by the engine."""
        return LedgerEntry.objects.filter(kind=LedgerEntry.Kind.DOWNLOAD).count()

    def count_results(self) -> int:
        return Asset.objects.filter(kind=Asset.Kind.RESULT).count()

    def list_stray_files(self) -> list[Path]:
        """Return the files that no blob names."""
        blobs = Blob.objects.all()
        named = {blob.file.name for blob in blobs}
        named |= {blob.get_thumbnail_path(size) for blob in blobs for size in THUMBNAIL_SIZES}
        return [path for path in self.list_files() if str(path.relative_to(self.media)) not in named]

    def list_files(self) -> list[Path]:
        return sorted(path for path in self.media.rglob("*") if path.is_file())


@pytest.fixture
def submission(bundled: Connection) -> dict[str, Any]:
    """The form of Enlarge as the page sends it, without a picture."""
    return {"connection": str(bundled.uuid), "scale": "4", "suppress_noise": "10", "remove_blur": "20"}


@pytest.fixture(autouse=True)
def new_call_slots() -> Iterator[None]:
    """Slots of the test's own, with its settings."""
    get_call_slots.cache_clear()
    yield
    get_call_slots.cache_clear()


@pytest.fixture
def driver(transactional_db: None, alice: User, bundled: Connection, studio_files: Path) -> JobDriver:
    return JobDriver(alice, bundled, studio_files)


@pytest.fixture
def work() -> Callable[[str], None]:
    return run_queue
