"""The doctor's checks of files and of the rows that refer to them."""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Any

from django.conf import settings
from django.utils import timezone

from vanceweb.gallery import stray_files
from vanceweb.gallery.services import delete_asset
from vanceweb.jobs.sweeps import UPLOAD_MIN_AGE, find_unused_uploads
from vanceweb.lib.images import format_megabytes
from vanceweb.lib.private_files import close_path, find_open_paths
from vanceweb.ops.doctor.finding import Finding
from vanceweb.ops.stray_files import RULES, StorageRules, StrayCount, walk_strays
from vanceweb.ops.temporary_files import iterate_old_temporary_files, remove_path

EXAMPLES = 3


def check_stray_files(min_age: timedelta) -> Iterator[Finding]:
    """Look for files without a row, and for files that aren't the site's."""
    for rules in RULES:
        count = StrayCount()
        _run_all(walk_strays(rules, count, min_age=min_age, remove=False))
        if count.strays:
            yield Finding(
                f"{count.strays} of {count.files} files in the storage “{rules.storage}” "
                f"({format_megabytes(count.stray_bytes)}) have no row, such as {', '.join(count.examples)}.",
                repair=partial(_remove_strays, rules, min_age),
            )
        if count.foreign:
            yield Finding(f"{count.foreign} files in the storage “{rules.storage}” aren't the site's.", harmless=True)


def check_missing_files() -> Iterator[Finding]:
    """Look for pictures whose file is gone."""
    count, shown = _count(stray_files.iterate_blobs_without_file())
    if count:
        yield Finding(
            f"{count} pictures have lost their file, such as {', '.join(str(blob.file.name) for blob in shown)}. "
            "Restore the files from a backup; a repair marks the pictures as missing.",
            repair=lambda: stray_files.record_missing_files(stray_files.iterate_blobs_without_file()),
        )


def check_rows() -> Iterator[Finding]:
    """Look for rows that a deletion or an interrupted request left over."""
    yield from _build_row_finding(
        "stored files belong to no picture any more",
        stray_files.iterate_unused_blobs,
        lambda: stray_files.delete_unused(list(stray_files.iterate_unused_blobs())),
    )
    yield from _build_row_finding(
        "stored files have a wrong number of pictures",
        stray_files.iterate_miscounted_blobs,
        lambda: stray_files.count_anew(list(stray_files.iterate_miscounted_blobs())),
    )
    yield from _build_row_finding("uploads are used by no job", _iterate_unused_uploads, _delete_unused_uploads)


def check_temporary_files() -> Iterator[Finding]:
    """Look for temporary files of killed processes."""
    yield from _build_row_finding(
        f"temporary files in {settings.FILE_UPLOAD_TEMP_DIR} were left behind",
        iterate_old_temporary_files,
        _remove_temporary_files,
    )


def check_rights() -> Iterator[Finding]:
    """Look for private files that other users of the machine may open."""
    for path in find_open_paths(settings):
        yield Finding(f"Other users of this machine have rights to {path}.", repair=partial(close_path, path))


def _build_row_finding(
    words: str, iterate: Callable[[], Iterable[Any]], repair: Callable[[], None]
) -> Iterator[Finding]:
    count, _shown = _count(iterate())
    if count:
        yield Finding(f"{count} {words}.", repair=repair)


def _iterate_unused_uploads() -> Iterable[Any]:
    return find_unused_uploads(timezone.now() - UPLOAD_MIN_AGE).iterator()


def _delete_unused_uploads() -> None:
    for upload in list(_iterate_unused_uploads()):
        delete_asset(asset=upload)


def _remove_temporary_files() -> None:
    for path in list(iterate_old_temporary_files()):
        remove_path(path)


def _remove_strays(rules: StorageRules, min_age: timedelta) -> None:
    _run_all(walk_strays(rules, StrayCount(), min_age=min_age, remove=True))


def _count(found: Iterable[Any]) -> tuple[int, list[Any]]:
    """Return the number of the things found, and the first of them."""
    iterator = iter(found)
    shown = list(islice(iterator, EXAMPLES))
    return len(shown) + sum(1 for _ in iterator), shown


def _run_all(steps: Iterator[int]) -> None:
    for _step in steps:
        pass
