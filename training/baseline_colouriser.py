"""The baseline: our first colouriser, measured against the shipped one on the same held-out photos.

    python -m training.baseline_colouriser --photos DIR --out DIR --minutes 90 --steps 2090 --seed 1

Half rebalanced, no distance term, small crops, all kinds of photos equally often and little degradation: the recipe
known to work after 35 minutes.
"""

from training.colour_network import ColourNetConfig
from training.colouriser import ColourRecipe, ColourTask
from training.loop import read_options, train

BASELINE_RECIPE = ColourRecipe(
    config=ColourNetConfig(
        "efficientnet-lite0", trainable=True, head=False, widths=(96, 96, 128, 160), bottleneck=None, dropout=0.0
    ),
    min_bin_share=3e-6,  # 195 bins
    uniform_share=0.5,
    decoding_temperature=0.38,
    gain=1.0,
    clothes_weight=1.0,
    regression_weight=0.0,
    evenness_weight=0.0,
    crop_sides=(160,),
    min_crop_share=0.6,
    batch_size=16,
    degraded_share=0.0,
)


if __name__ == "__main__":
    train(ColourTask(BASELINE_RECIPE), read_options("Train the baseline colouriser."))
