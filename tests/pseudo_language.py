"""A language that brackets every translated text, and a reader of pages that finds the texts without brackets."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from gettext import NullTranslations
from html.parser import HTMLParser
from unittest import mock

from django.urls import get_resolver
from django.utils import translation
from django.utils.translation import trans_real

OPEN, CLOSE = "⟦", "⟧"
LANGUAGE = "xx"
CONTEXT_SEPARATOR = "\x04"

# What reads the same in every language.
NAMES = ("vanceweb", "JPG", "PNG", "UTC", "dpi")
UNITS = re.compile(r"(?<=\d)\s?(?:px|MB|kB|B|dpi)\b")
# `data-text-…` are the sentences of the scripts.
READ_ATTRIBUTES = re.compile(
    r"aria-label|aria-valuetext|alt|title|placeholder|label|data-announce|data-name|data-text-.+"
)
# Keys have their names on them, and what stands in a text field is what will be sent.
UNREAD_ELEMENTS = {"script", "style", "kbd", "textarea"}


class PseudoTranslations(NullTranslations):
    """Django's interface to a catalogue, in which every text is translated to itself in brackets."""

    def gettext(self, message: str) -> str:
        return OPEN + message.rpartition(CONTEXT_SEPARATOR)[2] + CLOSE

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)

    def language(self) -> str:
        return LANGUAGE

    def to_language(self) -> str:
        return LANGUAGE


@contextmanager
def pseudo_language() -> Iterator[None]:
    """Translate to the pseudo-language within the block.

    Django has no public way to bring a catalogue that is not a file, so this one is put beside those it has loaded.
    """
    assert get_resolver().url_patterns, "modules are imported before, so that none keeps a bracketed text"
    with mock.patch.dict(trans_real._translations, {LANGUAGE: PseudoTranslations()}), translation.override(LANGUAGE):
        yield


def find_untranslated(page: str, data: Iterable[str] = ()) -> list[str]:
    """Return the texts and attributes of an HTML page that people read and that have words outside all brackets.

    Numbers, units and `NAMES` need no translation, nor do the given `data`: what people or services have written.
    """
    reader = _PageReader(data)
    reader.feed(page)
    reader.close()
    return reader.untranslated


class _PageReader(HTMLParser):
    def __init__(self, data: Iterable[str]) -> None:
        super().__init__()
        self.untranslated: list[str] = []
        self._known = sorted({*data, *NAMES} - {""}, key=len, reverse=True)
        self._unread = ""
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in UNREAD_ELEMENTS or ("class", "avatar") in attrs:  # an avatar has a person's initials on it
            self._unread = tag
        for name, value in attrs:
            if READ_ATTRIBUTES.fullmatch(name):
                self._check(value or "", *_take_outside(value or "", 0))

    def handle_endtag(self, tag: str) -> None:
        if tag == self._unread:
            self._unread = ""

    def handle_data(self, data: str) -> None:
        # A translated sentence may have elements in it, so its brackets are in different nodes.
        if not self._unread:
            outside, self._depth = _take_outside(data, self._depth)
            self._check(data, outside, 0)

    def close(self) -> None:
        super().close()
        if self._depth:
            self.untranslated.append(f"{self._depth} brackets are left open")

    def _check(self, text: str, outside: str, depth: int) -> None:
        for known in self._known:
            outside = outside.replace(known, " ")
        if depth or any(char.isalpha() for char in UNITS.sub("", outside)):
            self.untranslated.append(" ".join(text.split()))


def _take_outside(text: str, depth: int) -> tuple[str, int]:
    """Return what stands outside all brackets, and the depth at the end."""
    outside = []
    for char in text:
        if char == CLOSE:
            depth -= 1
        if depth == 0 and char != CLOSE:
            outside.append(char if char != OPEN else " ")
        if char == OPEN:
            depth += 1
    return "".join(outside), depth
