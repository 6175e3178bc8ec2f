"""Colours in words: what a prompt such as "blue skirt, pale green grass on the left" asks for.

English only, and no grammar: each colour belongs to the next thing that is named after it in its phrase, or else to
the last one before it. What is no colour, no place and no thing is left aside.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

# Hue in degrees and chroma, in the ab plane of CIE Lab, as things of this colour have it in photos: paint's most vivid
# red has a chroma of 100, a red dress 60. sRGB's own blue (306 degrees) looks violet as soon as it is paler.
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
SAME_AS: Mapping[str, str] = {
    "gray": "grey", "blond": "blonde", "golden": "gold", "colorless": "colourless", "reddish": "red",
    "orangey": "orange", "brownish": "brown", "yellowish": "yellow", "greenish": "green", "bluish": "blue",
    "purplish": "purple", "pinkish": "pink", "greyish": "grey", "grayish": "grey",
}  # fmt: skip
# What the words before a colour do to its chroma.
STRENGTHS: Mapping[str, float] = {
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
IDLE = frozenset(
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
PHRASES = re.compile(r"[,;.|/\n]+|\band\b|\bwith\b|\bbut\b")
WORD = re.compile(r"[a-z]+")
MONOCHROME = re.compile(r"\bblack[ -]*(?:and|&)[ -]*white\b|\bb&w\b")


@dataclass(frozen=True)
class Wish:
    """A colour (ab) for a thing: a value of `THINGS`, another word, or "" for whatever is uncertain.

    `places` are values of `PLACES` that narrow it down. `words` is how it was said.
    """

    ab: tuple[float, float]
    thing: str = ""
    places: tuple[str, ...] = ()
    words: str = ""


def read_wishes(prompt: str) -> list[Wish]:
    """The colours a prompt asks for, in its order. Empty where it names none."""
    text = MONOCHROME.sub("monochrome", prompt.lower())
    return [wish for phrase in PHRASES.split(text) for wish in _wishes_of(WORD.findall(phrase))]


def colour_named(name: str) -> tuple[float, float]:
    """ab of one of the words for colours."""
    hue, chroma = COLOURS[name]
    return chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))


def _wishes_of(words: list[str]) -> Iterator[Wish]:
    words = [SAME_AS.get(word, word) for word in words]
    runs = list(_colour_runs(words))
    for number, (start, end) in enumerate(runs):
        after = words[end : runs[number + 1][0] if number + 1 < len(runs) else len(words)]
        before = words[runs[number - 1][1] if number else 0 : start]
        thing, places = _thing_of(after)
        if not thing and not places:
            thing, places = _thing_of(before[::-1])
        yield Wish(_colour_of(words[start:end]), thing, places, " ".join([*words[start:end], *after]))


def _colour_runs(words: list[str]) -> Iterator[tuple[int, int]]:
    """Where words for a colour stand together, with what makes them paler or stronger: start and end of each."""
    start = 0
    while start < len(words):
        end = start
        while end < len(words) and (words[end] in COLOURS or words[end] in STRENGTHS):
            end += 1
        if any(word in COLOURS for word in words[start:end]):
            yield start, end
        start = max(end, start + 1)


def _colour_of(words: list[str]) -> tuple[float, float]:
    """The mean of the colours: "navy blue", "golden brown" and "blue green" lie between."""
    colours = [colour_named(word) for word in words if word in COLOURS]
    strength = math.prod(STRENGTHS.get(word, 1.0) for word in words)
    a, b = (strength * sum(values) / len(colours) for values in zip(*colours, strict=True))
    return a, b


def _thing_of(words: list[str]) -> tuple[str, tuple[str, ...]]:
    """The first thing among the words, known or not, and all places."""
    places = tuple(dict.fromkeys(PLACES[word] for word in words if word in PLACES))
    known = next((THINGS[word] for word in words if word in THINGS), "")
    other = next((word for word in words if word not in IDLE and word not in PLACES and len(word) > 2), "")
    return known or other, places
