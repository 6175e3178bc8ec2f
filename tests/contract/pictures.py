"""Images for tests of the contract's limits, generated on demand and small for their dimensions."""

import io
import struct
import zlib

from PIL import Image

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def make_photo(width: int = 48, height: int = 40, kind: str = "PNG") -> bytes:
    """Return a small image that isn't uniform."""
    file = io.BytesIO()
    gradient = Image.linear_gradient("L").resize((width, height))
    Image.merge("RGB", (gradient, gradient.rotate(180), Image.effect_noise((width, height), 40))).save(file, kind)
    return file.getvalue()


def make_chunk(kind: bytes, data: bytes) -> bytes:
    """Return one chunk of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def make_blank_png(width: int, height: int) -> bytes:
    """Return a complete black image with one bit per pixel: 34 megapixels in a few kB."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    packer = zlib.compressobj(1)
    row = b"\0" + bytes((width + 7) // 8)
    rows = b"".join([packer.compress(row) for _ in range(height)] + [packer.flush()])
    return PNG_SIGNATURE + make_chunk(b"IHDR", header) + make_chunk(b"IDAT", rows) + make_chunk(b"IEND", b"")


def make_header_only_png(width: int, height: int) -> bytes:
    """Return a file with this size in its header but no such pixels, so that decoding it fails."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        PNG_SIGNATURE
        + make_chunk(b"IHDR", header)
        + make_chunk(b"IDAT", zlib.compress(bytes(1000)))
        + make_chunk(b"IEND", b"")
    )


def make_png_of_size(size: int) -> bytes:
    """Return a small image in a file of exactly `size` bytes, padded with a private chunk that decoders skip."""
    whole = make_photo()
    end = make_chunk(b"IEND", b"")
    return whole[: -len(end)] + make_chunk(b"prVt", bytes(size - len(whole) - 12)) + end
