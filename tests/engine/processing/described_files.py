"""Pictures with descriptions in every place that JPG and PNG have for them, and readers of those places."""

import hashlib
import io
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.engine.processing.picture_files import build_camera_exif, make_halves
from vanceweb.engine.processing.image.jpeg_segments import (
    APP1,
    APP2,
    APP13,
    COMMENT,
    RESOURCES_NAME,
    XMP_EXTENSION_NAME,
    XMP_NAME,
    build_segment,
    read_segments,
)
from vanceweb.engine.processing.image.png_chunks import SIGNATURE, read_texts

NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "hdrgm": "http://ns.adobe.com/hdr-gain-map/1.0/",
    "GCamera": "http://ns.google.com/photos/1.0/camera/",
    "Container": "http://ns.google.com/photos/1.0/container/",
    "Item": "http://ns.google.com/photos/1.0/container/item/",
    "GPano": "http://ns.google.com/photos/1.0/panorama/",
    "xmpNote": "http://ns.adobe.com/xmp/note/",
}
RIGHTS = '<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">All rights © Ann</rdf:li></rdf:Alt></dc:rights>'
CAPTION = b"\x1c\x02\x78\x00\x0bA caption\xc3\xa9"
THUMBNAIL = b"the old small picture"


def build_xmp(attributes: str = "", properties: str = RIGHTS) -> bytes:
    """Build an XMP packet."""
    declared = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {declared} {attributes}>{properties}</rdf:Description></rdf:RDF></x:xmpmeta>'
        '\n   \n<?xpacket end="w"?>'
    ).encode()


def build_resource(number: int, data: bytes) -> bytes:
    """Build an image resource as Photoshop writes it, with a name."""
    return b"8BIM" + number.to_bytes(2) + b"\x02ab\0" + len(data).to_bytes(4) + data + b"\0" * (len(data) % 2)


def build_iptc_segment() -> bytes:
    """Build a segment with an IPTC caption and a thumbnail."""
    return build_segment(APP13, RESOURCES_NAME + build_resource(0x040C, THUMBNAIL) + build_resource(0x0404, CAPTION))


def build_xmp_segment(packet: bytes) -> bytes:
    """Build a segment with this packet."""
    return build_segment(APP1, XMP_NAME + packet)


def build_extension_segments(extension: bytes, part: int = 1000) -> tuple[str, list[bytes]]:
    """Return the name of an XMP extension and its segments, the last first, as no rule forbids."""
    name = hashlib.md5(extension, usedforsecurity=False).hexdigest().upper()
    segments = [
        build_segment(
            APP1,
            XMP_EXTENSION_NAME + name.encode() + struct.pack(">II", len(extension), start)
            + extension[start : start + part],
        )
        for start in range(0, len(extension), part)
    ]  # fmt: skip
    return name, segments[::-1]


def save_jpeg(
    path: Path, *segments: bytes, image: Image.Image | None = None, tail: bytes = b"", **options: Any
) -> Path:
    """Save a JPG with these segments in front and these bytes behind."""
    file = io.BytesIO()
    (image or make_halves()).save(file, "JPEG", **{"quality": 90, "extra": b"".join(segments), **options})
    path.write_bytes(file.getvalue() + tail)
    return path


def save_described_jpeg(path: Path, *, image: Image.Image | None = None, orientation: int = 1) -> Path:
    """Save a JPG with EXIF, XMP rights, an IPTC caption and two comments."""
    segments = (
        build_xmp_segment(build_xmp(f'tiff:Orientation="{orientation}" exif:PixelXDimension="48"')),
        build_iptc_segment(),
        build_segment(COMMENT, "Grüße".encode()),
        build_segment(COMMENT, b"another one"),
    )
    return save_jpeg(path, *segments, image=image, exif=build_camera_exif(orientation))


