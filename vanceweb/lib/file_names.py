"""File names of pictures: the only place that cleans and builds them.

The name in the gallery, in the header of a download and in the engine's history is one and the same. It keeps every
script: letters with their marks, digits, signs and emoji. It loses whatever a file system, a shell or a reader could
trip over.
"""

import re
import unicodedata
from collections.abc import Iterator

# Below the 255 bytes of most file systems: browsers add " (2)" or ".part" while they save a file.
MAX_BYTES = 240
# The columns that store names.
MAX_CHARACTERS = 200
# Unicode's limit of marks on one character in text that is processed in pieces (UAX #15, Stream-Safe Text Format).
MAX_MARKS = 30
FALLBACK = "picture"

# Endings of pictures: they are replaced by that of the file's real format. Others ("holiday.2024") belong to the name.
ENDINGS_BY_FORMAT: dict[str, tuple[str, ...]] = {"jpg": ("jpg", "jpeg", "jpe", "jfif"), "png": ("png",)}
ENDING = re.compile(r"\.(jpe?g|jpe|jfif|a?png|mpo|hei[cf]s?|hif|avif|webp|tiff?|bmp|dib|gif)$", re.I)

# Windows refuses these signs; slashes were the ends of folders.
RESERVED_SIGNS = frozenset('<>:"|?*')
# Names of devices on Windows, whatever follows the first dot.
DEVICES = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])$", re.I)

ZWNJ, ZWJ = "\u200c", "\u200d"
FLAG = "\U0001f3f4"
# The flags of regions, such as Scotland's: a black flag, tags that spell the region, and the end.
FLAG_TAGS = re.compile("[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,6}\U000e007f")
TEXT_OR_EMOJI = re.compile("[\ufe0e\ufe0f]")
VARIANTS = re.compile("[\ufe00-\ufe0d\u180b-\u180d\u180f\U000e0100-\U000e01ef]")
SKIN_TONES = re.compile("[\U0001f3fb-\U0001f3ff]")
REGION_LETTERS = re.compile("[\U0001f1e6-\U0001f1ff]")
KEYCAP = "\u20e3"
# Signs, digits and letters with a form as an emoji (Unicode's emoji-variation-sequences).
EMOJI_BASES = frozenset({"So", "Sm", "Sk", "Po", "Pd"})
EMOJI_LETTERS = frozenset("\u2139\u24c2")
# Characters that count as letters, signs or marks and can't be seen (Default_Ignorable_Code_Point, and blank Braille).
INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufff0-\ufff8\U0001d173-\U0001d17a]")
# Format characters that can be seen: they enclose a number.
VISIBLE_FORMATS = re.compile("[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd]")
# Newer than this Python's tables: kept for emoji and for Chinese characters.
NEWER = re.compile("[\U0001f000-\U0001faff\U00020000-\U0002fffd\U00030000-\U0003fffd]")


def clean_file_name(name: str, extension: str = "", *, fallback: str = FALLBACK) -> str:
    """Return the name without folders, in NFC, safe on every file system and at most MAX_BYTES and MAX_CHARACTERS long.

    `extension` is that of the file's format (`jpg` or `png`): the name gets it, unless it ends in another spelling of
    it. Return `fallback` for a name of which nothing is left. Cleaning a clean name changes nothing.
    """
    stem, ending = _split_ending(_take_last_part(name))
    if extension and ending.lower() not in ENDINGS_BY_FORMAT.get(extension, (extension,)):
        ending = extension
    return _compose_name(stem, "", ending, fallback)


def build_result_name(original: str, work: str, extension: str) -> str:
    """Return the name of a result, as in `holiday-denoise.jpg`. `work` tells what was done to `original`."""
    stem, _ending = _split_ending(_take_last_part(original))
    return _compose_name(stem, f"-{work}", extension, FALLBACK)


def shorten(text: str, *, characters: int, size: int) -> str:
    """Return the beginning of the text, at most `size` bytes of UTF-8 long, without a part of what is read as one."""
    kept = ""
    for cluster in split_clusters(text):
        longer = kept + cluster
        if len(longer) > characters or len(longer.encode()) > size:
            break
        kept = longer
    return kept


def split_clusters(text: str) -> Iterator[str]:
    """Yield the text in pieces that are read as one: a letter with its marks, a joined emoji, a flag.

    Close to the extended grapheme clusters of UAX #29.
    """
    cluster = ""
    for character in text:
        if cluster and not _is_part_of(cluster, character):
            yield cluster
            cluster = ""
        cluster += character
    if cluster:
        yield cluster


def _take_last_part(name: str) -> str:
    return name.replace("\\", "/").rsplit("/", 1)[-1].strip()


def _split_ending(name: str) -> tuple[str, str]:
    """Return the name without the ending of a picture, and that ending without its dot, or an empty one."""
    name = name.rstrip(". ")
    found = ENDING.search(name)
    return (name[: found.start()], found[1]) if found else (name, "")


