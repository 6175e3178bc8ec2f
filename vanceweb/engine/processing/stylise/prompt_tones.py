"""Words of a prompt that set the tone of the engine's own drawing. All other words need Stable Diffusion."""

import re
from collections.abc import Callable
from dataclasses import replace

from vanceweb.engine.processing.messages import Message, gettext_noop
from vanceweb.engine.processing.stylise.drawing_styles import DrawingStyle

ToneChange = Callable[[DrawingStyle], DrawingStyle]
NOT_UNDERSTOOD = Message(
    gettext_noop("The prompt only guides Stable Diffusion, which is not installed; the style was drawn without it.")
)
UNDERSTOOD = gettext_noop("Words that set the tone: %(words)s.")
PARTLY_UNDERSTOOD = gettext_noop(
    "Words that set the tone: %(words)s. The rest of the prompt only guides Stable Diffusion, which is not installed."
)
MIX_SHARE = 0.6  # how far a word moves a style that keeps its own tone


def _set_night(style: DrawingStyle) -> DrawingStyle:
    return replace(
        style, exposure=0.45, shadows=(20, 36, 120), lights=(170, 190, 255), tint=0.5,
        saturation=style.saturation * 0.75,
    )  # fmt: skip


def _set_sunset(style: DrawingStyle) -> DrawingStyle:
    return replace(style, exposure=0.85, shadows=(110, 50, 120), lights=(255, 160, 80), tint=0.5)


def _remove_colour(style: DrawingStyle) -> DrawingStyle:
    return replace(style, saturation=0, tint=0, palette_share=0, painting_share=0, line_colour=(16, 16, 16))


def _set_sepia(style: DrawingStyle) -> DrawingStyle:
    return replace(_remove_colour(style), shadows=(80, 50, 30), lights=(255, 225, 175), tint=0.8)


def _soften_colours(style: DrawingStyle) -> DrawingStyle:
    return replace(style, saturation=style.saturation * 0.75, lift=max(style.lift, 0.22))


def _intensify_colours(style: DrawingStyle) -> DrawingStyle:
    return replace(style, saturation=style.saturation * 1.4)


def _darken(style: DrawingStyle) -> DrawingStyle:
    return replace(style, exposure=0.6)


def _brighten(style: DrawingStyle) -> DrawingStyle:
    return replace(style, gamma=style.gamma * 0.7)


def _warm_colours(style: DrawingStyle) -> DrawingStyle:
    return replace(style, shadows=(150, 90, 70), lights=(255, 215, 165), tint=0.4)


def _cool_colours(style: DrawingStyle) -> DrawingStyle:
    return replace(style, shadows=(50, 80, 150), lights=(205, 228, 255), tint=0.4)


TONES: dict[str, ToneChange] = {
    "black and white": _remove_colour,
    "monochrome": _remove_colour,
    "greyscale": _remove_colour,
    "grayscale": _remove_colour,
    "sepia": _set_sepia,
    "night": _set_night,
    "moonlight": _set_night,
    "sunset": _set_sunset,
    "dusk": _set_sunset,
    "pastel": _soften_colours,
    "vivid": _intensify_colours,
    "colourful": _intensify_colours,
    "colorful": _intensify_colours,
    "dark": _darken,
    "bright": _brighten,
    "sunny": _brighten,
    "warm": _warm_colours,
    "autumn": _warm_colours,
    "cold": _cool_colours,
    "winter": _cool_colours,
}
COLOURLESS_TONES = (_remove_colour, _set_sepia)


def apply_prompt_tones(style: DrawingStyle, prompt: str, *, overwrite: bool) -> tuple[DrawingStyle, Message | None]:
    """Apply the prompt's words for a tone; return the style and a sentence on the words used, None without a prompt.

    With `overwrite` the words count in full; otherwise they are mixed with the style's own tone.
    """
    if not prompt.strip():
        return style, None
    found = [word for word in TONES if re.search(rf"\b{re.escape(word)}\b", prompt, re.IGNORECASE)]
    for word in found:
        changed = TONES[word](style)
        # Colourless tones are never mixed: a little colour left in them would look like a mistake.
        style = changed if overwrite or TONES[word] in COLOURLESS_TONES else _mix_tones(style, changed)
    if not found:
        return style, NOT_UNDERSTOOD
    rest = re.sub("|".join(map(re.escape, found)), "", prompt, flags=re.IGNORECASE)
    sentence = PARTLY_UNDERSTOOD if re.search(r"\w", rest) else UNDERSTOOD
    return style, Message(sentence, words=", ".join(f"“{word}”" for word in found))


def _mix_tones(own: DrawingStyle, changed: DrawingStyle) -> DrawingStyle:
    """Return the tone `MIX_SHARE` of the way from `own` to `changed`, with the tint colours of `changed`."""
    gamma, exposure, saturation, lift, tint = (
        getattr(own, field) + MIX_SHARE * (getattr(changed, field) - getattr(own, field))
        for field in ("gamma", "exposure", "saturation", "lift", "tint")
    )
    return replace(changed, gamma=gamma, exposure=exposure, saturation=saturation, lift=lift, tint=tint)
