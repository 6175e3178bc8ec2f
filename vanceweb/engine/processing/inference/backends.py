"""The backends of each slot, as data, in the order in which they are preferred.

A slot is a piece of work that several networks can do, such as `subject`: which px belong to the subject. The first
backend whose files are in the models directory and whose interface fits does it. So a file that somebody brings, put
there under the name this table gives, is used from the next picture on; one that doesn't fit is named, explained and
passed over. A slot's last backend needs no file or one that set-up installs, so that there is always one.
"""

import enum
from dataclasses import dataclass

from vanceweb.engine.processing.inference.interfaces import Interface
from vanceweb.engine.processing.inference.ncnn_networks import NCNN


class Source(enum.StrEnum):
    """Where a backend's files come from."""

    BROUGHT = "bring your own"
    EXTRA = "optional: manage.py install_models"
    SET_UP = "installed by set-up"
    SHIPPED = "part of vanceweb"
    NONE = "needs no weights"


@dataclass(frozen=True, kw_only=True)
class Backend:
    """One way to do a slot's work.

    `name` is what people are shown, unique among all. `files` are paths relative to the models directory; for ONNX the
    first is the network. `weights` names what `install_models` fetches for it, `packages` what it imports that is not
    part of the site's install, and `requirements` the file that names them.
    """

    slot: str
    name: str
    source: Source
    licence: str
    files: tuple[str, ...] = ()
    weights: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    requirements: str = ""
    interface: Interface | None = None


# Which modules (the API's word for a feature) each slot works for.
SLOTS: dict[str, tuple[str, ...]] = {
    "enlargement": ("enlarge3",),
    "noise": ("denoise", "enlarge3", "sharpen3"),
    "subject": ("matting",),
    "artefacts": ("sharpen3",),
    "deblur": ("sharpen3",),
    "drawing": ("chainner", "real_esrgan"),
    "style": ("img2anime",),
    "cartoon": ("cartoonize",),
    "painting": ("img2anime",),
    "anime": ("animegan2",),
    "file": ("compress",),
    "colour": ("deoldify2", "sd_recolor"),
    "recolour": ("sd_recolor",),
    "scratches": ("crease_repair",),
    "inpaint": ("crease_repair",),
    "restoration": ("img2sr",),
    "face": ("CodeFormer", "img2sr"),
    "face finder": ("CodeFormer", "img2sr", "animegan2", "sd_recolor"),
}

SPAN_WAIFU2X = "span+waifu2x-photo (ncnn)"
SRMD = "srmd (ncnn)"
BLAZEFACE = "blazeface (opencv)"
OPTIMISERS = "mozjpeg, oxipng"
U2NET = "u2net (onnxruntime)"
ISNET = "isnet (onnxruntime)"
DDCOLOR = "ddcolor (onnxruntime)"
DEOLDIFY = "deoldify (onnxruntime)"
COLOURISER = "vanceweb colouriser (onnxruntime)"
COLOUR_WORDS = "colour words"
ESRGAN = "esrgan (onnxruntime)"
DRAWN = "waifu2x-cunet+animevideov3 (ncnn)"
SCRATCHES = "vanceweb scratches (onnxruntime)"
OWN_SCRATCHES = "lines and specks"
LAMA = "lama (onnxruntime)"
FREQUENCY_SELECTIVE = "frequency selective (opencv)"
X4PLUS = "realesrgan-x4plus (ncnn)"
CODEFORMER = "codeformer (onnxruntime)"
GFPGAN = "gfpgan (onnxruntime)"
X4PLUS_FACES = "realesrgan-x4plus on faces (ncnn)"
FACE = Interface(inputs=((1, 3, 512, 512),), outputs=((1, 3, 512, 512),))  # RGB, -1..1; CodeFormer also takes w, 0..1
CUNET = "waifu2x-cunet (ncnn)"
NAFNET = "deblurring network of vanceweb (onnxruntime)"
DECONVOLUTION = "richardson-lucy"
CUNETS = tuple(f"waifu2x-cunet-{name}" for name in ("x1-1", "x1-3", "x2", "x2-1", "x2-3"))
DIFFUSED_STYLE = "stable diffusion 1.5 (diffusers)"
DIFFUSED_COLOUR = "stable diffusion 1.5 for colour (diffusers)"
DIFFUSION_LICENCE = "that of the model, mostly CreativeML Open RAIL-M"
DIFFUSION_PACKAGES = ("torch", "diffusers", "transformers")
DIFFUSION_REQUIREMENTS = "requirements/diffusion.in"
ANIMEGAN = "AnimeGANv2 (onnxruntime)"
DRAWN_STYLE = "style drawing+animevideov3 (ncnn)"
DRAWN_CARTOON = "cartoon drawing+animevideov3 (ncnn)"
DRAWN_ANIME = "anime drawing+animevideov3 (ncnn)"
PAINTINGS = "multistyle26 (onnxruntime)"


