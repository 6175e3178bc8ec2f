"""Errors of image work. The message of each is one plain sentence for the person who asked for the work."""

from vanceweb.engine.processing.messages import Message


class ProcessingError(Exception):
    """The picture could not be made."""

    def __init__(self, text: str, **values: object) -> None:
        """Build the message from a text with named placeholders (see `Message`)."""
        self.message = Message(text, **values)
        super().__init__(self.message)


class WeightsMissing(ProcessingError):
    """A model's weights are not installed."""


class UnusableWeights(ProcessingError):
    """A file of weights is damaged or belongs to another network; the message says how it differs."""
