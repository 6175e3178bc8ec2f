"""The queue in the database, behind the API of django-tasks. Only this file names the package that keeps it."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, TypeAlias

from django.db import OperationalError, connection
from django.db.models import Count
from django_tasks.base import TaskResultStatus
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult
from django_tasks_db.utils import exclusive_transaction, is_locked_database_exception

BACKEND = "default"

Message: TypeAlias = DBTaskResult[..., Any]


class EmbeddedQueue:
    """The messages of the queue `name`. Every method may be called in several threads at the same time."""

    def __init__(self, name: str, *, worker_id: str) -> None:
        self.name = name
        self.worker_id = worker_id

    def fetch(self) -> Message | None:
        """Claim the next message and return it, None if there is none or the database is locked.

        An empty queue costs one SELECT and no lock.
        """
        if not self._has_ready_message():
            return None
        ready = DBTaskResult.objects.ready().filter(backend_name=BACKEND, queue_name=self.name)
        try:
            with exclusive_transaction(ready.db):
                message = ready.get_locked()
                if message is not None:
                    message.claim(self.worker_id)
                return message
        except OperationalError as error:
            if is_locked_database_exception(error):
                return None
            raise

    def _has_ready_message(self) -> bool:
        # Workers ask several times a second. The ORM takes fifteen times as long to build this query.
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT 1 FROM {DBTaskResult._meta.db_table} WHERE status = %s AND queue_name = %s LIMIT 1",  # noqa: S608
                [TaskResultStatus.READY, self.name],
            )
            return cursor.fetchone() is not None

    def run(self, message: Message) -> None:
        """Run the message's task and store whether it succeeded. Raise only database errors."""
        # An instance for each message, because it counts them. Its other options belong to its own loop.
        Worker(
            queue_names=[self.name],
            interval=0,
            batch=False,
            backend_name=BACKEND,
            startup_delay=False,
            max_tasks=None,
            worker_id=self.worker_id,
            excluded_queue_names=[],
        ).run_task(message)

    def give_back(self, messages: Collection[Message]) -> None:
        """Return claimed messages whose tasks haven't ended to the queue, for the next worker."""
        running = DBTaskResult.objects.running().filter(pk__in=[message.pk for message in messages])
        running.update(status="READY", started_at=None)


def count_waiting() -> dict[str, int]:
    """Return the number of messages that wait for a worker, by the dotted name of their task."""
    ready = DBTaskResult.objects.ready().order_by()
    return dict(ready.values_list("task_path").annotate(Count("pk")))


def delete_old_messages(*, ended_before: datetime, started_before: datetime) -> None:
    """Delete messages that ended long ago, and those that started long ago and were left by a killed worker."""
    DBTaskResult.objects.finished().filter(finished_at__lt=ended_before).delete()
    DBTaskResult.objects.running().filter(started_at__lt=started_before).delete()
