"""Simulated worker crashes at chosen points: SQL statements, file writes and deletions, and calls of the service.

After a crash nothing the worker does has any effect, not even its clean-up code, as after kill -9.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.files.storage import FileSystemStorage
from django.db import connection

from vanceweb.engine.wsgi import application as engine


class WorkerKilled(BaseException):
    """The worker has crashed."""


class CrashPlan:
    """Counts the crash points that are passed and crashes at number `crash_at` (0: never)."""

    def __init__(self, *, crash_at: int = 0) -> None:
        self.points_passed, self.crash_at, self.has_crashed = 0, crash_at, False

    def pass_point(self) -> None:
        """Count a crash point. Raise WorkerKilled at the chosen one and at every one after it."""
        self.points_passed += 1
        if self.has_crashed or self.points_passed == self.crash_at:
            self.has_crashed = True
            raise WorkerKilled


_plans = [CrashPlan()]


@contextmanager
def apply_crash_plan(plan: CrashPlan) -> Iterator[None]:
    """Run the block under the plan, up to its crash."""
    _plans.append(plan)
    try:
        with connection.execute_wrapper(_pass_point_and_execute):
            yield
    except WorkerKilled:
        pass
    finally:
        _plans.pop()


def pass_crash_point() -> None:
    _plans[-1].pass_point()


def _pass_point_and_execute(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    pass_crash_point()
    return execute(sql, params, many, context)


class CrashingStorage(FileSystemStorage):
    """A storage with crash points before and after each write, and before each deletion."""

    def _save(self, name: str, content: Any) -> str:
        pass_crash_point()
        saved: str = super()._save(name, content)
        pass_crash_point()
        return saved

    def delete(self, name: str) -> None:
        pass_crash_point()
        super().delete(name)


def crashing_engine(environ: dict[str, Any], start_response: Any) -> Any:
    """Return the real engine with crash points before and after each call."""
    pass_crash_point()
    answer = engine(environ, start_response)
    pass_crash_point()
    return answer
