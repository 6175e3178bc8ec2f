"""Weights of the networks that find and restore faces."""

from vanceweb.engine.processing.enlarge.weights import describe_realesrgan
from vanceweb.engine.weights.packages import WeightFile, Weights, Wheel

BLAZEFACE = Weights(
    name="blazeface",
    package=Wheel("mediapipe", "0.10.14", 35_664_771, platform="manylinux2014_x86_64"),
    files=(
        WeightFile(
            "mediapipe/modules/face_detection/face_detection_short_range.tflite",
            "blazeface/face_detection_short_range.tflite",
            229_714,
            "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
        ),
    ),
    licence="Apache-2.0",
    origin="https://github.com/google-ai-edge/mediapipe",
    use="CodeFormer, img2sr, animegan2: finds faces",
)
X4PLUS = describe_realesrgan(
    "realesrgan-x4plus",
    (116_029, "35330ececcea33b6c397a72548e788d5d53becee4734c50b7fada36e89f10a86"),
    (33_424_520, "713ee713b0353afaa27976f0563a64a5043bd70b9bd8936c2e26e25ebcdbcddf"),
    "very blurry photos",
)
WEIGHTS = (BLAZEFACE, X4PLUS)
