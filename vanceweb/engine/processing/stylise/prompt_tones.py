"""What the engine's own hand can make of a prompt: words for a tone. All other words need Stable Diffusion."""

import re
from collections.abc import Callable
from dataclasses import replace

from vanceweb.engine.processing.messages import Message, gettext_noop
from vanceweb.engine.processing.stylise.drawing_styles import Manner

Change = Callable[[Manner], Manner]
NOT_UNDERSTOOD = Message(
    gettext_noop("The prompt only guides Stable Diffusion, which is not installed; the style was drawn without it.")
)
UNDERSTOOD = gettext_noop("The word %(words)s set the tone.")
PARTLY_UNDERSTOOD = gettext_noop(
    "Of the prompt, %(words)s set the tone; the rest only guides Stable Diffusion, which is not installed."
)
MIXED = 0.6  # how far a word moves a style that keeps its own tone


def _night(manner: Manner) -> Manner:
    return replace(
        manner, exposure=0.45, shadows=(20, 36, 120), lights=(170, 190, 255), tint=0.5,
        saturation=manner.saturation * 0.75,
    )  # fmt: skip


def _sunset(manner: Manner) -> Manner:
    return replace(manner, exposure=0.85, shadows=(110, 50, 120), lights=(255, 160, 80), tint=0.5)


def _colourless(manner: Manner) -> Manner:
    return replace(manner, saturation=0, tint=0, palette_share=0, painter_share=0, line_colour=(16, 16, 16))


def _sepia(manner: Manner) -> Manner:
    return replace(_colourless(manner), shadows=(80, 50, 30), lights=(255, 225, 175), tint=0.8)


def _pastel(manner: Manner) -> Manner:
    return replace(manner, saturation=manner.saturation * 0.75, lift=max(manner.lift, 0.22))


def _vivid(manner: Manner) -> Manner:
    return replace(manner, saturation=manner.saturation * 1.4)


def _dark(manner: Manner) -> Manner:
    return replace(manner, exposure=0.6)


def _bright(manner: Manner) -> Manner:
    return replace(manner, gamma=manner.gamma * 0.7)


def _warm(manner: Manner) -> Manner:
    return replace(manner, shadows=(150, 90, 70), lights=(255, 215, 165), tint=0.4)


def _cold(manner: Manner) -> Manner:
    return replace(manner, shadows=(50, 80, 150), lights=(205, 228, 255), tint=0.4)


TONES: dict[str, Change] = {
    "black and white": _colourless,
    "monochrome": _colourless,
    "greyscale": _colourless,
    "grayscale": _colourless,
    "sepia": _sepia,
    "night": _night,
    "moonlight": _night,
    "sunset": _sunset,
    "dusk": _sunset,
    "pastel": _pastel,
    "vivid": _vivid,
    "colourful": _vivid,
    "colorful": _vivid,
    "dark": _dark,
    "bright": _bright,
    "sunny": _bright,
    "warm": _warm,
    "autumn": _warm,
    "cold": _cold,
    "winter": _cold,
}
COLOURLESS = (_colourless, _sepia)


def worded(manner: Manner, prompt: str, *, alone: bool) -> tuple[Manner, Message | None]:
    """The manner after the prompt's words for a tone, and the sentence that says what was made of the prompt.

    `alone`: the words count in full; else they are mixed with the style's own tone. No prompt, no sentence.
    """
    if not prompt.strip():
        return manner, None
    found = [word for word in TONES if re.search(rf"\b{re.escape(word)}\b", prompt, re.IGNORECASE)]
    for word in found:
        changed = TONES[word](manner)
        # A little colour in what is to be without any would be a mistake, not a mixture.
        manner = changed if alone or TONES[word] in COLOURLESS else _between(manner, changed)
    if not found:
        return manner, NOT_UNDERSTOOD
    rest = re.sub("|".join(map(re.escape, found)), "", prompt, flags=re.IGNORECASE)
    sentence = PARTLY_UNDERSTOOD if re.search(r"\w", rest) else UNDERSTOOD
    return manner, Message(sentence, words=" and ".join(f"“{word}”" for word in found))


def _between(own: Manner, changed: Manner) -> Manner:
    """`MIXED` of the way from one tone to the other; the tints' colours are the changed ones."""
    gamma, exposure, saturation, lift, tint = (
        getattr(own, field) + MIXED * (getattr(changed, field) - getattr(own, field))
        for field in ("gamma", "exposure", "saturation", "lift", "tint")
    )
    return replace(changed, gamma=gamma, exposure=exposure, saturation=saturation, lift=lift, tint=tint)