def save_described_png(path: Path, *, image: Image.Image | None = None) -> Path:
    """Save a PNG with EXIF, XMP and texts of every kind, one of them behind the pixels."""
    info = PngInfo()
    info.add_text("parameters", "a red and a blue half, steps: 20")
    info.add_text("Copyright", "© Ann", zip=True)
    info.add_itxt("Title", "红与蓝", lang="zh", tkey="标题", zip=True)
    info.add_itxt("XML:com.adobe.xmp", build_xmp('tiff:Orientation="1"').decode())
    info.add(b"tEXt", b"Comment\0behind the pixels", after_idat=True)
    (image or make_halves()).save(path, pnginfo=info, exif=build_camera_exif())
    return path


@dataclass(frozen=True)
class Described:
    """What a file says: its XMP packet, its IPTC segments, its comments, its texts by keyword, and all of its bytes."""

    xmp: bytes
    iptc: bytes
    comments: list[bytes]
    texts: dict[str, str]
    file: bytes


def read_described(path: Path) -> Described:
    """Read the descriptions in a JPG or PNG."""
    file = path.read_bytes()
    if file.startswith(SIGNATURE):
        texts = {text.keyword: text.text for text in read_texts(file)}
        return Described(texts.get("XML:com.adobe.xmp", "").encode(), b"", [], texts, file)
    segments = read_segments(file)
    return Described(
        b"".join(segment.body[len(XMP_NAME) :] for segment in segments if segment.is_named(APP1, XMP_NAME)),
        b"".join(segment.body for segment in segments if segment.marker == APP13),
        [segment.body for segment in segments if segment.marker == COMMENT],
        {},
        file,
    )


def build_picture_index(sizes: list[int], offsets: list[int], order: str = ">") -> bytes:
    """Build an index of pictures (CIPA DC-007); offsets count from its byte order, that of the first picture is 0."""
    head = {">": b"MM\0*", "<": b"II*\0"}[order] + struct.pack(order + "I", 8)
    entries = b"".join(
        struct.pack(order + "IIIHH", 0x0003_0000 if offset == 0 else 0, size, offset, 0, 0)
        for size, offset in zip(sizes, offsets, strict=True)
    )
    fields = struct.pack(order + "H", 3) + struct.pack(order + "HHI4s", 0xB000, 7, 4, b"0100")
    fields += struct.pack(order + "HHII", 0xB001, 4, 1, len(sizes))
    fields += struct.pack(order + "HHII", 0xB002, 7, len(entries), 50) + struct.pack(order + "I", 0)
    return build_segment(APP2, b"MPF\0" + head + fields + entries)


def encode_jpeg(image: Image.Image, *segments: bytes) -> bytes:
    """Return a JPG with these segments."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=90, extra=b"".join(segments))
    return file.getvalue()


GAIN_MAP = encode_jpeg(
    make_halves(24, 16, left=40, right=200, mode="L"), build_xmp_segment(build_xmp('hdrgm:Version="1.0"', ""))
)
FILM = b"\0\0\0\x18ftypmp42\0\0\0\0isommp42" + bytes(range(1, 251)) * 4


def save_indexed_jpeg(path: Path, *segments: bytes, pictures: list[bytes], tail: bytes = b"", order: str = ">") -> Path:
    """Save a JPG with an index of these further pictures, which follow it, and these bytes behind them."""
    nothing = [0] * (len(pictures) + 1)
    first = encode_jpeg(make_halves(96, 64), *segments, build_picture_index(nothing, nothing, order))
    base = first.index(b"MPF\0") + 4
    starts = [len(first) + sum(map(len, pictures[:number])) - base for number in range(len(pictures))]
    index = build_picture_index([len(first), *map(len, pictures)], [0, *starts], order)
    path.write_bytes(encode_jpeg(make_halves(96, 64), *segments, index) + b"".join(pictures) + tail)
    return path


def list_indexed_pictures(file: bytes) -> list[bytes]:
    """Return the pictures that the index of a JPG names."""
    base = file.index(b"MPF\0") + 4
    order = ">" if file[base : base + 2] == b"MM" else "<"
    size, offset = struct.unpack_from(order + "II", file, base + 10 + 2 * 12 + 4)
    entries = struct.iter_unpack(order + "IIIHH", file[base + offset : base + offset + size])
    return [file[(start + base if start else 0) :][:length] for _, length, start, _, _ in entries]
