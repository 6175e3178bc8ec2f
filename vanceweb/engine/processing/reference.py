"""The reference page of all backends, written from their table.

``python -m vanceweb.engine.processing.reference > docs/backends.md`` renews it; a test holds it current.
"""

import sys
from collections.abc import Iterator
from typing import Any

from vanceweb.catalogue.features import FEATURES
from vanceweb.catalogue.reference import use_untranslated_titles
from vanceweb.engine.processing.inference.backends import Backend, Slot
from vanceweb.engine.processing.inference.interfaces import Interface, Shape
from vanceweb.engine.processing.slots import SLOTS

INTRODUCTION = """# Backends

What does each feature's work, and what could. A slot is a piece of work that several networks can do; its backends
stand in the order in which they are preferred, and the first whose files are there and fit does it. To bring your own
weights, put the file under the name given here into `MODELS_DIR` (`manage.py models` says where that is and how each
backend stands): the next picture uses it, without a restart. A file that doesn't fit is named, explained and passed
over.

Sizes are those of the ONNX network's inputs and outputs, in order; "any" is any size. Numbers are floating point of 16,
32 or 64 bits. Further inputs may only be single numbers. This page is written from the table by
`python -m vanceweb.engine.processing.reference > docs/backends.md`.
"""


def build_reference_page() -> str:
    """The whole page, as Markdown."""
    return "\n".join([INTRODUCTION, *(line for slot in list_slots() for line in _build_section(slot))])


def list_slots() -> list[Slot[Any]]:
    """All slots, those of the catalogue's first features first."""
    order = [feature.module for feature in FEATURES]
    return sorted(SLOTS, key=lambda slot: (order.index(slot.modules[0]), slot.name))


def list_feature_titles(slot: Slot[Any]) -> tuple[str, ...]:
    """The titles of the features that a slot works for."""
    return tuple(str(feature.title) for feature in FEATURES if feature.module in slot.modules)


def _build_section(slot: Slot[Any]) -> Iterator[str]:
    yield f"## {slot.name}\n"
    yield f"For {', '.join(list_feature_titles(slot))}.\n"
    yield "| Backend | Where from | Licence | Files in `MODELS_DIR` | Inputs → outputs |"
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
