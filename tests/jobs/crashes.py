"""A worker that dies at a chosen instant: a statement of SQL, a file written or deleted, a call of the service.

From that instant on nothing it does has an effect any more, clean-up code included, as after kill -9.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.files.storage import FileSystemStorage
from django.db import connection

from vanceweb.engine.wsgi import application as engine


class WorkerKilled(BaseException):
    """The worker is dead."""


class CrashPlan:
    """Counts instants and kills at the one that was chosen (0: never)."""

    def __init__(self) -> None:
        self.instants, self.dies_at, self.is_dead = 0, 0, False

    def instant(self) -> None:
        """One instant passes; raises WorkerKilled when it is the last, and at every one after it."""
        self.instants += 1
        if self.is_dead or self.instants == self.dies_at:
            self.is_dead = True
            raise WorkerKilled


NO_CRASH = CrashPlan()
_plans = [NO_CRASH]


@contextmanager
def crashing(plan: CrashPlan) -> Iterator[None]:
    """What happens in the block happens in this plan, and ends with it."""
    _plans.append(plan)
    try:
        with connection.execute_wrapper(_statement):
            yield
    except WorkerKilled:
        pass
    finally:
        _plans.pop()


def instant() -> None:
    _plans[-1].instant()


def _statement(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    instant()
    return execute(sql, params, many, context)


class CrashingStorage(FileSystemStorage):
    """Dies before or after a write."""

    def _save(self, name: str, content: Any) -> str:
        instant()
        saved: str = super()._save(name, content)
        instant()
        return saved

    def delete(self, name: str) -> None:
        instant()
        super().delete(name)


def crashing_engine(environ: dict[str, Any], start_response: Any) -> Any:
    """The real engine, on a line that may die before the call and after it."""
    instant()
    answer = engine(environ, start_response)
    instant()
    return answer
