"""A worker that dies at a chosen instant: a statement of SQL, a file written or deleted, a call of the service.

From that instant on nothing it does has an effect any more, clean-up code included, as after kill -9.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.files.storage import FileSystemStorage
from django.db import connection

from vanceweb.engine.wsgi import application as engine


class Killed(BaseException):
    """The worker is dead."""


class Mortality:
    """Counts instants and kills at the one that was chosen (0: never)."""

    def __init__(self) -> None:
        self.instants, self.dies_at, self.is_dead = 0, 0, False

    def instant(self) -> None:
        """One instant passes; raises Killed when it is the last, and at every one after it."""
        self.instants += 1
        if self.is_dead or self.instants == self.dies_at:
            self.is_dead = True
            raise Killed


IMMORTAL = Mortality()
_lives = [IMMORTAL]


@contextmanager
def living(life: Mortality) -> Iterator[None]:
    """What happens in the block happens in this life, and ends with it."""
    _lives.append(life)
    try:
        with connection.execute_wrapper(_statement):
            yield
    except Killed:
        pass
    finally:
        _lives.pop()


def instant() -> None:
    _lives[-1].instant()


def _statement(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    instant()
    return execute(sql, params, many, context)


class MortalStorage(FileSystemStorage):
    """Dies before or after a write."""

    def _save(self, name: str, content: Any) -> str:
        instant()
        saved: str = super()._save(name, content)
        instant()
        return saved

    def delete(self, name: str) -> None:
        instant()
        super().delete(name)


def mortal_engine(environ: dict[str, Any], start_response: Any) -> Any:
    """The real engine, on a line that may die before the call and after it."""
    instant()
    answer = engine(environ, start_response)
    instant()
    return answer
