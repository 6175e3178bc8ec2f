"""The last errors, in a small file: it can be written and read while the database is broken.

A record has the time, machine and process, the id of the request or work, what failed and where in the code. It has no
text of the exception, which could quote a row or a request.
"""

import json
import logging
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from traceback import extract_tb

from vanceweb.lib.log_records import hide_tokens
from vanceweb.lib.request_ids import get_request_id

# Some hundred records in the file and as many in the one before it: enough to find a fault, and read in a moment.
FILE_MAX_BYTES = 128 * 1024
MESSAGE_LENGTH = 300
HOST_LENGTH = 100
# A line is written at once, so processes don't mix theirs; only its owner may read it.
_FLAGS, _MODE = os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600


@dataclass(frozen=True)
class ErrorRecord:
    """An error as it is kept. `kind` is the class of the exception and `place` where it was raised; both may be "".

    `host` is the machine, "" in files of an older version.
    """

    at: str
    process: str
    request_id: str
    logger: str
    message: str
    kind: str = ""
    place: str = ""
    host: str = ""

    @property
    def time(self) -> datetime:
        """The time of the error."""
        return datetime.fromisoformat(self.at)


class ErrorRecordHandler(logging.Handler):
    """A handler that adds each record to the file `path`. It fails in silence: the console has the record, too."""

    def __init__(self, path: Path, level: int | str = logging.ERROR) -> None:
        super().__init__(level)
        self.path = path

    def emit(self, record: logging.LogRecord) -> None:
        """Add the record, and begin a new file if this one is full."""
        with suppress(OSError, ValueError, TypeError):
            line = json.dumps(asdict(build_record(record))).encode() + b"\n"
            with suppress(FileNotFoundError):
                if self.path.stat().st_size > FILE_MAX_BYTES:
                    self.path.replace(get_older_file(self.path))
            file = os.open(self.path, _FLAGS, _MODE)
            try:
                os.write(file, line)
            finally:
                os.close(file)


def build_record(record: logging.LogRecord) -> ErrorRecord:
    """Return a record of the log as it is kept."""
    error = record.exc_info[1] if record.exc_info else None
    return ErrorRecord(
        at=datetime.fromtimestamp(record.created, UTC).isoformat(timespec="seconds"),
        process=f"{_describe_process()} {record.process}",
        request_id=get_request_id(getattr(record, "request", None)),
        logger=record.name,
        message=_clean(hide_tokens(record.getMessage()))[:MESSAGE_LENGTH],
        kind="" if error is None else type(error).__name__,
        place="" if error is None else _find_place(error),
        host=socket.gethostname()[:HOST_LENGTH],
    )


def read_records(path: Path, *, limit: int) -> list[ErrorRecord]:
    """Return the last records, newest first. Files that are missing or damaged have none."""
    return list(islice(_iterate_records(path), limit))


def get_older_file(path: Path) -> Path:
    """Return the path of the file before this one."""
    return path.with_name(f"{path.name}.older")


def _iterate_records(path: Path) -> Iterator[ErrorRecord]:
    for file in (path, get_older_file(path)):
        with suppress(OSError):
            for line in reversed(file.read_bytes().splitlines()):
                with suppress(ValueError, TypeError):
                    record = ErrorRecord(**json.loads(line))
                    if record.time:
                        yield record


def _clean(text: str) -> str:
    """Return the text without what no database takes."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _find_place(error: BaseException) -> str:
    frames = extract_tb(error.__traceback__)
    if not frames:
        return ""
    file = Path(frames[-1].filename)
    return f"{file.parent.name}/{file.name}:{frames[-1].lineno} {frames[-1].name}"


def _describe_process() -> str:
    is_command = Path(sys.argv[0]).name == "manage.py" and len(sys.argv) > 1
    return sys.argv[1] if is_command else "web"
