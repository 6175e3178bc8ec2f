"""Slots of work and the backends that can do it.

A slot is a piece of work that several networks can do, such as `subject`: finding the subject of a picture. Each family
declares its slots beside the code that runs them. A slot lists its backends in order of preference; the first whose
files are in the models directory and whose interface fits does the work. So a file that somebody brings and puts there
under the name declared here is used from the next picture on; one that doesn't fit is named, explained and passed over.
A slot's last backend needs no file, or one that set-up installs, so that there is always one.
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
    """Where a backend's files come from."""

    BROUGHT = "bring your own"
    EXTRA = "optional: manage.py install_models"
    SET_UP = "installed by set-up"
    SHIPPED = "part of vanceweb"
    NONE = "needs no weights"


@dataclass(frozen=True, kw_only=True)
class Backend(Generic[Run]):
    """One way to do a slot's work.

    `name` is shown to people and unique among all backends. `run` does the work; its arguments are the slot's own.
    `weights` are installed by set-up or as an extra; `own_files` are those that somebody brings or that ship with the
    repository, relative to the models directory. For ONNX the first file is the network. `packages` are imports that
    the site's install doesn't include, and `requirements` the file that names them.
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
        """Paths relative to the models directory."""
        return self.own_files or tuple(file.target for weights in self.weights for file in weights.files)


@dataclass(frozen=True)
class Slot(Generic[Run]):
    """A piece of work for the features of `modules` (the API's word), and its backends, the preferred one first."""

    name: str
    modules: tuple[str, ...]
    backends: tuple[Backend[Run], ...]
