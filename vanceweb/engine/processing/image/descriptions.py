"""Descriptions that people and programs wrote about a picture: XMP, IPTC, comments and texts, kept in JPG and PNG.

Each format has its own places. A JPG's comment is the text "Comment" of a PNG; other texts of a PNG become comments
that begin with their keyword; IPTC fields are a "raw profile" in a PNG. EXIF, colour profile and resolution are in
`metadata`.
"""

from dataclasses import dataclass, replace

from vanceweb.engine.processing.image import png_chunks
from vanceweb.engine.processing.image.jpeg_segments import (
    APP1,
    APP13,
    COMMENT,
    EXIF_NAME,
    MAX_BODY,
    RESOURCES_NAME,
    XMP_EXTENSION_NAME,
    XMP_NAME,
    build_segment,
    read_segments,
)
from vanceweb.engine.processing.image.photoshop_resources import select_resources
from vanceweb.engine.processing.image.png_chunks import (
    Chunk,
    Text,
    build_international_text,
    build_raw_profile,
    build_text,
    decode_text,
    read_raw_profile,
)
from vanceweb.engine.processing.image.xmp_extension import (
    add_extension,
    build_xmp_segments,
    collect_extension,
    remove_extension,
)
from vanceweb.engine.processing.image.xmp_properties import fit_size, fit_upright_picture

# Of all descriptions in a result, in bytes: half of what an upload may have (lib.image_headers), so that every result
# can be sent again. Phones that keep depth maps in XMP write up to some megabytes.
MAX_DESCRIPTIONS = 8 * 1024 * 1024
COMMENT_KEYWORD, XMP_KEYWORD = "Comment", "XML:com.adobe.xmp"
# "Raw profiles" that are read into their own places; Pillow reads that of EXIF.
EXIF_PROFILE, XMP_PROFILE, APP1_PROFILE = (f"Raw profile type {kind}" for kind in ("exif", "xmp", "APP1"))
RESOURCE_PROFILES = frozenset({"Raw profile type iptc", "Raw profile type 8bim"})
# What is not kept as a text: EXIF, which has its own place, colour profiles, which nothing shows pictures by, and
# copies of the EXIF fields that a changed picture makes wrong.
STALE_KEYWORDS = frozenset({
    EXIF_PROFILE, "Raw profile type icc", "Raw profile type icm", "exif:Orientation", "tiff:Orientation",
    "exif:ExifImageWidth", "exif:ExifImageLength", "exif:PixelXDimension", "exif:PixelYDimension",
    "exif:ImageWidth", "exif:ImageLength",
})  # fmt: skip


@dataclass(frozen=True)
class Descriptions:
    """Descriptions of the upright picture.

    `xmp` and `xmp_extension` are packets in XML; `resources` are Photoshop's, with the IPTC fields; `comments` are
    those of a JPG, `texts` those of a PNG.
    """

    xmp: bytes | None = None
    xmp_extension: bytes | None = None
    resources: bytes | None = None
    comments: tuple[bytes, ...] = ()
    texts: tuple[Text, ...] = ()

    def fit_size(self, *, width: int, height: int, dpi: int | None) -> "Descriptions":
        """Return them for a picture of this size in px; `dpi`, if given, replaces the resolution."""

        def fit(packet: bytes | None) -> bytes | None:
            return packet and fit_size(packet, width=width, height=height, dpi=dpi)

        return replace(self, xmp=fit(self.xmp), xmp_extension=fit(self.xmp_extension))


NO_DESCRIPTIONS = Descriptions()


def read_descriptions(file: bytes, *, turned: bool) -> Descriptions:
    """Return the descriptions in a JPG or PNG, for the picture that was `turned` or was upright; nothing damaged."""
    read = _read_png if file.startswith(png_chunks.SIGNATURE) else _read_jpeg
    found = read(file)
    if found.xmp is None:
        return found
    packet = fit_upright_picture(found.xmp, turned=turned)
    extension = found.xmp_extension and fit_upright_picture(found.xmp_extension, turned=turned)
    if packet is not None and extension is None:
        packet = remove_extension(packet)
    if packet is None:  # what the first packet held is gone, so that what it pointed to takes its place
        packet, extension = extension, None
    return replace(found, xmp=packet, xmp_extension=extension)


