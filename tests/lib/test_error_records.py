"""The file of the last errors: what it keeps, what it leaves out, and what it survives."""

import json
import logging
import stat
from dataclasses import asdict
from pathlib import Path

import pytest

from vanceweb.lib.error_records import FILE_MAX_BYTES, ErrorRecord, ErrorRecordHandler, get_older_file, read_records


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "errors.jsonl"


@pytest.fixture
def logger(file: Path) -> logging.Logger:
    logger = logging.Logger("test")
    logger.addHandler(ErrorRecordHandler(file))
    return logger


def fail(text: str) -> None:
    raise RuntimeError(text)


def log_failure(logger: logging.Logger, text: str = "secret-in-the-exception") -> None:
    try:
        fail(text)
    except RuntimeError:
        logger.exception("%s failed", "The work")


def test_an_error_is_kept_with_its_place_and_without_its_text(logger: logging.Logger, file: Path) -> None:
    log_failure(logger)
    [record] = read_records(file, limit=10)
    assert (record.message, record.kind, record.logger) == ("The work failed", "RuntimeError", "test")
    assert record.place.startswith("lib/test_error_records.py:")
    assert record.place.endswith(" fail")
    assert "secret-in-the-exception" not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_warnings_are_not_kept(logger: logging.Logger, file: Path) -> None:
    logger.warning("only a warning")
    assert read_records(file, limit=10) == []


def test_the_newest_come_first_and_not_more_than_wanted(logger: logging.Logger, file: Path) -> None:
    for number in range(5):
        logger.error("error %d", number)
    assert [record.message for record in read_records(file, limit=3)] == ["error 4", "error 3", "error 2"]


def test_the_file_stays_small(logger: logging.Logger, file: Path) -> None:
    for number in range(1500):
        logger.error("%d %s", number, "x" * 400)
    assert file.stat().st_size + get_older_file(file).stat().st_size < 3 * FILE_MAX_BYTES
    assert read_records(file, limit=1)[0].message.startswith("1499")


def test_a_damaged_file_has_the_records_that_can_be_read(logger: logging.Logger, file: Path) -> None:
    logger.error("before")
    with file.open("ab") as raw:
        raw.write(b'{"at": "never"}\n\xff\xfe\nnull\n')
        raw.write(json.dumps(asdict(ErrorRecord("never", *[""] * 4))).encode() + b"\n")
    logger.error("after")
    assert [record.message for record in read_records(file, limit=9)] == ["after", "before"]


def test_a_folder_that_is_missing_is_no_second_error(tmp_path: Path) -> None:
    logger = logging.Logger("test")
    logger.addHandler(ErrorRecordHandler(tmp_path / "missing" / "errors.jsonl"))
    logger.error("nobody keeps this")


def test_tokens_are_left_out(logger: logging.Logger, file: Path) -> None:
    logger.error("GET /point?api_token=s3cret failed")
    assert "s3cret" not in file.read_text()
