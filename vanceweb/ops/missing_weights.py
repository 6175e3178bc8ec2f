"""Model weights that are missing or damaged when the site starts: it serves without them and fetches them later."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from vanceweb.catalogue.features import get_feature_by_module
from vanceweb.engine.weights.errors import WeightsError
from vanceweb.engine.weights.installation import find_missing_weights, install_weights
from vanceweb.engine.weights.progress import Progress
from vanceweb.lib.engine_gaps import read_gaps, write_gaps
from vanceweb.ops.bundled_models import BackendsNotListed, list_backends

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# Backends with one of these states do their work.
WORKING = ("in use", "ready")


def install_or_warn(progress: Progress, write_line: Callable[[str], None]) -> None:
    """Install the weights that are missing or damaged. If that fails, say why and what doesn't work without them."""
    try:
        install_weights(Path(settings.MODELS_DIR), progress=progress)
    except WeightsError as error:
        write_line(f"Warning: {error}")
    complete = is_complete()
    _update_gaps(complete)
    if not complete:
        features = ", ".join(map(str, list_gap_titles())) or "none"
        write_line(
            "Warning: model weights of the bundled engine are missing or damaged. The site works without them, and "
            f"`up` tries again every now and then to fetch them. Features that don't work until then: {features}."
        )


def is_complete() -> bool:
    """Return whether all weights that set-up installs are there and intact."""
    return not find_missing_weights(Path(settings.MODELS_DIR))


def list_gap_titles() -> "Sequence[StrOrPromise]":
    """Return the titles of the features that the engine can't do."""
    return [get_feature_by_module(module).title for module in sorted(read_gaps())]


def _update_gaps(complete: bool) -> None:
    """Write down which features the engine can't do: none, if the weights are complete."""
    modules: set[str] = set()
    if not complete:
        with suppress(BackendsNotListed):  # the log has the reason
            modules = find_gaps()
    with suppress(OSError):  # on a read-only disk the pages don't show them
        write_gaps(modules)


def find_gaps() -> set[str]:
    """Return the modules of the features with work that no backend can do. Raise BackendsNotListed."""
    working: dict[tuple[str, ...], bool] = {}
    for row in list_backends():
        slot = (str(row["slot"]), *row["modules"])
        working[slot] = working.get(slot, False) or row["state"] in WORKING
    return {module for (_slot, *modules), works in working.items() if not works for module in modules}
