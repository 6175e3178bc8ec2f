"""Formats that the API doesn't take and the site converts, by their first bytes."""

from dataclasses import dataclass

# The brands that tell what a container of still pictures holds (ISO/IEC 23008-12, AV1 Image File Format).
AVIF_BRANDS = frozenset({b"avif", b"avis"})
HEVC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
CONTAINER_BRANDS = frozenset({b"mif1", b"msf1", b"miaf"})
# Bytes from the start of a file in which the brands are: a list of fifteen is long.
START_BYTES = 80
# Lengths of the header behind a BMP's first 14 bytes: "BM" alone may begin a text.
BMP_HEADER_LENGTHS = frozenset({12, 16, 40, 52, 56, 64, 108, 124})


@dataclass(frozen=True)
class ForeignFormat:
    """A format by Pillow's name, its name for people, and the ends of its files' names."""

    name: str
    title: str
    endings: tuple[str, ...]


FOREIGN_FORMATS: dict[str, ForeignFormat] = {
    format.name: format
    for format in (
        ForeignFormat("HEIF", "HEIC", (".heic", ".heif", ".hif")),
        ForeignFormat("AVIF", "AVIF", (".avif",)),
        ForeignFormat("TIFF", "TIFF", (".tif", ".tiff")),
        ForeignFormat("BMP", "BMP", (".bmp",)),
        ForeignFormat("WEBP", "WebP", (".webp",)),
        ForeignFormat("GIF", "GIF", (".gif",)),
    )
}
SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"GIF87a", "GIF"),
    (0, b"GIF89a", "GIF"),
    (8, b"WEBP", "WEBP"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (0, b"II+\0", "TIFF"),
    (0, b"MM\0+", "TIFF"),
)


def detect_foreign_format(start: bytes) -> ForeignFormat | None:
    """Return the format of a file that begins with `start` (START_BYTES), or None if it isn't one of them."""
    name = next((name for offset, magic, name in SIGNATURES if start[offset : offset + len(magic)] == magic), None)
    if start[4:8] == b"ftyp":
        name = _detect_container(start)
    elif start[:2] == b"BM" and int.from_bytes(start[14:18], "little") in BMP_HEADER_LENGTHS:
        name = "BMP"
    return FOREIGN_FORMATS[name] if name else None


def _detect_container(start: bytes) -> str | None:
    """Return the format by the major brand, or by the compatible ones where that names any container."""
    length = min(int.from_bytes(start[:4], "big"), len(start))
    major, compatible = start[8:12], {start[place : place + 4] for place in range(16, length - 3, 4)}
    brands = compatible if major in CONTAINER_BRANDS else {major}
    if brands & AVIF_BRANDS:
        return "AVIF"
    # Without any brand of a codec, Apple's is the most likely.
    return "HEIF" if brands & HEVC_BRANDS or major in CONTAINER_BRANDS else None
