"""Extended XMP: what of a JPG's XMP does not fit into one segment (XMP specification, part 3, 1.1.3.1)."""

import hashlib
import re
from collections.abc import Sequence

from vanceweb.engine.processing.image.jpeg_segments import APP1, MAX_BODY, XMP_EXTENSION_NAME, XMP_NAME, build_segment
from vanceweb.engine.processing.image.xmp import Edits, change_xmp, read_properties
from vanceweb.engine.processing.image.xmp_properties import HAS_EXTENSION, NOTE

MAX_PACKET = MAX_BODY - len(XMP_NAME)
HEAD = len(XMP_EXTENSION_NAME) + 40  # bytes before a part's content: name, GUID, whole length and offset
MAX_PART = MAX_BODY - HEAD
MAX_EXTENSION = 8 * 1024 * 1024  # bytes: of phones, which keep depth maps in it; a segment could claim 4 GB
WRAPPER = re.compile(rb"<\?xpacket[^>]*\?>")
PADDING = re.compile(rb"\s+(?=<\?xpacket\s+end)")
RDF_END = re.compile(rb"</[^\s<>]*RDF\s*>")
RDF_START = re.compile(rb"<[^\s<>/]*RDF(?:\s[^<>]*)?>")
DECLARATION = re.compile(rb"\sxmlns:[^\s=]+\s*=\s*(?:\"[^\"]*\"|'[^']*')")
STUB = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description rdf:about="" xmlns:xmpNote="' + NOTE.encode() + b'" xmpNote:HasExtendedXMP="%s"/>'
    b"</rdf:RDF></x:xmpmeta>"
)


def collect_extension(bodies: Sequence[bytes], packet: bytes) -> bytes | None:
    """Return the extension that `packet` names from the contents of segments, or None if a part of it is missing."""
    guid = read_properties(packet).get(HAS_EXTENSION, "").encode()
    parts = {}
    whole = -1
    for body in bodies:
        head, content = body[len(XMP_EXTENSION_NAME) : HEAD], body[HEAD:]
        if guid and head[:32] == guid:
            whole = int.from_bytes(head[32:36])
            parts[int.from_bytes(head[36:40])] = content
    if whole > MAX_EXTENSION:
        return None
    extension = b"".join(parts[offset] for offset in sorted(parts))
    return extension if len(extension) == whole else None


def build_xmp_segments(packet: bytes, extension: bytes | None) -> bytes | None:
    """Build the segments of a JPG, with an extension if the packet has or needs one; None if it doesn't fit at all."""
    packet = PADDING.sub(b"", packet) if len(packet) > MAX_PACKET - 64 else packet
    if extension is None and len(packet) > MAX_PACKET:
        packet, extension = STUB, WRAPPER.sub(b"", packet)
    parts = b""
    if extension is not None:
        guid = hashlib.md5(extension, usedforsecurity=False).hexdigest().upper()
        packet = packet % guid.encode() if packet is STUB else _set_extension_name(packet, guid)
        parts = b"".join(
            build_segment(APP1, XMP_EXTENSION_NAME + _build_head(guid, extension, offset))
            for offset in range(0, len(extension), MAX_PART)
        )
    if len(packet) > MAX_PACKET:
        return None
    return build_segment(APP1, XMP_NAME + packet) + parts


def _set_extension_name(packet: bytes, guid: str) -> bytes:
    return change_xmp(packet, Edits({HAS_EXTENSION: guid})) or packet


def _build_head(guid: str, extension: bytes, offset: int) -> bytes:
    place = len(extension).to_bytes(4) + offset.to_bytes(4)
    return guid.encode() + place + extension[offset : offset + MAX_PART]


def remove_extension(packet: bytes) -> bytes | None:
    """Return the packet without its pointer to an extension, or None if nothing else is in it."""
    return change_xmp(packet, Edits(removed=frozenset({HAS_EXTENSION})))


def add_extension(packet: bytes, extension: bytes) -> bytes | None:
    """Return one packet with the properties of both, as other formats than JPG need it, or None if that is impossible.

    The descriptions of the extension are put behind the packet's. Both must declare the same names around them.
    """
    alone = remove_extension(packet)
    if alone is None:
        return extension
    start, end, target = RDF_START.search(extension), RDF_END.search(extension), RDF_END.search(alone)
    if start is None or end is None or target is None:
        return None
    around = set(DECLARATION.findall(extension[: start.end()]))
    if not around <= set(DECLARATION.findall(alone[: target.start()])):
        return None
    merged = alone[: target.start()] + extension[start.end() : end.start()] + alone[target.start() :]
    return merged if read_properties(merged) else None
