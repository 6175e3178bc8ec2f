"""Pictures that are built to harm the process that decodes them."""

import io
import struct
import zlib
from typing import Any

from PIL import Image

BLOCK = 1_000_000


def build_jpeg_of_many_scans(extra: int, size: tuple[int, int] = (6800, 5000)) -> bytes:
    """Return a progressive JPG whose last scan is repeated `extra` times. Each costs a decoder all pixels."""
    content = encode(Image.new("RGB", size, (10, 200, 30)), "JPEG", progressive=True)
    last_scan = content[content.rindex(b"\xff\xda") : -2]
    return content[:-2] + last_scan * extra + b"\xff\xd9"


def build_png(width: int, height: int, *before: tuple[bytes, bytes], depth: int = 8, rows: bytes = b"") -> bytes:
    """Return a black grey PNG with the chunks `before` its pixels. `rows` replaces its compressed rows."""
    header = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0)
    pixels = rows or deflate_zeros((1 + -(-width * depth // 8)) * height)
    chunks = [(b"IHDR", header), *before, (b"IDAT", pixels), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(build_chunk(name, data) for name, data in chunks)


def build_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def deflate_zeros(count: int) -> bytes:
    """Return `count` null bytes compressed, a thousandth of that."""
    packer = zlib.compressobj(9)
    parts = [packer.compress(bytes(min(BLOCK, count - start))) for start in range(0, count, BLOCK)]
    return b"".join(parts) + packer.flush()


def encode(image: Image.Image, format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()