def _ncnn(*names: str) -> tuple[str, ...]:
    """The files of ncnn networks."""
    return tuple(f"{NCNN[name].path}.{end}" for name in names for end in ("param", "bin"))


BACKENDS: tuple[Backend, ...] = (
    Backend(
        slot="enlargement",
        name=SPAN_WAIFU2X,
        source=Source.SET_UP,
        licence="Apache-2.0, MIT",
        files=_ncnn("span-x2", "span-x4", *(f"waifu2x-photo-{level}" for level in range(4))),
        weights=("span-x2", "span-x4", *(f"waifu2x-photo-{level}" for level in range(4))),
    ),
    Backend(
        slot="noise",
        name=SRMD,
        source=Source.SET_UP,
        licence="BSD-3-Clause, MIT",
        files=_ncnn("srmd-x2"),
        weights=("srmd-x2",),
    ),
    Backend(
        slot="face finder",
        name=BLAZEFACE,
        source=Source.SET_UP,
        licence="Apache-2.0",
        files=("blazeface/face_detection_short_range.tflite",),
        weights=("blazeface",),
    ),
    Backend(slot="file", name=OPTIMISERS, source=Source.NONE, licence="BSD-3-Clause, MIT"),
    Backend(
        slot="subject",
        name=ISNET,
        source=Source.EXTRA,
        licence="MIT",
        files=("isnet/isnet.onnx",),
        weights=("isnet",),
        interface=Interface(inputs=((1, 3, 1024, 1024),), outputs=((1, 1, 1024, 1024),)),
    ),
    Backend(
        slot="subject",
        name=U2NET,
        source=Source.SET_UP,
        licence="Apache-2.0",
        files=("u2net/u2net.onnx",),
        weights=("u2net",),
        interface=Interface(inputs=((1, 3, 320, 320),), outputs=((1, 1, 320, 320),)),
    ),
    Backend(
        slot="artefacts",
        name=CUNET,
        source=Source.SET_UP,
        licence="MIT",
        files=_ncnn("waifu2x-cunet-x1-1", "waifu2x-cunet-x1-3"),
        weights=("waifu2x-cunet-x1-1", "waifu2x-cunet-x1-3"),
    ),
    Backend(
        slot="deblur",
        name=NAFNET,
        source=Source.SHIPPED,
        licence="vanceweb's",
        files=("deblurring.onnx",),
        interface=Interface(
            inputs=((1, 3, None, None),), outputs=((1, 3, None, None),), probe=((1, 3, 64, 64),), gives=(1, 3, 64, 64)
        ),
    ),
    Backend(slot="deblur", name=DECONVOLUTION, source=Source.NONE, licence="vanceweb's"),
    Backend(
        slot="drawing",
        name=ESRGAN,
        source=Source.BROUGHT,
        licence="that of the file: any network of the ESRGAN family that enlarges four times",
        files=("drawing/esrgan-x4.onnx",),
        interface=Interface(
            inputs=((1, 3, None, None),), outputs=((1, 3, None, None),), probe=((1, 3, 64, 64),), gives=(1, 3, 256, 256)
        ),
    ),
    Backend(
        slot="drawing",
        name=DRAWN,
        source=Source.SET_UP,
        licence="MIT, BSD-3-Clause",
        files=_ncnn(*CUNETS, "animevideov3-x2"),
        weights=(*CUNETS, "realesr-animevideov3-x2"),
    ),
    Backend(
        slot="colour",
        name=DDCOLOR,
        source=Source.BROUGHT,
        licence="Apache-2.0",
        files=("colour/ddcolor.onnx",),
        interface=Interface(
            inputs=((1, 3, None, None),), outputs=((1, 2, None, None),), probe=((1, 3, 64, 64),), gives=(1, 2, 64, 64)
        ),
    ),
    Backend(
        slot="colour",
        name=DEOLDIFY,
        source=Source.BROUGHT,
        licence="MIT",
        files=("colour/deoldify.onnx",),
        interface=Interface(
            inputs=((1, 3, None, None),), outputs=((1, 3, None, None),), probe=((1, 3, 64, 64),), gives=(1, 3, 64, 64)
        ),
    ),
    Backend(
        slot="colour",
        name=COLOURISER,
        source=Source.SHIPPED,
        licence="vanceweb's, its encoder's Apache-2.0",
        files=("colouriser.onnx",),
        interface=Interface(inputs=((1, 1, None, None),), outputs=((1, 2, None, None), (1, None, None, None))),
    ),
    Backend(
        slot="recolour",
        name=DIFFUSED_COLOUR,
        source=Source.BROUGHT,
        licence=DIFFUSION_LICENCE,
        files=("diffusion/sd_recolor",),
        packages=DIFFUSION_PACKAGES,
        requirements=DIFFUSION_REQUIREMENTS,
    ),
    Backend(slot="recolour", name=COLOUR_WORDS, source=Source.NONE, licence="vanceweb's"),
    Backend(
        slot="scratches",
        name=SCRATCHES,
        source=Source.SHIPPED,
        licence="vanceweb's",
        files=("scratches.onnx",),
        interface=Interface(
            inputs=((1, 1, None, None),), outputs=((1, 1, None, None),), probe=((1, 1, 64, 64),), gives=(1, 1, 64, 64)
        ),
    ),
    Backend(slot="scratches", name=OWN_SCRATCHES, source=Source.NONE, licence="vanceweb's"),
    Backend(
        slot="inpaint",
        name=LAMA,
        source=Source.BROUGHT,
        licence="Apache-2.0",
        files=("inpaint/lama.onnx",),
        interface=Interface(inputs=((1, 3, 512, 512), (1, 1, 512, 512)), outputs=((1, 3, 512, 512),)),
    ),
    Backend(slot="inpaint", name=FREQUENCY_SELECTIVE, source=Source.NONE, licence="Apache-2.0"),
    Backend(
        slot="restoration",
        name=X4PLUS,
        source=Source.SET_UP,
        licence="BSD-3-Clause",
        files=_ncnn("realesrgan-x4plus"),
        weights=("realesrgan-x4plus",),
    ),
    Backend(
        slot="face",
        name=CODEFORMER,
        source=Source.BROUGHT,
        licence="S-Lab 1.0: not for commercial use",
        files=("faces/codeformer.onnx",),
        interface=FACE,
    ),
    Backend(
        slot="face",
        name=GFPGAN,
        source=Source.BROUGHT,
        licence="Apache-2.0",
        files=("faces/gfpgan.onnx",),
        interface=FACE,
    ),
    Backend(
        slot="face",
        name=X4PLUS_FACES,
        source=Source.SET_UP,
        licence="BSD-3-Clause",
        files=_ncnn("realesrgan-x4plus"),
        weights=("realesrgan-x4plus",),
    ),
    Backend(
        slot="style",
        name=DIFFUSED_STYLE,
        source=Source.BROUGHT,
        licence=DIFFUSION_LICENCE,
        files=("diffusion",),
        packages=DIFFUSION_PACKAGES,
        requirements=DIFFUSION_REQUIREMENTS,
    ),
    Backend(
        slot="style",
        name=DRAWN_STYLE,
        source=Source.SET_UP,
        licence="BSD-3-Clause",
        files=_ncnn("animevideov3-x2"),
        weights=("realesr-animevideov3-x2",),
    ),
    Backend(
        slot="cartoon",
        name=DRAWN_CARTOON,
        source=Source.SET_UP,
        licence="BSD-3-Clause",
        files=_ncnn("animevideov3-x2"),
        weights=("realesr-animevideov3-x2",),
    ),
    Backend(
        slot="anime",
        name=ANIMEGAN,
        source=Source.BROUGHT,
        licence="of the file brought",
        files=("animegan2/animegan2.onnx",),
        interface=Interface(
            inputs=((1, 3, None, None),),
            outputs=((1, 3, None, None),),
            probe=((1, 3, 64, 64),),
            gives=(1, 3, 64, 64),
            or_else=Interface(
                inputs=((1, None, None, 3),),
                outputs=((1, None, None, 3),),
                probe=((1, 64, 64, 3),),
                gives=(1, 64, 64, 3),
            ),
        ),
    ),
    Backend(
        slot="anime",
        name=DRAWN_ANIME,
        source=Source.SET_UP,
        licence="BSD-3-Clause",
        files=_ncnn("animevideov3-x2"),
        weights=("realesr-animevideov3-x2",),
    ),
    Backend(
        slot="painting",
        name=PAINTINGS,
        source=Source.SET_UP,
        licence="MIT",
        files=("multistyle26/multistyle26.onnx",),
        weights=("multistyle26",),
        interface=Interface(inputs=((1, 3, None, None), (26,)), outputs=((1, 3, None, None),)),
    ),
)


def backends_of(slot: str) -> tuple[Backend, ...]:
    """The backends of a slot, the preferred one first."""
    return tuple(backend for backend in BACKENDS if backend.slot == slot)
