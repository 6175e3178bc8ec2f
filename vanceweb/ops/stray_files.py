"""Files without a row in the storages: found in steps, counted first and then removed.

A file is written before its row, so only one that is older than `min_age` is a stray: of a killed process, of a
deletion that failed half-way, of a person who was deleted. Files that the site can't have written are left alone.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice

from django.core.files.storage import storages
from django.utils import timezone

from vanceweb.engine import stray_files as engine_files
from vanceweb.gallery import stray_files as gallery_files
from vanceweb.lib.stored_names import StoredFile, iterate_files
from vanceweb.usage import export_files

# Files judged together, by one or two queries.
BATCH = 500
# Names that a report shows.
EXAMPLES = 3

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class StorageRules:
    """A storage with the functions that know its files."""

    storage: str
    is_ours: Callable[[StoredFile], bool]
    find_strays: Callable[[Sequence[StoredFile]], list[StoredFile]]


def _is_ours(file: StoredFile) -> bool:
    return gallery_files.is_ours(file) or export_files.is_ours(file)


def _find_strays(files: Sequence[StoredFile]) -> list[StoredFile]:
    return gallery_files.find_strays(files) + export_files.find_strays(files)


RULES = (
    StorageRules("default", _is_ours, _find_strays),
    StorageRules("engine", engine_files.is_ours, engine_files.find_strays),
)


@dataclass
class StrayCount:
    """The files of a storage: how many there are, how many have no row, and how many the site didn't write."""

    files: int = 0
    strays: int = 0
    stray_bytes: int = 0
    removed: int = 0
    foreign: int = 0
    examples: list[str] = field(default_factory=list)


def walk_strays(
    rules: StorageRules, count: StrayCount, *, min_age: timedelta, remove: bool, batch: int = BATCH
) -> Iterator[int]:
    """Count the storage's strays in `count`, and remove them if wanted. Yield the number of files after each step.

    Raise OSError if the storage can't be listed. A file that can't be removed is logged and counted.
    """
    files = iterate_files(storages[rules.storage])
    while some := list(islice(files, batch)):
        oldest = timezone.now() - min_age
        count.files += len(some)
        count.foreign += sum(not rules.is_ours(file) for file in some)
        for file in rules.find_strays([file for file in some if file.modified_at < oldest]):
            count.strays += 1
            count.stray_bytes += file.size
            count.examples += [file.name] if len(count.examples) < EXAMPLES else []
            if remove:
                count.removed += _remove(rules.storage, file.name)
        yield len(some)


def _remove(storage: str, name: str) -> bool:
    try:
        storages[storage].delete(name)
    except OSError:
        logger.exception("The file %s, which no row refers to, can't be removed", name)
        return False
    return True
