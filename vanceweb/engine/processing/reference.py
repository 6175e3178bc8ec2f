"""The reference page of all backends, generated from their declarations.

``python -m vanceweb.engine.processing.reference > docs/backends.md`` updates it; a test checks that it is current.
"""

import sys
from collections.abc import Iterator
from typing import Any

from vanceweb.catalogue.feature import Feature
from vanceweb.catalogue.features import ALL_FEATURES
from vanceweb.catalogue.reference import use_untranslated_titles
from vanceweb.engine.processing.inference.backends import Backend, Slot
from vanceweb.engine.processing.inference.interfaces import Interface, Shape
from vanceweb.engine.processing.slots import SLOTS

INTRODUCTION = """# Backends

Each feature does its work in one or more slots. A slot is a piece of work that several networks can do. Its backends
are listed in order of preference: the first one whose files are installed and fit does the work.

To use your own weights, put the file into `MODELS_DIR` under the name given here. The next picture uses it, without a
restart. If the file doesn't fit, vanceweb logs the reason and uses the next backend. `manage.py models` shows the
location of `MODELS_DIR` and the state of each backend.

The last column gives the shapes of the ONNX network's inputs and outputs, in order; "any" means any size. Values are
floating point numbers of 16, 32 or 64 bits. Further inputs must be single numbers.

`python -m vanceweb.engine.processing.reference > docs/backends.md` generates this page.
"""


def build_reference_page() -> str:
    """Build the page as Markdown."""
    return "\n".join([INTRODUCTION, *(line for slot in list_slots() for line in _build_section(slot))])


def list_slots() -> list[Slot[Any]]:
    """Return all slots in the order of the catalogue's features."""
    order = [feature.module for feature in ALL_FEATURES]
    return sorted(SLOTS, key=lambda slot: (order.index(slot.modules[0]), slot.name))


def list_features(slot: Slot[Any]) -> tuple[Feature, ...]:
    """Return the features that a slot works for, in the catalogue's order."""
    return tuple(feature for feature in ALL_FEATURES if feature.module in slot.modules)


def _build_section(slot: Slot[Any]) -> Iterator[str]:
    yield f"## {slot.name}\n"
    yield f"For {', '.join(str(feature.title) for feature in list_features(slot))}.\n"
    yield "| Backend | Source | Licence | Files in `MODELS_DIR` | Inputs → outputs |"
    yield "|---|---|---|---|---|"
    for backend in slot.backends:
        yield f"| {' | '.join(_build_cells(backend))} |"
    yield ""


def _build_cells(backend: Backend[Any]) -> tuple[str, ...]:
    source = (
        f"{backend.source} {' '.join(weights.name for weights in backend.weights)}"
        if backend.source.endswith("models")
        else backend.source
    )
    files = ", ".join(f"`{file}`" for file in backend.files) or "-"
    return backend.name, source, backend.licence, files, _describe_interface(backend.interface)


def _describe_interface(interface: Interface | None) -> str:
    if interface is None:
        return "-"
    result = (
        f"; {_describe_shape(interface.probe[0])} gives {_describe_shape(interface.result)}" if interface.probe else ""
    )
    inputs, outputs = (
        ", ".join(_describe_shape(shape) for shape in side) for side in (interface.inputs, interface.outputs)
    )
    other = f", or {_describe_interface(interface.alternative)}" if interface.alternative else ""
    return f"{inputs} → {outputs}{result}{other}"


def _describe_shape(shape: Shape) -> str:
    return " x ".join("any" if size is None else str(size) for size in shape) or "one number"


if __name__ == "__main__":
    use_untranslated_titles()
    sys.stdout.write(build_reference_page())
