"""Image resources as Photoshop writes them into JPGs: they hold a picture's IPTC fields (caption, author, place)."""

from collections.abc import Iterator

SIGNATURE = b"8BIM"
IPTC = 0x0404
# The resources that still hold for a changed picture: IPTC, copyright flag, address and the digest of the IPTC fields.
# Others describe or show the picture as it was: thumbnail, resolution, layers, slices, guides.
KEPT = frozenset({IPTC, 0x040A, 0x040B, 0x0425})
IPTC_RECORD = b"\x1c"  # begins a field


def select_resources(content: bytes) -> bytes | None:
    """Return the resources that hold for a changed picture, or None if there are none. Damaged ones are left out."""
    if content.startswith(IPTC_RECORD):
        content = _build_resource(IPTC, content)
    return b"".join(resource for number, resource in _iterate_resources(content) if number in KEPT) or None


def _iterate_resources(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the number and the bytes of each whole resource."""
    position = 0
    while content.startswith(SIGNATURE, position) and position + 12 <= len(content):
        number = int.from_bytes(content[position + 4 : position + 6])
        name_end = position + 7 + content[position + 6]
        name_end += (name_end - position) % 2
        data = name_end + 4
        end = data + int.from_bytes(content[name_end:data])
        if end > len(content):
            return
        yield number, _build_resource(number, content[data:end])
        position = end + (end - data) % 2


def _build_resource(number: int, data: bytes) -> bytes:
    """Build a resource without a name. Its data are padded to an even length."""
    return SIGNATURE + number.to_bytes(2) + b"\0\0" + len(data).to_bytes(4) + data + b"\0" * (len(data) % 2)