def _read_jpeg(file: bytes) -> Descriptions:
    segments = read_segments(file)

    def collect(marker: int, name: bytes) -> list[bytes]:
        return [segment.body for segment in segments if segment.is_named(marker, name)]

    xmp = next((body[len(XMP_NAME) :] for body in collect(APP1, XMP_NAME)), None)
    resources = b"".join(body[len(RESOURCES_NAME) :] for body in collect(APP13, RESOURCES_NAME))
    return Descriptions(
        xmp=xmp or None,
        xmp_extension=collect_extension(collect(APP1, XMP_EXTENSION_NAME), xmp) if xmp else None,
        resources=select_resources(resources),
        comments=tuple(collect(COMMENT, b"")),
    )


def _read_png(file: bytes) -> Descriptions:
    xmp = resources = None
    texts = []
    for text in png_chunks.read_texts(file):
        if text.keyword == XMP_KEYWORD:
            xmp = text.text.encode()
        elif text.keyword in (XMP_PROFILE, APP1_PROFILE):
            content = read_raw_profile(text.text) or b""
            xmp = xmp or (b"" if content.startswith(EXIF_NAME) else content.removeprefix(XMP_NAME))
        elif text.keyword in RESOURCE_PROFILES:
            resources = resources or select_resources(read_raw_profile(text.text) or b"")
        elif text.keyword not in STALE_KEYWORDS:
            texts.append(text)
    return Descriptions(xmp=xmp or None, resources=resources, texts=tuple(texts))


class _Room:
    """Adds what fits into `MAX_DESCRIPTIONS`, and remembers the names of what does not."""

    def __init__(self) -> None:
        self.written = bytearray()
        self.lost: list[str] = []

    def add(self, name: str, content: bytes | None) -> None:
        """Add the content, if there is room for it; None stands for something that the format cannot hold."""
        if content is not None and len(self.written) + len(content) <= MAX_DESCRIPTIONS:
            self.written += content
        elif name not in self.lost:
            self.lost.append(name)


def build_segments(descriptions: Descriptions) -> tuple[bytes, tuple[str, ...]]:
    """Build the segments of a JPG; return with them the names of what did not fit."""
    room = _Room()
    if descriptions.xmp:
        room.add("XMP", build_xmp_segments(descriptions.xmp, descriptions.xmp_extension))
    if descriptions.resources:
        room.add("IPTC", _build_resource_segments(descriptions.resources))
    for comment in (*descriptions.comments, *map(_to_comment, descriptions.texts)):
        room.add("comments", build_segment(COMMENT, comment) if len(comment) <= MAX_BODY else None)
    return bytes(room.written), tuple(room.lost)


def _build_resource_segments(resources: bytes) -> bytes:
    most = MAX_BODY - len(RESOURCES_NAME)
    parts = [resources[start : start + most] for start in range(0, len(resources), most)]
    return b"".join(build_segment(APP13, RESOURCES_NAME + part) for part in parts)


def _to_comment(text: Text) -> bytes:
    return (text.text if text.keyword == COMMENT_KEYWORD else f"{text.keyword}: {text.text}").encode()


def build_chunks(descriptions: Descriptions) -> tuple[tuple[Chunk, ...], tuple[str, ...]]:
    """Build the chunks of a PNG; return with them the names of what did not fit."""
    room, chunks = _Room(), list[Chunk]()

    def add(name: str, chunk: Chunk) -> None:
        before = len(room.written)
        room.add(name, chunk.data)
        if len(room.written) > before:
            chunks.append(chunk)

    packet, extension = descriptions.xmp, descriptions.xmp_extension
    if packet and extension:
        merged = add_extension(packet, extension)
        packet = merged or remove_extension(packet)
        if merged is None:
            room.add("XMP", None)
    if packet:
        add("XMP", build_international_text(XMP_KEYWORD, packet))
    if descriptions.resources:
        add("IPTC", build_raw_profile("iptc", descriptions.resources))
    for comment in descriptions.comments:
        add("comments", build_text(COMMENT_KEYWORD, decode_text(comment).rstrip("\0")))
    for text in descriptions.texts:
        add("texts", text.chunk)
    return tuple(chunks), tuple(room.lost)