def _compose_name(stem: str, suffix: str, ending: str, fallback: str) -> str:
    ending = f".{ending}" if ending else ""
    stem = _clean_stem(stem)
    if not stem and not fallback:
        return ""
    tail = f"{suffix}{ending}"
    # One place is for the underscore of a device's name.
    room = {"characters": MAX_CHARACTERS - len(tail) - 1, "size": MAX_BYTES - len(tail.encode()) - 1}
    name = (shorten(stem, **room).rstrip(". ") or fallback) + tail
    return f"_{name}" if DEVICES.match(name.partition(".")[0].rstrip()) else name


def _clean_stem(stem: str) -> str:
    cleaned = _clean_once(stem)
    # What was removed may have stood between a mark and its letter, or two dots.
    while cleaned != stem:
        stem, cleaned = cleaned, _clean_once(cleaned)
    return cleaned


def _clean_once(stem: str) -> str:
    return unicodedata.normalize("NFC", _filter(unicodedata.normalize("NFC", stem.strip(". ")))).strip(". ")


def _filter(text: str) -> str:
    """Keep what can be seen, and what joins it."""
    kept = ""
    position = marks = 0
    while position < len(text):
        character, following = text[position], text[position + 1 : position + 2]
        tags = FLAG_TAGS.match(text, position)
        piece = tags[0] if tags else _keep(character, kept, following)
        piece = piece if not tags or kept.endswith(FLAG) else ""
        marks = marks + 1 if _is_mark(piece) else 0 if piece else marks
        kept += piece if marks <= MAX_MARKS else ""
        position = tags.end() if tags else position + 1
    return kept


def _keep(character: str, before: str, following: str) -> str:
    """Return the character, what replaces it, or nothing. `before` is the kept text, `following` the next character."""
    category = unicodedata.category(character)
    last = before[-1:]
    if character in (ZWNJ, ZWJ):
        return character if _is_effective_joiner(character, last, following) else ""
    if TEXT_OR_EMOJI.match(character):
        return character if _has_emoji_form(last, following) else ""
    if VARIANTS.match(character):
        return character if last and unicodedata.category(last) == "Lo" else ""
    if INVISIBLE.match(character):
        return ""
    if category[0] == "M":
        # A mark without a letter would sit on whatever stands before the name.
        return character if last and not last.isspace() else ""
    if category == "Zs":
        return " "
    if character in RESERVED_SIGNS:
        return "" if before.endswith("_") else "_"
    is_visible = category[0] in "LNPS" or VISIBLE_FORMATS.match(character) or NEWER.match(character)
    return character if is_visible else ""


def _is_effective_joiner(joiner: str, last: str, following: str) -> bool:
    """Return whether the joiner changes how its neighbours look.

    That is so next to a virama (RFC 5892, appendix A), in Arabic script, and for one that joins, between emoji.
    """
    if not last:
        return False
    if _is_virama(last) or (joiner == ZWJ and following and _is_virama(following) and last.isalpha()):
        return True
    is_arabic = _is_arabic(last)
    if joiner == ZWNJ:
        return is_arabic and bool(following) and _is_arabic(following)
    joins_emoji = (_is_emoji(last) or last == "\ufe0f") and bool(following) and _is_emoji(following)
    return is_arabic or joins_emoji


def _has_emoji_form(last: str, following: str) -> bool:
    if not last:
        return False
    if last in "0123456789#":
        return following == KEYCAP
    return unicodedata.category(last) in EMOJI_BASES or last in EMOJI_LETTERS


def _is_emoji(character: str) -> bool:
    is_newer = NEWER.match(character) is not None and character < "\U00020000"
    return unicodedata.category(character) in ("So", "Sm", "Sk") or is_newer or character == "\U000e007f"


def _is_virama(character: str) -> bool:
    return unicodedata.combining(character) == 9


def _is_arabic(character: str) -> bool:
    """Return whether the character belongs to a script whose letters join: Arabic, Syriac; or is a mark on one."""
    return unicodedata.bidirectional(character) == "AL" or "\u064b" <= character <= "\u065f"


def _is_mark(piece: str) -> bool:
    return len(piece) == 1 and unicodedata.category(piece)[0] == "M"


def _is_part_of(cluster: str, character: str) -> bool:
    """Return whether the character is read together with the cluster before it."""
    last = cluster[-1]
    if _is_mark(character) or character in (ZWNJ, ZWJ) or SKIN_TONES.match(character):
        return True
    if last == ZWJ or _is_virama(last) or "\U000e0020" <= character <= "\U000e007f":
        return True
    regions = len(cluster) if REGION_LETTERS.match(cluster[0]) else 0
    return regions == 1 and REGION_LETTERS.match(character) is not None
