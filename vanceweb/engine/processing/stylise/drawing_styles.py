"""The engine's drawing styles as data, one row for each. `drawing.py` applies them.

Lengths are in px on a canvas with a longer side of 640 px; they scale with the canvas. Colours are RGB 0..255.
"""

from dataclasses import dataclass

Colour = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class DrawingStyle:
    """The settings of a drawing.

    Shapes: `flatness` is the weight that joins neighbouring shades into one area (L0 smoothing's lambda),
    `smoothing` and `softness` are the reach (px) and the colour difference (0..1) of the smoothing within edges,
    `brush` is the radius of brush marks in px. Tone: `gamma` below 1 brightens, `contrast` and `exposure` of 1 change
    nothing, `steps` is the number of shades from black to white in cel shading (0: no reduction), `crispness` the
    hardness of their borders, `lift` 0..1 the lightness of black, `detail` 0..1 the share of the photo's own shading
    that stays in the areas. Colour: `saturation` of 1 changes nothing, `shadows` and `lights` tint dark and bright
    areas by `tint` 0..1, and all colours move towards those of `palette` by `palette_share`. Lines: `line_width` is in
    px, `line_ink` is 0..1, `line_sensitivity` above 1 draws more lines, `line_colour` is their colour,
    `line_blend` 0..1 the share of the area's own colour in a line; `fill` is the lightness (0..1) below which ink
    fills everything. Light: `glow` 0..1 surrounds bright parts, `relief` 0..1 rounds shapes as if lit from the upper
    left. Surface: `painting` and `painting_share` mix in one of the 26 paintings of the style network, `dots` 0..1
    prints shades as dots of `dot_pitch` px, `paper` 0..1 is the strength of the paper's grain.
    """

    flatness: float = 0.0
    smoothing: float = 0.0
    softness: float = 0.2
    brush: float = 0.0
    gamma: float = 1.0
    contrast: float = 1.0
    exposure: float = 1.0
    lift: float = 0.0
    detail: float = 0.0
    steps: float = 0.0
    crispness: float = 4.0
    saturation: float = 1.0
    shadows: Colour = (128, 128, 128)
    lights: Colour = (128, 128, 128)
    tint: float = 0.0
    palette: tuple[Colour, ...] = ()
    palette_share: float = 0.0
    line_width: float = 1.6
    line_ink: float = 0.0
    line_sensitivity: float = 1.0
    line_colour: Colour = (20, 16, 24)
    line_blend: float = 0.0
    fill: float = 0.0
    glow: float = 0.0
    relief: float = 0.0
    painting: int = 0
    painting_share: float = 0.0
    dots: float = 0.0
    dot_pitch: float = 6.0
    paper: float = 0.0


CARTOON = DrawingStyle(
    flatness=0.006, smoothing=40, softness=0.35, steps=5, crispness=3, saturation=1.25,
    line_width=2.0, line_ink=0.95,
)  # fmt: skip

ANIME = DrawingStyle(
    flatness=0.012, smoothing=60, softness=0.3, gamma=0.72, contrast=1.12, steps=4, crispness=6, saturation=1.4,
    shadows=(90, 80, 190), lights=(255, 238, 220), tint=0.22, line_width=1.3, line_ink=0.85,
    line_colour=(90, 46, 60), line_blend=0.35, glow=0.4,
)  # fmt: skip

_COMIC_COLOURS: tuple[Colour, ...] = (
    (220, 36, 36), (252, 214, 40), (36, 86, 200), (246, 190, 150), (50, 150, 80), (246, 240, 225), (120, 72, 50),
    (110, 190, 235), (90, 60, 130),
)  # fmt: skip

