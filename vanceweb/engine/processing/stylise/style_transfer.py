"""The manner of a painting, by the style network that set-up brings: 26 paintings, told apart by a weight for each."""

import cv2
import numpy as np

from vanceweb.engine.processing.image.resampling import FloatArray
from vanceweb.engine.processing.inference.backends import Backend, Slot, Source
from vanceweb.engine.processing.inference.interfaces import Interface
from vanceweb.engine.processing.inference.registry import NetworkRegistry
from vanceweb.engine.processing.stylise import weights

COUNT = 26
LONGEST, LEAST = 512, 32  # px: the network normalises over the whole picture, and its brush has a size in px


def painted(colours: FloatArray, number: int, networks: NetworkRegistry) -> FloatArray:
    """`colours` (height x width x 3, 0..1) painted like painting `number` (0..25), the same size."""
    height, width = colours.shape[:2]
    factor = min(LONGEST / max(height, width), 1.0)
    # Multiples of 4: the network halves twice.
    size = tuple(max(round(side * factor / 4) * 4, LEAST) for side in (width, height))
    small = cv2.resize(colours, size, interpolation=cv2.INTER_AREA)
    chosen = np.zeros(COUNT, dtype=np.float32)
    chosen[number] = 1
    answer = networks.load_onnx(PAINTINGS).run(np.ascontiguousarray(small.transpose(2, 0, 1)[None]), chosen)[0]
    large = cv2.resize(answer.transpose(1, 2, 0), (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(large, 0, 1), dtype=np.float32)


PAINTINGS = Backend(
    name="multistyle26 (onnxruntime)",
    source=Source.SET_UP,
    licence="MIT",
    run=painted,
    weights=(weights.MULTISTYLE26,),
    interface=Interface(inputs=((1, 3, None, None), (26,)), outputs=((1, 3, None, None),)),
)
PAINTING = Slot("painting", ("img2anime",), (PAINTINGS,))
