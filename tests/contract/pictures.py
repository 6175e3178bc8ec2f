"""Pictures for the contract's limits, made where they are needed and cheap for their size."""

import io
import struct
import zlib

from PIL import Image

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def photo(width: int = 48, height: int = 40, kind: str = "PNG") -> bytes:
    """A small picture with something in it."""
    file = io.BytesIO()
    gradient = Image.linear_gradient("L").resize((width, height))
    Image.merge("RGB", (gradient, gradient.rotate(180), Image.effect_noise((width, height), 40))).save(file, kind)
    return file.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    """One chunk of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def blank_png(width: int, height: int) -> bytes:
    """A whole picture of one bit a pixel, black: 34 megapixels in a few kB."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    packer = zlib.compressobj(1)
    row = b"\0" + bytes((width + 7) // 8)
    rows = b"".join([packer.compress(row) for _ in range(height)] + [packer.flush()])
    return PNG_SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def claiming_png(width: int, height: int) -> bytes:
    """A file that only says that it is so large: whoever decodes it before looking runs into nothing."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return PNG_SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def png_of_bytes(size: int) -> bytes:
    """A small picture in a file of exactly so many bytes, by a private chunk that decoders pass over."""
    whole = photo()
    end = chunk(b"IEND", b"")
    return whole[: -len(end)] + chunk(b"prVt", bytes(size - len(whole) - 12)) + end
