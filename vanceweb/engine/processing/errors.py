"""Errors of image processing. Each message is a plain sentence for the person who requested it."""

from vanceweb.engine.processing.messages import Message


class ProcessingError(Exception):
    """The picture could not be processed."""

    def __init__(self, text: str, **values: object) -> None:
        """Build the message from a text with named placeholders (see `Message`)."""
        self.message = Message(text, **values)
        super().__init__(self.message)


class WeightsMissing(ProcessingError):
    """A model's weights are not installed."""


class UnusableWeights(ProcessingError):
    """A file of weights is damaged or belongs to another network; the message says how it differs."""