DRAWING_STYLES: dict[str, DrawingStyle] = {
    # darkSushiMix: semi-realistic, dark, cold shadows, strong light.
    "style1": DrawingStyle(
        smoothing=25, softness=0.22, flatness=0.0015, gamma=1.7, contrast=1.3, saturation=1.05, shadows=(20, 40, 120),
        lights=(255, 214, 160), tint=0.4, line_width=1.2, line_ink=0.7, line_colour=(8, 8, 24), glow=0.6, relief=0.3,
    ),
    # toonyou: bright cartoon, few hard shades, round brown lines.
    "style2": DrawingStyle(
        flatness=0.016, smoothing=50, softness=0.4, gamma=0.75, contrast=1.1, steps=3.5, crispness=10, saturation=1.6,
        shadows=(150, 60, 120), lights=(255, 244, 190), tint=0.15, line_width=2.6, line_ink=0.95,
        line_colour=(64, 26, 20), line_blend=0.15,
    ),
    # meinamix: soft anime, thin lines, pink light.
    "style3": DrawingStyle(
        flatness=0.006, smoothing=50, softness=0.28, gamma=0.78, contrast=1.0, lift=0.06, steps=6, crispness=2,
        saturation=1.15, shadows=(150, 100, 210), lights=(255, 206, 222), tint=0.45, line_width=1.1, line_ink=0.65,
        line_colour=(110, 50, 84), line_blend=0.35, glow=0.6,
    ),
    # deepboys 2.5D: rounded bodies, warm and deep.
    "style4": DrawingStyle(
        smoothing=35, softness=0.3, flatness=0.003, gamma=1.2, contrast=1.2, saturation=1.1, shadows=(110, 40, 40),
        lights=(255, 206, 130), tint=0.5, line_width=1.8, line_ink=0.55, line_colour=(50, 18, 10), line_blend=0.2,
        relief=0.7, painting=23, painting_share=0.15,
    ),
    # pastelboys: chalky and light.
    "style5": DrawingStyle(
        flatness=0.012, smoothing=50, softness=0.4, gamma=0.62, contrast=0.95, lift=0.34, steps=6, crispness=3,
        saturation=0.85, shadows=(150, 150, 235), lights=(255, 236, 226), tint=0.4, line_width=1.5, line_ink=0.7,
        line_colour=(128, 96, 150), line_blend=0.2, paper=0.12, painting=12, painting_share=0.25,
    ),
    # blueboys: one blue light over everything.
    "style6": DrawingStyle(
        flatness=0.012, smoothing=45, softness=0.35, gamma=1.0, contrast=1.2, steps=5, crispness=6, saturation=0.4,
        shadows=(10, 40, 190), lights=(190, 226, 255), tint=0.9, line_width=1.8, line_ink=0.9,
        line_colour=(6, 14, 80), glow=0.25,
    ),
    # comicBabes: ink, printed dots, few strong colours.
    "us_comic_boy": DrawingStyle(
        flatness=0.008, smoothing=40, softness=0.35, gamma=1.0, contrast=1.25, steps=4, crispness=8, saturation=1.5,
        palette=_COMIC_COLOURS, palette_share=0.6, line_width=3.0, line_ink=1.0, line_sensitivity=1.1,
        line_colour=(8, 8, 16), fill=0.2, dots=0.6, dot_pitch=6.5,
    ),
    "us_comic_girl": DrawingStyle(
        flatness=0.010, smoothing=45, softness=0.35, gamma=0.76, contrast=1.15, steps=5, crispness=5, saturation=1.5,
        shadows=(170, 40, 120), lights=(255, 232, 210), tint=0.3, palette=_COMIC_COLOURS, palette_share=0.4,
        line_width=2.0, line_ink=1.0, line_sensitivity=1.1, line_colour=(30, 8, 30), fill=0.1, dots=0.4, dot_pitch=4.5,
    ),
    # disneyPixarCartoon: rounded, glowing, no lines.
    "disney_boy": DrawingStyle(
        smoothing=45, softness=0.32, flatness=0.002, gamma=0.82, contrast=1.1, saturation=1.4, shadows=(50, 60, 170),
        lights=(255, 218, 150), tint=0.35, relief=1.0, glow=0.8,
    ),
    "disney_girl": DrawingStyle(
        smoothing=50, softness=0.32, flatness=0.003, gamma=0.74, contrast=1.0, saturation=1.4, shadows=(150, 50, 150),
        lights=(255, 210, 190), tint=0.35, relief=0.8, glow=1.0,
    ),
    # meinamix with Ghibli's lines: watercolours on paper, greens.
    "Ghibli_boy": DrawingStyle(
        flatness=0.004, smoothing=30, softness=0.3, brush=5, gamma=0.78, contrast=0.95, lift=0.06, steps=7,
        crispness=2, saturation=1.25, shadows=(30, 120, 90), lights=(250, 246, 200), tint=0.4, line_width=1.4,
        line_ink=0.7, line_colour=(56, 50, 30), line_blend=0.25, painting=0, painting_share=0.14, paper=0.2,
    ),
    "Ghibli_girl": DrawingStyle(
        flatness=0.004, smoothing=30, softness=0.3, brush=4, gamma=0.68, contrast=0.92, lift=0.1, steps=7,
        crispness=2, saturation=1.1, shadows=(70, 130, 150), lights=(255, 236, 214), tint=0.4, line_width=1.2,
        line_ink=0.6, line_colour=(96, 60, 44), line_blend=0.3, glow=0.3, painting=12, painting_share=0.1, paper=0.2,
    ),
}  # fmt: skip
