"""The credits of jobs of before there were budgets."""

from importlib import import_module
from typing import Any

from django.apps import apps

from tests.factories import make_hosted_connection, make_job
from vanceweb.budgets.models import Reservation
from vanceweb.jobs.models import INSUFFICIENT_CREDITS, Job
from vanceweb.teams.models import User

STATES = Job.State


def test_they_are_settled_if_done_and_reserved_if_they_may_still_be_charged(alice: User) -> None:
    private = make_hosted_connection(alice)
    in_download: dict[str, Any] = {"state": STATES.FAILED, "resume_state": STATES.DOWNLOADING}
    jobs = {
        "done": make_job(alice),
        "running": make_job(alice, state=STATES.PROCESSING),
        "held": make_job(alice, state=STATES.HELD),
        "charged": make_job(alice, **in_download),
        "unpaid": make_job(alice, error_code=INSUFFICIENT_CREDITS, **in_download),
        "cancelled": make_job(alice, state=STATES.CANCELLED),
        "private": make_job(alice, connection=private),
        "gone": make_job(alice, connection=None),
    }
    import_module("vanceweb.jobs.migrations.0019_credits").add_reservations(apps, None)
    names = {job.uuid: name for name, job in jobs.items()}
    rows = {names[row.job_uuid]: row for row in Reservation.objects.all()}
    assert {name: (row.state, row.settled, row.is_shared) for name, row in rows.items()} == {
        "done": ("settled", 1, True),
        "running": ("reserved", 0, True),
        "held": ("reserved", 0, True),
        "charged": ("reserved", 0, True),
        "private": ("settled", 1, False),
        "gone": ("settled", 1, False),
    }
    assert rows["done"].settled_at == jobs["done"].finished_at
    assert rows["done"].person == alice
