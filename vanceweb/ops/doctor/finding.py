"""A finding of the doctor."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """A fault, in a sentence.

    `repair` puts it right, after the finding was shown; without one, `remedy` says what a person can do. A finding that
    is `harmless` needs neither.
    """

    sentence: str
    repair: Callable[[], None] | None = None
    remedy: str = ""
    harmless: bool = False
