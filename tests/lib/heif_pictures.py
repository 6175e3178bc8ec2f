"""HEIC files, put together around two still frames that a HEVC encoder wrote once: nothing here can write them.

The frame has 64 x 64 px: red and green above, blue and white below. The mask is opaque on its left half.
"""

import base64
import struct
from dataclasses import dataclass, field

SIDE = 64
RED, GREEN, BLUE, WHITE = (200, 30, 30), (30, 160, 30), (30, 30, 200), (230, 230, 230)
FRAME_HEADER = base64.b64decode(
    "AQNwAAAAAAAAAAAAHvAA/P34+AAADwMgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQCEAAQArQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbqSS"
    "mubgQEDAgAAAMACAAAAwAIQCIAAQAHRAHBcrAiQA=="
)
FRAME = base64.b64decode("AAAAPSgBrwT4QTJp2//Fh///+qRvZf2qoYX7n22Mf/5bh//8DEZCff6Yf0b9uHR//grP2xm/8pQxh+zyd/+WH/A=")
MASK_HEADER = base64.b64decode(
    "AQNwAAAAAAAAAAAAHvAA/P34+AAADwMgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQCEAAQArQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbqSS"
    "mubgQEDAgAAAMACAAAAwAIQCIAAQAHRAHBcrAiQA=="
)
MASK = base64.b64decode("AAAAHCgBrwT4Qa7MlbT+96gThsP/pfejiqXpf/CXH4A=")
ALPHA = b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha\0"


@dataclass
class Container:
    """The items of a container with their properties and references, numbered in the order in which they come."""

    items: list[tuple[bytes, bytes, bytes]] = field(default_factory=list)  # type, infe ending, content
    properties: list[bytes] = field(default_factory=list)
    associations: dict[int, list[int]] = field(default_factory=dict)
    references: list[bytes] = field(default_factory=list)

    def add_item(self, kind: bytes, content: bytes, *properties: bytes, ending: bytes = b"") -> int:
        number = len(self.items) + 1
        self.items.append((kind, ending, content))
        for content in properties:
            self.properties.append(content)
            self.associations.setdefault(number, []).append(len(self.properties))
        return number

    def refer(self, kind: bytes, source: int, *targets: int) -> None:
        self.references.append(build_box(kind, struct.pack(f">HH{len(targets)}H", source, len(targets), *targets)))

    def to_bytes(self, primary: int, *, hidden: tuple[int, ...] = (), brand: bytes = b"heic") -> bytes:
        head = build_box(b"ftyp", brand + bytes(4) + b"mif1heic")
        # The places depend on the length of the header, but not its length on them.
        length = len(head) + len(self._build_meta(primary, hidden, 0)) + 8
        contents = b"".join(content for _kind, _ending, content in self.items)
        return head + self._build_meta(primary, hidden, length) + build_box(b"mdat", contents)

    def _build_meta(self, primary: int, hidden: tuple[int, ...], place: int) -> bytes:
        infos, places = [], []
        for number, (kind, ending, content) in enumerate(self.items, start=1):
            info = struct.pack(">HH4s", number, 0, kind) + b"\0" + ending
            infos.append(build_full_box(b"infe", info, version=2, flags=int(number in hidden)))
            places.append(struct.pack(">HHHII", number, 0, 1, place, len(content)))
            place += len(content)
        links = [
            struct.pack(f">HB{len(used)}B", number, len(used), *(0x80 | index for index in used))
            for number, used in self.associations.items()
        ]
        return build_full_box(
            b"meta",
            build_full_box(b"hdlr", bytes(4) + b"pict" + bytes(13))
            + build_full_box(b"pitm", struct.pack(">H", primary))
            + build_full_box(b"iloc", b"\x44\0" + struct.pack(">H", len(places)) + b"".join(places))
            + build_full_box(b"iinf", struct.pack(">H", len(infos)) + b"".join(infos))
            + build_box(
                b"iprp",
                build_box(b"ipco", b"".join(self.properties))
                + build_full_box(b"ipma", struct.pack(">I", len(links)) + b"".join(links)),
            )
            + (build_full_box(b"iref", b"".join(self.references)) if self.references else b""),
        )


def build_box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, kind) + content


def build_full_box(kind: bytes, content: bytes, *, version: int = 0, flags: int = 0) -> bytes:
    return build_box(kind, struct.pack(">I", version << 24 | flags) + content)


def build_size(width: int, height: int) -> bytes:
    return build_full_box(b"ispe", struct.pack(">II", width, height))


def build_heic(
    *,
    tiles: tuple[int, int] = (1, 1),
    size: tuple[int, int] | None = None,
    quarter_turns: int = 0,
    exif: bytes = b"",
    xmp: bytes = b"",
    profile: bytes = b"",
    colours: tuple[int, int, int] | None = None,
    pictures: int = 1,
    alpha: bool = False,
    frame: bytes = FRAME,
    brand: bytes = b"heic",
) -> bytes:
    """Return a HEIC file. Of several tiles, it is a grid, as phones write it; `size` is that which the file states, px.

    `quarter_turns` are anticlockwise, `colours` numbers of primaries, transfer and matrix (ITU-T H.273).
    """
    container = Container()
    across, down = tiles
    width, height = size or (SIDE * across, SIDE * down)
    seen = [build_box(b"irot", bytes([quarter_turns]))] if quarter_turns else []
    seen += [build_box(b"colr", b"prof" + profile)] if profile else []
    seen += [build_box(b"colr", b"nclx" + struct.pack(">HHHB", *colours, 0x80))] if colours else []
    coded = build_box(b"hvcC", FRAME_HEADER)
    if tiles == (1, 1):
        hidden: tuple[int, ...] = ()
        primary = container.add_item(b"hvc1", frame, coded, build_size(width, height), *seen)
    else:
        hidden = tuple(container.add_item(b"hvc1", frame, coded, build_size(SIDE, SIDE)) for _ in range(across * down))
        grid = struct.pack(">BBBBHH", 0, 0, down - 1, across - 1, width, height)
        primary = container.add_item(b"grid", grid, build_size(width, height), *seen)
        container.refer(b"dimg", primary, *hidden)
    if exif:
        container.refer(b"cdsc", container.add_item(b"Exif", bytes(4) + exif), primary)
    if xmp:
        item = container.add_item(b"mime", xmp, ending=b"application/rdf+xml\0")
        container.refer(b"cdsc", item, primary)
    if alpha:
        auxiliary = build_full_box(b"auxC", ALPHA)
        mask = container.add_item(b"hvc1", MASK, build_box(b"hvcC", MASK_HEADER), build_size(SIDE, SIDE), auxiliary)
        container.refer(b"auxl", mask, primary)
        hidden += (mask,)
    for _ in range(pictures - 1):
        container.add_item(b"hvc1", frame, coded, build_size(SIDE, SIDE))
    return container.to_bytes(primary, hidden=hidden, brand=brand)
