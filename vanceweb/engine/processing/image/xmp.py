"""Changes to XMP packets, Adobe's metadata in XML: values are set and properties removed, and every other byte stays.

Packets are written in many ways, so they are read by an XML parser, and only the bytes of what changes are replaced.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

Name = tuple[str, str]  # namespace and local name

RDF, META, XML = "http://www.w3.org/1999/02/22-rdf-syntax-ns#", "adobe:ns:meta/", "http://www.w3.org/XML/1998/namespace"
FRAME = frozenset({RDF, META, XML, ""})  # what holds the properties
START_TAG = re.compile(rb"<[^\s/>]+((?:\s+[^\s=]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*)\s*(/?)>")
ATTRIBUTE = re.compile(rb"\s+([^\s=]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
MAX_PARTS = 50_000  # elements and attributes: a second's work; the long histories of editors have some thousand
MAX_VALUE = 1000  # characters, roughly, of a property that is read: far more than a number or a name has
PADDING = b" \t\r\n\0"


class UnreadableXmp(ValueError):
    """The packet is no well-formed XML in UTF-8, declares entities or has too many parts."""


@dataclass(frozen=True)
class Edits:
    """Values to set where the property exists, and tests of the names and of the namespaces to remove.

    A namespace that is removed also loses its declarations.
    """

    values: Mapping[Name, str] = field(default_factory=dict)
    removed: frozenset[Name] = frozenset()
    removed_namespaces: frozenset[str] = frozenset()

    def is_removed(self, name: Name) -> bool:
        """Return whether the property of this name is removed."""
        return name in self.removed or name[0] in self.removed_namespaces


def change_xmp(packet: bytes, edits: Edits) -> bytes | None:
    """Return the packet with the edits, or None if no property remains.

    A packet that cannot be read stays as it is, unless it mentions anything that is to be changed.
    """
    packet = packet.strip(PADDING)
    try:
        return _Editor(packet, edits).apply()
    except UnreadableXmp:
        names = [local for _, local in (*edits.values, *edits.removed)]
        mentioned = any(text.encode() in packet for text in (*names, *edits.removed_namespaces))
        return None if mentioned or not packet else packet


def read_properties(packet: bytes) -> dict[Name, str]:
    """Return the simple properties of a packet, none of one that cannot be read."""
    editor = _Editor(packet.strip(PADDING), Edits())
    try:
        editor.parse()
    except UnreadableXmp:
        return {}
    return editor.properties


@dataclass
class _Element:
    name: Name
    start: int
    content: int  # where the start tag ends
    text: str = ""
    children: int = 0


class _Editor:
    def __init__(self, packet: bytes, edits: Edits) -> None:
        self.properties: dict[Name, str] = {}
        self._packet, self._edits = packet, edits
        self._changes: list[tuple[int, int, bytes]] = []
        self._open: list[_Element] = []
        self._removing: int | None = None  # depth of the element that is being removed
        self._remaining = self._parts = 0  # properties; elements and attributes
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.namespace_prefixes = True
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._add_text

    def parse(self) -> None:
        try:
            self._packet.decode()
            self._parser.Parse(self._packet, True)
        except (expat.ExpatError, ValueError, LookupError) as error:
            raise UnreadableXmp from error

    def apply(self) -> bytes | None:
        self.parse()
        if not self._remaining:
            return None
        edited, position = bytearray(), 0
        for start, end, replacement in self._changes:
            edited += self._packet[position:start] + replacement
            position = end
        return bytes(edited + self._packet[position:])

    def _refuse(self, *declaration: object) -> None:
        raise UnreadableXmp

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        start = self._parser.CurrentByteIndex
        match = START_TAG.match(self._packet, start)
        self._parts += 1 + len(attributes)
        if match is None or self._parts > MAX_PARTS:
            raise UnreadableXmp
        if self._open:
            self._open[-1].children += 1
        name = _split_name(tag)
        self._open.append(_Element(name, start, match.end()))
        if self._removing is not None:
            return
        if self._edits.is_removed(name):
            self._removing = len(self._open)
            return
        self._remaining += name[0] not in FRAME
        names = {_get_written_name(attribute): _split_name(attribute) for attribute in attributes}
        for attribute in ATTRIBUTE.finditer(self._packet, match.start(1), match.end(1)):
            self._change_attribute(attribute, names)

    def _change_attribute(self, attribute: re.Match[bytes], names: Mapping[str, Name]) -> None:
        written = attribute[1].decode()
        group = 2 if attribute[2] is not None else 3
        if written.startswith("xmlns"):
            if attribute[group].decode() in self._edits.removed_namespaces:
                self._changes.append((attribute.start(), attribute.end(), b""))
            return
        name = names.get(written, ("", written))
        if self._edits.is_removed(name):
            self._changes.append((attribute.start(), attribute.end(), b""))
            return
        self._remaining += name[0] not in FRAME
        self.properties[name] = attribute[group].decode()
        if name in self._edits.values:
            self._changes.append((attribute.start(group), attribute.end(group), self._edits.values[name].encode()))

    def _add_text(self, text: str) -> None:
        if self._open and len(self._open[-1].text) < MAX_VALUE:
            self._open[-1].text += text

    def _end(self, tag: str) -> None:
        end = self._parser.CurrentByteIndex
        element = self._open.pop()
        if self._removing is not None:
            if len(self._open) < self._removing:
                self._removing = None
                # An empty element ends with its start tag.
                after = element.content if end < element.content else self._packet.index(b">", end) + 1
                self._changes.append((element.start, after, b""))
        elif element.children == 0 and end >= element.content:
            self.properties[element.name] = element.text.strip()
            if element.name in self._edits.values:
                self._changes.append((element.content, end, self._edits.values[element.name].encode()))


def _split_name(name: str) -> Name:
    """Split expat's name: namespace, local name and prefix, or the local name alone."""
    namespace, _, rest = name.rpartition(" ") if name.count(" ") < 2 else name.rpartition(" ")[0].rpartition(" ")
    return namespace, rest


def _get_written_name(name: str) -> str:
    _namespace, *local_and_prefix = name.split(" ")
    return ":".join(reversed(local_and_prefix)) if local_and_prefix else name
