"""A self-hosted site for AI image work that speaks the VanceAI web API in both directions."""

import tomllib
from pathlib import Path

_PROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"
__version__: str = tomllib.loads(_PROJECT.read_text(encoding="utf-8"))["project"]["version"]
