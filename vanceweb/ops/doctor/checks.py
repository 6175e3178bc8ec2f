"""All checks of the doctor."""

from collections.abc import Iterator
from datetime import timedelta

from vanceweb.ops.doctor import files, machine
from vanceweb.ops.doctor.finding import Finding


def find_all(min_age: timedelta) -> Iterator[Finding]:
    """Yield what is wrong. Rows come first: putting them right may make more files strays. Raise OSError."""
    yield from machine.check_disks()
    yield from files.check_rights()
    yield from machine.check_weights()
    yield from machine.check_tokens()
    yield from machine.check_name_index()
    yield from files.check_rows()
    yield from files.check_missing_files()
    yield from files.check_stray_files(min_age)
    yield from files.check_temporary_files()
