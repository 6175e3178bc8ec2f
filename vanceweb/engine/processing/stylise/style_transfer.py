"""Style transfer by the network that set-up installs: 26 paintings, with a weight for each."""

import cv2
import numpy as np

from vanceweb.engine.processing.image.resampling import FloatArray
from vanceweb.engine.processing.inference.backends import Backend, Slot, Source
from vanceweb.engine.processing.inference.interfaces import Interface
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.stylise import weights

PAINTING_COUNT = 26
MAX_SIDE, MIN_SIDE = 512, 32  # px; the network normalises over the whole picture, and its brush has a fixed size in px


def transfer_style(colours: FloatArray, number: int, networks: NetworkRegistry) -> FloatArray:
    """Paint `colours` (height x width x 3, 0..1) like painting `number` (0..25), the same size."""
    height, width = colours.shape[:2]
    factor = min(MAX_SIDE / max(height, width), 1.0)
    # Multiples of 4: the network halves twice.
    size = tuple(max(round(side * factor / 4) * 4, MIN_SIDE) for side in (width, height))
    small = cv2.resize(colours, size, interpolation=cv2.INTER_AREA)
    chosen = np.zeros(PAINTING_COUNT, dtype=np.float32)
    chosen[number] = 1
    answer = networks.load_onnx(STYLE_NETWORK).run(np.ascontiguousarray(small.transpose(2, 0, 1)[None]), chosen)[0]
    large = cv2.resize(answer.transpose(1, 2, 0), (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(large, 0, 1), dtype=np.float32)


STYLE_NETWORK = Backend(
    name="multistyle26 (onnxruntime)",
    source=Source.SET_UP,
    licence="MIT",
    run=transfer_style,
    weights=(weights.MULTISTYLE26,),
    interface=Interface(inputs=((1, 3, None, None), (26,)), outputs=((1, 3, None, None),)),
)
STYLE_TRANSFER = Slot("painting", ("img2anime",), (STYLE_NETWORK,))
