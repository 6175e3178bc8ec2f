"""The engine's sentences for people: English by default and translatable with their values."""

import pytest

from vanceweb.engine.processing.errors import ProcessingError
from vanceweb.engine.processing.messages import Message

GERMAN = {"%(count)s faces were found.": "%(count)s Gesichter wurden gefunden.", "100 % sharp.": "100 % scharf."}


@pytest.mark.parametrize(
    ("message", "english", "german"),
    [
        (Message("%(count)s faces were found.", count=3), "3 faces were found.", "3 Gesichter wurden gefunden."),
        (Message("100 % sharp."), "100 % sharp.", "100 % scharf."),
    ],
)
def test_a_message_is_its_english_sentence_and_can_be_translated(message: Message, english: str, german: str) -> None:
    assert message == english
    assert message.localise(GERMAN.__getitem__) == german


def test_an_error_carries_its_message() -> None:
    error = ProcessingError("%(count)s faces were found.", count=2)
    assert str(error) == error.message == "2 faces were found."
    assert error.message.localise(GERMAN.__getitem__) == "2 Gesichter wurden gefunden."
