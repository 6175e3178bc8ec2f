"""Things in a file besides its first picture: gain maps, films, other data behind the end, and content credentials.

None of it fits a picture that was encoded again, and what points to it would mislead. So it stays only in a file whose
picture is kept bit by bit; a note tells its loss.
"""

from vanceweb.engine.processing.image import png_chunks
from vanceweb.engine.processing.image.jpeg_segments import (
    APP1,
    APP2,
    APP11,
    GAIN_MAP_NAME,
    JPEG_START,
    PICTURE_INDEX_NAME,
    XMP_EXTENSION_NAME,
    XMP_NAME,
    Segment,
    find_end,
    leave_out,
    read_segments,
)
from vanceweb.engine.processing.image.xmp_extension import build_xmp_segments, collect_extension, remove_extension
from vanceweb.engine.processing.image.xmp_properties import remove_pointers
from vanceweb.engine.processing.messages import Message, gettext_noop

PADDING = b"\0 \r\n"  # between pictures and behind the end; it means nothing
# In a gain map: of Adobe and Google, of ISO 21496-1, and of Apple.
GAIN_MAP_MARKS = (b"ns.adobe.com/hdr-gain-map", b"urn:iso:std:iso:ts:21496", b"urn:com:apple:photo:2020:aux:hdrgainmap")
FILM_MARKS = (b"ftyp", b"MotionPhoto_Data")  # MP4 and QuickTime; Samsung's name for them
CREDENTIALS_MARK = b"c2pa"

NO_GAIN_MAP = gettext_noop("The gain map, which brightens the photo on HDR screens, was left out.")
NO_FILM = gettext_noop("The film of the motion photo was left out; the result is a still picture.")
NO_DATA = gettext_noop("Other data behind the picture (%(size)s bytes), as some phones add them, were left out.")
NO_CREDENTIALS = gettext_noop("The content credentials (C2PA) were left out: they hold for the unchanged file only.")


def split_at_end(file: bytes) -> tuple[bytes, bytes]:
    """Return the JPG or PNG of the first picture, and what is behind its end."""
    if file.startswith(png_chunks.SIGNATURE):
        chunks = list(png_chunks.read_chunks(file))
        end = chunks[-1].end if chunks and chunks[-1].name == png_chunks.END else len(file)
    else:
        end = find_end(file)
    return file[:end], file[end:]


def describe_attachments(file: bytes) -> tuple[Message, ...]:
    """Return notes on what a JPG or PNG loses if its picture is encoded again.

    Further photos are no attachments: their number is told where pictures are counted.
    """
    picture, tail = split_at_end(file)
    notes = []
    has_map, rest = _split_pictures(picture, tail)
    if has_map:
        notes.append(Message(NO_GAIN_MAP))
    if any(mark in rest for mark in FILM_MARKS):
        notes.append(Message(NO_FILM))
    elif rest:
        notes.append(Message(NO_DATA, size=f"{len(rest):,}"))
    if has_credentials(picture):
        notes.append(Message(NO_CREDENTIALS))
    return tuple(notes)


def _split_pictures(picture: bytes, tail: bytes) -> tuple[bool, bytes]:
    """Return whether one of the JPGs at the start of `tail` is a gain map, and what is behind those JPGs.

    JPGs that no index names count as other data.
    """
    header = b"".join(segment.body for segment in read_segments(picture))
    has_index, has_map, rest = PICTURE_INDEX_NAME in header, False, tail.strip(PADDING)
    while rest.startswith(JPEG_START):
        end = find_end(rest)
        is_map = any(mark in header or mark in rest[:end] for mark in GAIN_MAP_MARKS)
        if not is_map and not has_index:
            break
        has_map, rest = has_map or is_map, rest[end:].strip(PADDING)
    return has_map, rest


def has_credentials(file: bytes) -> bool:
    """Return whether a JPG or PNG has content credentials, which are signed for exactly these bytes."""
    if file.startswith(png_chunks.SIGNATURE):
        return any(chunk.name == png_chunks.CREDENTIALS for chunk in png_chunks.read_chunks(file))
    return any(_is_credentials(segment) for segment in read_segments(file))


def _is_credentials(segment: Segment) -> bool:
    return segment.marker == APP11 and CREDENTIALS_MARK in segment.body


def remove_attachments(file: bytes) -> bytes:
    """Return the JPG or PNG without anything besides its first picture, and without what points to it."""
    picture, _tail = split_at_end(file)
    if file.startswith(png_chunks.SIGNATURE):
        for chunk in reversed(list(png_chunks.read_chunks(picture))):
            if chunk.name == png_chunks.CREDENTIALS:
                picture = picture[: chunk.offset] + picture[chunk.end :]
        return picture
    return _remove_pointers(leave_out(picture, [segment for segment in read_segments(picture) if _is_pointer(segment)]))


def _is_pointer(segment: Segment) -> bool:
    names = (PICTURE_INDEX_NAME, GAIN_MAP_NAME)
    return _is_credentials(segment) or any(segment.is_named(APP2, name) for name in names)


def _remove_pointers(file: bytes) -> bytes:
    """Return the JPG with XMP that doesn't point to anything behind the picture."""
    segments = [
        segment
        for segment in read_segments(file)
        if segment.is_named(APP1, XMP_NAME) or segment.is_named(APP1, XMP_EXTENSION_NAME)
    ]
    packets = [segment.body[len(XMP_NAME) :] for segment in segments if segment.is_named(APP1, XMP_NAME)]
    if not packets:
        return file
    packet = packets[0]
    extension = collect_extension([part.body for part in segments if part.is_named(APP1, XMP_EXTENSION_NAME)], packet)
    kept, rest = remove_pointers(packet), extension and remove_pointers(extension)
    if packets == [kept] and rest == extension:
        return file
    if kept is not None and rest is None:
        kept = remove_extension(kept)
    written = (kept and build_xmp_segments(kept, rest)) or b""
    file, place = leave_out(file, segments), segments[0].offset
    return file[:place] + written + file[place:]
