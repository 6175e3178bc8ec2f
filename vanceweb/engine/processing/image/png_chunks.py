"""The chunks of a PNG file, and the texts in some of them."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

SIGNATURE = b"\x89PNG\r\n\x1a\n"
END = b"IEND"
TEXTS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
CREDENTIALS = b"caBX"  # C2PA
MAX_TEXT_BYTES = 1024 * 1024  # of an unpacked text: Pillow's limit, and that of uploads
PROFILE_LINE = 36  # bytes in a line of a "raw profile", as ImageMagick writes them


@dataclass(frozen=True)
class Chunk:
    """A chunk: its name, where it begins in the file, and its content."""

    name: bytes
    offset: int
    data: bytes

    @property
    def end(self) -> int:
        """The offset behind the chunk."""
        return self.offset + 12 + len(self.data)


@dataclass(frozen=True)
class Text:
    """A text under its keyword, and the chunk that it came from."""

    keyword: str
    text: str
    chunk: Chunk


def read_chunks(file: bytes) -> Iterator[Chunk]:
    """Yield the chunks with their end, or those before the first that is cut off."""
    position = len(SIGNATURE)
    while position + 12 <= len(file):
        length = int.from_bytes(file[position : position + 4])
        if position + 12 + length > len(file):
            return
        chunk = Chunk(file[position + 4 : position + 8], position, file[position + 8 : position + 8 + length])
        yield chunk
        if chunk.name == END:
            return
        position = chunk.end


def read_texts(file: bytes) -> list[Text]:
    """Return the texts that can be read, in their order. Those with a wrong checksum are left out."""
    found = []
    for chunk in read_chunks(file):
        if chunk.name in TEXTS and file[chunk.end - 4 : chunk.end] == zlib.crc32(chunk.name + chunk.data).to_bytes(4):
            text = _read_text(chunk)
            if text is not None:
                found.append(text)
    return found


def _read_text(chunk: Chunk) -> Text | None:
    keyword, separator, rest = chunk.data.partition(b"\0")
    if not separator or not 1 <= len(keyword) <= 79:
        return None
    try:
        content = _extract_content(chunk.name, rest)
    except (zlib.error, ValueError, IndexError):
        return None
    return Text(keyword.decode("latin-1"), decode_text(content), chunk)


def _extract_content(name: bytes, rest: bytes) -> bytes:
    """Return the text's bytes. Raise ValueError, IndexError or zlib.error for a damaged or too large one."""
    if name == b"tEXt":
        return rest
    if name == b"zTXt":
        return _extract_packed(rest[1:])
    packed = rest[0] == 1
    _language, _translated, content = rest[2:].split(b"\0", 2)
    return _extract_packed(content) if packed else content


def _extract_packed(packed: bytes) -> bytes:
    unpacked = zlib.decompressobj().decompress(packed, MAX_TEXT_BYTES + 1)
    if len(unpacked) > MAX_TEXT_BYTES:
        raise ValueError("the text is too large")
    return unpacked


def decode_text(content: bytes) -> str:
    """Decode UTF-8, which many programs write where Latin-1 is due, or else Latin-1."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")


def build_text(keyword: str, text: str) -> Chunk:
    """Build an uncompressed chunk of text: tEXt in Latin-1 where that can hold it, else iTXt in UTF-8."""
    name, text = keyword.encode("latin-1"), text.replace("\0", " ")
    try:
        return Chunk(b"tEXt", 0, name + b"\0" + text.encode("latin-1"))
    except UnicodeEncodeError:
        return build_international_text(keyword, text.encode())


def build_international_text(keyword: str, content: bytes) -> Chunk:
    """Build an uncompressed iTXt chunk of UTF-8."""
    return Chunk(b"iTXt", 0, keyword.encode("latin-1") + b"\0\0\0\0\0" + content)


def build_raw_profile(kind: str, content: bytes) -> Chunk:
    """Build a "raw profile", in which ImageMagick, ExifTool and others keep what a PNG has no chunk for."""
    lines = [content[start : start + PROFILE_LINE].hex() for start in range(0, len(content), PROFILE_LINE)]
    text = f"\n{kind}\n{len(content):8d}\n" + "\n".join(lines) + "\n"
    packed = zlib.compress(text.encode("ascii"))
    return Chunk(b"zTXt", 0, f"Raw profile type {kind}".encode("ascii") + b"\0\0" + packed)


def read_raw_profile(text: str) -> bytes | None:
    """Return the content of a "raw profile", or None for a damaged one."""
    try:
        return bytes.fromhex("".join(text.strip().split("\n")[2:]))
    except ValueError:
        return None
