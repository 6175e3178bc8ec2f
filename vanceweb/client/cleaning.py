"""Cleaning of texts from a service: what no database stores, no page shows, or what shows as something else."""

from __future__ import annotations

import re

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# Line breaks, tabs and the like, with those of Unicode.
_SPACES = re.compile(r"[\t-\r\x1c-\x1f\x85\u2028\u2029]")
# Other control characters, NUL among them; embeddings, overrides and isolates of writing directions, which make a text
# read as another one; the byte order mark, annotation marks and noncharacters.
_INVISIBLE = re.compile(
    r"[\x00-\x08\x0e-\x1b\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff]"
)
# JSON can escape halves of a surrogate pair, which have no encoding.
_LONE_SURROGATES = re.compile(r"[\ud800-\udfff]")


def clean_text(text: str) -> str:
    """Return `text` on one line, without control characters, and with U+FFFD for lone surrogates.

    Spaces stay as they are: they may be part of a file's name.
    """
    text = _SPACES.sub(" ", text)
    return _LONE_SURROGATES.sub(REPLACEMENT, _INVISIBLE.sub("", text))


def shorten(text: str, longest: int) -> str:
    """Return `text` in at most `longest` characters, with an ellipsis if some are missing."""
    return text if len(text) <= longest else text[: longest - 1] + "…"
