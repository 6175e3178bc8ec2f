"""All slots of image processing, collected from its families."""

from typing import Any

from vanceweb.engine.processing.colour.prediction import COLOURISATION
from vanceweb.engine.processing.colour.recolouring import RECOLOURING
from vanceweb.engine.processing.compress.compression import FILE
from vanceweb.engine.processing.cutout.matting import SUBJECT
from vanceweb.engine.processing.denoise.denoising import NOISE
from vanceweb.engine.processing.enlarge.drawings import DRAWING
from vanceweb.engine.processing.enlarge.photos import ENLARGEMENT
from vanceweb.engine.processing.faces.detection import FACE_DETECTION
from vanceweb.engine.processing.faces.restoration import FACE_RESTORATION
from vanceweb.engine.processing.inference.backends import Backend, Slot
from vanceweb.engine.processing.repair.damage_detection import DAMAGE
from vanceweb.engine.processing.repair.inpainting import INPAINTING
from vanceweb.engine.processing.repair.photo_restoration import RESTORATION
from vanceweb.engine.processing.sharpen.deblurrers import DEBLUR
from vanceweb.engine.processing.sharpen.deblurring import ARTEFACTS
from vanceweb.engine.processing.stylise.cartoons import ANIME_STYLE, CARTOON_STYLE
from vanceweb.engine.processing.stylise.pencil import PENCIL_STYLE
from vanceweb.engine.processing.stylise.redrawing import STYLE
from vanceweb.engine.processing.stylise.style_transfer import STYLE_TRANSFER
from vanceweb.engine.processing.tone.dehazing import HAZE
from vanceweb.engine.processing.tone.retouching import TONE

SLOTS: tuple[Slot[Any], ...] = (
    ENLARGEMENT,
    NOISE,
    SUBJECT,
    ARTEFACTS,
    DEBLUR,
    DRAWING,
    STYLE,
    CARTOON_STYLE,
    STYLE_TRANSFER,
    ANIME_STYLE,
    FILE,
    COLOURISATION,
    RECOLOURING,
    DAMAGE,
    INPAINTING,
    RESTORATION,
    FACE_RESTORATION,
    FACE_DETECTION,
    PENCIL_STYLE,
    HAZE,
    TONE,
)
BACKENDS: tuple[Backend[Any], ...] = tuple(backend for slot in SLOTS for backend in slot.backends)
