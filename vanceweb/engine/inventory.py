"""What does each feature's work on this machine, and what could: every backend of the table, with its state."""

import enum
import functools
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from vanceweb.engine.processing.inference.backends import Backend, backends_of
from vanceweb.engine.processing.inference.registry import Models
from vanceweb.engine.processing.reference import slots_in_order, titles_of


class BackendState(enum.StrEnum):
    """How things stand with a backend."""

    IN_USE = "in use"
    READY = "ready"  # usable, and another is preferred
    NOT_INSTALLED = "not installed"
    UNUSABLE = "unusable"


@dataclass(frozen=True)
class BackendStatus:
    """One backend. `features` are titles, `files` paths below the models directory, `reason` is why it is unusable."""

    features: tuple[str, ...]
    slot: str
    backend: str
    files: tuple[str, ...]
    licence: str
    source: str
    state: BackendState
    reason: str


def list_backends(models: Models) -> list[BackendStatus]:
    """All backends, by feature in the catalogue's order and then as they are preferred.

    Every file that has changed since the last time is really loaded, one after the other, and let go again.
    """
    try:
        return [row for slot in slots_in_order() for row in _build_rows(slot, models)]
    finally:
        models.unload()


def describe_backends() -> list[Mapping[str, Any]]:
    """The same of this installation's models directory, as plain data for whoever shows it."""
    return [asdict(row) for row in list_backends(_get_models(settings.MODELS_DIR, settings.ENGINE_MODEL_THREADS))]


def _build_rows(slot: str, models: Models) -> list[BackendStatus]:
    rows: list[BackendStatus] = []
    for backend in backends_of(slot):
        state, reason = _determine_state(backend, models)
        if state is BackendState.READY and not any(row.state is BackendState.IN_USE for row in rows):
            state = BackendState.IN_USE
        rows.append(
            BackendStatus(
                titles_of(slot), slot, backend.name, backend.files, backend.licence, backend.source, state, reason
            )
        )
    return rows


def _determine_state(backend: Backend, models: Models) -> tuple[BackendState, str]:
    if any(models.find(file) is None for file in backend.files):
        return BackendState.NOT_INSTALLED, ""
    state = models.state(backend)
    return (BackendState.READY, "") if state.usable else (BackendState.UNUSABLE, state.reason)


@functools.lru_cache(maxsize=1)
def _get_models(directory: Path, threads: int) -> Models:
    """Kept for what it remembers about files that haven't changed, not for their networks."""
    return Models(directory, threads)
