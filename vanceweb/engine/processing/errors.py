"""What image work can fail with; the text of each is one plain sentence for the person who asked for it."""


class ProcessingError(Exception):
    """The picture could not be made."""


class WeightsMissing(ProcessingError):
    """A model's weights are not installed."""


class UnusableWeights(ProcessingError):
    """A file of weights is damaged or of another network; the text says how it differs."""
