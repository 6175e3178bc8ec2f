"""The first try at a colouriser, which the shipped one is measured against on the same kept-out photos.

    python -m training.first_colouriser --photos DIR --out DIR --minutes 90 --steps 2090 --seed 1

Rebalanced half way, no distance term, small crops, every kind of photo alike and little wear: what was known to work
after 35 minutes.
"""

from training.colour_network import Shape
from training.colouriser import ColourRecipe, ColourTask
from training.runs import read_options, train

FIRST_TRY = ColourRecipe(
    shape=Shape(
        encoder="efficientnet-lite0", learnt=True, classes=False, widths=(96, 96, 128, 160), neck=None, dropout=0.0
    ),
    rarest=3e-6,  # 195 bins
    uniform=0.5,
    shown_temperature=0.38,
    gain=1.0,
    clothes=1.0,
    regression=0.0,
    evenness=0.0,
    crops=(160,),
    smallest=0.6,
    batch=16,
    worn=0.0,
)


if __name__ == "__main__":
    train(ColourTask(FIRST_TRY), read_options("Trains the first try at a colouriser."))
