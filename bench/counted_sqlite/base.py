"""SQLite with a count of the statements of all processes: each adds one byte to the file STATEMENTS_FILE."""

import os
from collections.abc import Callable
from typing import Any

from django.db.backends.sqlite3.base import DatabaseWrapper as SQLiteWrapper

STATEMENTS_FILE = "STATEMENTS_FILE"


class DatabaseWrapper(SQLiteWrapper):
    """A connection whose statements are counted."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Appending is atomic, so processes and threads need no lock.
        counter = os.open(os.environ[STATEMENTS_FILE], os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)

        def count(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
            os.write(counter, b".")
            return execute(sql, params, many, context)

        self.execute_wrappers.append(count)
