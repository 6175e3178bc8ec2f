"""Errors of an installation of weights. The message of each is one plain sentence for the person waiting."""


class WeightsError(Exception):
    """Base class of the errors of this package."""


class UnknownWeights(WeightsError):
    """The manifest has no weights of that name."""


class DownloadFailed(WeightsError):
    """pip or npm could not fetch a package."""


class ChecksumMismatch(WeightsError):
    """A file is not the one the manifest pins."""
