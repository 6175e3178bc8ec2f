"""The inventory of backends: each backend of the table with its state on this machine."""

import enum
import functools
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from vanceweb.engine.processing.inference.backends import Backend, Slot
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.reference import list_features, list_slots


class BackendState(enum.StrEnum):
    """The state of a backend on this machine."""

    IN_USE = "in use"
    READY = "ready"  # usable, but another backend is preferred
    NOT_INSTALLED = "not installed"
    UNUSABLE = "unusable"


@dataclass(frozen=True)
class BackendStatus:
    """A backend with its state. `modules` and `features` are the modules and titles of the features that use it.

    `files` are relative to the models directory.

    `reason` explains why it is unusable.
    """

    modules: tuple[str, ...]
    features: tuple[str, ...]
    slot: str
    backend: str
    files: tuple[str, ...]
    licence: str
    source: str
    state: BackendState
    reason: str


def list_backends(networks: NetworkRegistry) -> list[BackendStatus]:
    """List all backends by feature, in the catalogue's order, the preferred ones first.

    Files that have changed since the last call are loaded, one after the other, and unloaded again.
    """
    try:
        return [row for slot in list_slots() for row in _build_rows(slot, networks)]
    finally:
        networks.unload()


def describe_backends() -> list[Mapping[str, Any]]:
    """List the backends of this installation's models directory as plain data."""
    return [asdict(row) for row in list_backends(_get_networks(settings.MODELS_DIR, settings.ENGINE_MODEL_THREADS))]


def _build_rows(slot: Slot[Any], networks: NetworkRegistry) -> list[BackendStatus]:
    rows: list[BackendStatus] = []
    for backend in slot.backends:
        state, reason = _determine_state(backend, networks)
        if state is BackendState.READY and not any(row.state is BackendState.IN_USE for row in rows):
            state = BackendState.IN_USE
        rows.append(
            BackendStatus(
                tuple(feature.module for feature in list_features(slot)),
                tuple(str(feature.title) for feature in list_features(slot)),
                slot.name,
                backend.name,
                backend.files,
                backend.licence,
                backend.source,
                state,
                reason,
            )
        )
    return rows


def _determine_state(backend: Backend[Any], networks: NetworkRegistry) -> tuple[BackendState, str]:
    if any(networks.find(file) is None for file in backend.files):
        return BackendState.NOT_INSTALLED, ""
    state = networks.get_usability(backend)
    return (BackendState.READY, "") if state.usable else (BackendState.UNUSABLE, state.reason)


@functools.lru_cache(maxsize=1)
def _get_networks(directory: Path, threads: int) -> NetworkRegistry:
    """Return a cached registry, which needn't examine unchanged files again."""
    return NetworkRegistry(directory, threads)
