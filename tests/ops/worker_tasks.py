"""A kind of work for the tests of workers. Each test's process loads this module."""

import time
from datetime import timedelta

from django.conf import settings
from django_tasks import task

from tests.lib.models import Work
from vanceweb.lib.leases import Heartbeat, claim_first, filter_due
from vanceweb.lib.wakeups import wake_due_rows

STATES = ("queued", "running")
# The note of a row whose work is to hang, and the one it has while it does. The next worker's call doesn't hang.
HANGS, HANGING = "hangs", "hanging"


@task(queue_name="io")
def take_work() -> None:
    """Do the oldest due row."""
    lease = claim_first(
        Work.objects.order_by("pk"),
        states=STATES,
        state="running",
        duration=timedelta(seconds=settings.LEASE_SECONDS),
        undo={"state": "queued"},
    )
    if lease is None:
        return
    with Heartbeat(lease, every=settings.LEASE_HEARTBEAT_SECONDS):
        if Work.objects.get(pk=lease.pk).note == HANGS:
            lease.write(note=HANGING)
            time.sleep(600)
    lease.release(state="done")


def wake_due_work() -> int:
    return wake_due_rows(filter_due(Work.objects.all(), STATES), take_work.enqueue)


def fail_to_wake() -> int:
    raise RuntimeError("broken on purpose")
