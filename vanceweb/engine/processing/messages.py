"""Sentences for people, written in English and translated where they are stored or shown."""

from collections.abc import Callable, Mapping


def gettext_noop(text: str) -> str:
    """Mark a text for translation, under the name that xgettext looks for, and return it unchanged."""
    return text


class Message(str):
    """An English sentence that can be translated later, with its text and the values of its placeholders."""

    text: str
    values: Mapping[str, object]

    def __new__(cls, text: str, **values: object) -> "Message":
        """Fill the placeholders (`%(name)s`) of an English text that `gettext_noop` marks."""
        message = super().__new__(cls, text % values if values else text)
        message.text, message.values = text, values
        return message

    def localise(self, gettext: Callable[[str], str]) -> str:
        """Return the sentence in the language of `gettext`."""
        text = gettext(self.text)
        return text % self.values if self.values else text
