"""Parsing of colour requests in prompts such as "blue skirt, pale green grass on the left".

English only, without grammar: each colour belongs to the next thing named after it in its phrase, or else to the last
one before it. Words that aren't colours, places or things are ignored.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

# Hue in degrees and chroma, in the ab plane of CIE Lab, of things of this colour in photos: the most vivid red paint
# has a chroma of 100, a red dress 60. sRGB's own blue (306 degrees) looks violet as soon as it is paler.
COLOURS: Mapping[str, tuple[float, float]] = {
    **dict.fromkeys(("red", "scarlet", "cherry", "ruby"), (33, 58)),
    **dict.fromkeys(("crimson", "burgundy", "maroon", "wine"), (20, 42)),
    **dict.fromkeys(("coral", "salmon"), (38, 42)),
    **dict.fromkeys(("rust", "terracotta", "ginger", "auburn", "copper"), (52, 42)),
    "orange": (62, 62),
    **dict.fromkeys(("brown", "bronze", "chestnut"), (60, 30)),
    **dict.fromkeys(("chocolate", "brunette", "sepia"), (60, 22)),
    "fair": (58, 18),
    **dict.fromkeys(("peach", "apricot"), (62, 28)),
    **dict.fromkeys(("tan", "tanned", "beige", "sandy"), (75, 20)),
    **dict.fromkeys(("gold", "golden", "mustard", "amber"), (83, 52)),
    **dict.fromkeys(("blonde", "straw"), (82, 32)),
    **dict.fromkeys(("cream", "ivory"), (92, 11)),
    **dict.fromkeys(("yellow", "lemon"), (97, 62)),
    "khaki": (98, 22),
    "olive": (112, 34),
    "lime": (122, 58),
    "green": (138, 42),
    "emerald": (155, 46),
    "mint": (162, 20),
    **dict.fromkeys(("turquoise", "aqua"), (190, 34)),
    **dict.fromkeys(("cyan", "teal"), (203, 32)),
    "azure": (248, 34),
    "blue": (266, 44),
    **dict.fromkeys(("navy", "denim"), (274, 32)),
    "indigo": (292, 42),
    **dict.fromkeys(("lavender", "lilac"), (308, 24)),
    "violet": (314, 46),
    "purple": (322, 46),
    "magenta": (336, 60),
    "pink": (2, 34),
    **dict.fromkeys(("white", "black", "grey", "silver", "charcoal", "colourless", "monochrome"), (0, 0)),
}
SYNONYMS: Mapping[str, str] = {
    "gray": "grey", "blond": "blonde", "golden": "gold", "colorless": "colourless", "reddish": "red",
    "orangey": "orange", "brownish": "brown", "yellowish": "yellow", "greenish": "green", "bluish": "blue",
    "purplish": "purple", "pinkish": "pink", "greyish": "grey", "grayish": "grey",
}  # fmt: skip
# Words beside a colour, and the factor they apply to its chroma.
CHROMA_FACTORS: Mapping[str, float] = {
    **dict.fromkeys(("pale", "pastel", "faded", "dull", "muted", "soft"), 0.55),
    **dict.fromkeys(("light", "dark"), 0.8),
    **dict.fromkeys(("bright", "vivid", "neon", "deep", "rich", "saturated", "strong"), 1.35),
}
PLACES: Mapping[str, str] = {
    **dict.fromkeys(("top", "upper", "above"), "top"),
    **dict.fromkeys(("bottom", "lower", "below"), "bottom"),
    "left": "left",
    "right": "right",
    **dict.fromkeys(("centre", "center", "middle"), "centre"),
}
THINGS: Mapping[str, str] = {
    **dict.fromkeys(("sky", "skies", "cloud", "clouds", "heaven"), "sky"),
    **dict.fromkeys(("skin", "face", "faces", "cheeks", "complexion"), "skin"),
    **dict.fromkeys(("lips", "lip", "lipstick", "mouth"), "lips"),
    **dict.fromkeys(("hair", "hairs", "haircut", "curls", "wig"), "hair"),
    **dict.fromkeys(("dress", "gown", "robe", "suit", "uniform", "coat", "clothes", "clothing", "kimono", "overalls",
                     "spacesuit"), "clothes"),
    **dict.fromkeys(("shirt", "blouse", "jacket", "sweater", "pullover", "vest", "tie", "scarf", "hoodie"), "upper"),
    **dict.fromkeys(("skirt", "trousers", "pants", "jeans", "shorts", "shoes", "boots"), "lower"),
    **dict.fromkeys(("grass", "lawn", "meadow", "field", "ground", "floor", "earth", "soil", "sand", "beach", "road",
                     "street", "snow", "carpet"), "ground"),
    **dict.fromkeys(("tree", "trees", "leaf", "leaves", "foliage", "bush", "bushes", "forest", "plants", "hedge"),
                    "plants"),
    **dict.fromkeys(("water", "sea", "ocean", "lake", "river", "pool"), "water"),
    **dict.fromkeys(("wood", "wooden", "table", "desk", "planks"), "wood"),
    **dict.fromkeys(("background", "backdrop", "behind", "wall", "walls", "curtain", "surroundings"), "background"),
    **dict.fromkeys(("foreground", "subject", "person", "people", "woman", "man", "girl", "boy", "child", "figure",
                     "animal", "cat", "dog", "horse", "bird", "fur", "flower", "flowers", "rose", "petals", "car",
                     "ship", "boat", "cup", "plate", "fruit", "building", "house", "temple", "tower", "object",
                     "thing"), "subject"),
    **dict.fromkeys(("everything", "all", "everywhere", "whole", "overall", "picture", "photo", "image", "tint",
                     "tone"), "everything"),
}  # fmt: skip
STOP_WORDS = frozenset(
    (
        *("the", "and", "with", "without", "from", "under", "over", "near", "are", "was", "has", "have", "being"),
        *(
            "her",
            "his",
            "their",
            "its",
            "your",
            "this",
            "that",
            "these",
            "those",
            "very",
            "more",
            "most",
            "some",
            "any",
        ),
        *("colour", "colours", "color", "colors", "coloured", "colored", "side", "part", "area", "only", "just"),
        *("wearing", "standing", "sitting", "walking", "holding", "against", "front"),
    )
)
PHRASE_SEPARATOR = re.compile(r"[,;.|/\n]+|\band\b|\bwith\b|\bbut\b")
WORD_PATTERN = re.compile(r"[a-z]+")
MONOCHROME_PATTERN = re.compile(r"\bblack[ -]*(?:and|&)[ -]*white\b|\bb&w\b")


@dataclass(frozen=True)
class ColourRequest:
    """A colour (ab) for a thing: a value of `THINGS`, another word, or "" for whatever is uncertain.

    `places` are values of `PLACES` that narrow it down. `words` is the prompt's wording.
    """

    ab: tuple[float, float]
    thing: str = ""
    places: tuple[str, ...] = ()
    words: str = ""


def parse_colour_requests(prompt: str) -> list[ColourRequest]:
    """Return the colours a prompt requests, in its order; an empty list if it names none."""
    text = MONOCHROME_PATTERN.sub("monochrome", prompt.lower())
    return [
        request for phrase in PHRASE_SEPARATOR.split(text) for request in _parse_phrase(WORD_PATTERN.findall(phrase))
    ]


def get_named_colour(name: str) -> tuple[float, float]:
    """Return ab of a word in `COLOURS`."""
    hue, chroma = COLOURS[name]
    return chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))


def _parse_phrase(words: list[str]) -> Iterator[ColourRequest]:
    words = [SYNONYMS.get(word, word) for word in words]
    runs = list(_find_colour_runs(words))
    for number, (start, end) in enumerate(runs):
        after = words[end : runs[number + 1][0] if number + 1 < len(runs) else len(words)]
        before = words[runs[number - 1][1] if number else 0 : start]
        thing, places = _find_thing(after)
        if not thing and not places:
            thing, places = _find_thing(before[::-1])
        yield ColourRequest(_mix_colours(words[start:end]), thing, places, " ".join([*words[start:end], *after]))


def _find_colour_runs(words: list[str]) -> Iterator[tuple[int, int]]:
    """Yield start and end of each run of words for a colour, including those that change its chroma."""
    start = 0
    while start < len(words):
        end = start
        while end < len(words) and (words[end] in COLOURS or words[end] in CHROMA_FACTORS):
            end += 1
        if any(word in COLOURS for word in words[start:end]):
            yield start, end
        start = max(end, start + 1)


def _mix_colours(words: list[str]) -> tuple[float, float]:
    """Return the mean (ab) of the colours, as for "navy blue", "golden brown" and "blue green"."""
    colours = [get_named_colour(word) for word in words if word in COLOURS]
    strength = math.prod(CHROMA_FACTORS.get(word, 1.0) for word in words)
    a, b = (strength * sum(values) / len(colours) for values in zip(*colours, strict=True))
    return a, b


def _find_thing(words: list[str]) -> tuple[str, tuple[str, ...]]:
    """Return the first known thing among the words, or else the first other word, and all places."""
    places = tuple(dict.fromkeys(PLACES[word] for word in words if word in PLACES))
    known = next((THINGS[word] for word in words if word in THINGS), "")
    other = next((word for word in words if word not in STOP_WORDS and word not in PLACES and len(word) > 2), "")
    return known or other, places
