"""Descriptions of ncnn networks: weights, blob names, scale and border."""

from dataclasses import dataclass

from vanceweb.engine.weights.packages import Weights


@dataclass(frozen=True)
class NcnnNetwork:
    """A network for ncnn: its weights, the names of its input and output blobs, its scale and its border.

    `border` is the number of px on each side of the input whose output cannot be trusted. It was measured: a tile with
    this border agrees with the same part of the whole picture to less than a hundredth of a level. A network that
    `crops_border` has no padding of its own and returns a picture without its border. The sides of the input must be
    multiples of `multiple` px.
    """

    weights: Weights
    source: str
    result: str
    scale: int
    border: int
    crops_border: bool = False
    multiple: int = 1

    @property
    def path(self) -> str:
        """The path of its files relative to the models directory, without `.param` and `.bin`."""
        return self.weights.files[0].target.removesuffix(".param")
