"""Slots of work and the backends that can do it.

A slot is a piece of work that several networks can do, such as `subject`: finding the subject of a picture. Each family
declares its slots beside the code that runs them. A slot lists its backends in order of preference; the first one whose
files are in the models directory and whose interface fits does the work. A file that somebody adds to that directory
under the declared name is used from the next picture on. A file that doesn't fit is logged with the reason and skipped.
A slot's last backend needs no file, or only files that set-up installs, so there is always one.
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from vanceweb.engine.processing.inference.interfaces import Interface
from vanceweb.engine.weights.packages import Weights

OWN_LICENCE = "MIT (vanceweb)"

Run = TypeVar("Run", bound=Callable[..., Any], covariant=True)


class Source(enum.StrEnum):
    """The origin of a backend's files."""

    BROUGHT = "bring your own"
    EXTRA = "optional: manage.py install_models"
    SET_UP = "installed by set-up"
    SHIPPED = "part of vanceweb"
    NONE = "needs no weights"


@dataclass(frozen=True, kw_only=True)
class Backend(Generic[Run]):
    """One way to do a slot's work.

    `name` is shown to people and unique among all backends. `run` does the work; its arguments depend on the slot.
    `weights` are installed by set-up or as an extra. `own_files` are brought by somebody or shipped with the
    repository; their paths are relative to the models directory. For ONNX the first file is the network. `packages`
    are imports that a normal installation lacks; `requirements` is the file that lists them.
    """

    name: str
    source: Source
    licence: str
    run: Run
    weights: tuple[Weights, ...] = ()
    own_files: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    requirements: str = ""
    interface: Interface | None = None

    @property
    def files(self) -> tuple[str, ...]:
        """The paths of its files, relative to the models directory."""
        return self.own_files or tuple(file.target for weights in self.weights for file in weights.files)


@dataclass(frozen=True)
class Slot(Generic[Run]):
    """A piece of work for the features of `modules` (API names), with its backends in order of preference."""

    name: str
    modules: tuple[str, ...]
    backends: tuple[Backend[Run], ...]
