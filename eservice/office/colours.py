"""The office's two colours, and every shade of the pages that follows from them. Pure.

A colour is "#rrggbb". White stands on both; the second one is also written in, on white and on paper.
"""

import re

LEAST_CONTRAST = 4.5  # of text, as WCAG 2 AA asks
WHITE = "#ffffff"
PAPER = "#faf7f0"

_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")


def is_colour(text: str) -> bool:
    """Whether this is a colour as we write it."""
    return _COLOUR.fullmatch(text) is not None


def is_readable(colour: str) -> bool:
    """Whether text in this colour can be read on white and on paper, and white text on it."""
    return all(contrast(colour, ground) >= LEAST_CONTRAST for ground in (WHITE, PAPER))


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as WCAG 2 defines it, from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def mixed(colour: str, other: str, share: float) -> str:
    """`colour` with a share, from 0 to 1, of another one."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(own + (its - own) * share):02x}" for own, its in pairs)


def stylesheet(header: str, action: str) -> str:
    """What the pages' tokens become with these colours. In the dark they stay as shipped."""
    tokens = {
        "--header": header,
        "--on-header-soft": _on(header, mixed(WHITE, header, 0.15)),
        "--header-line": mixed(header, WHITE, 0.2),
        "--action": action,
        "--action-hover": mixed(action, "#000000", 0.25),
        "--accent": action,
        "--accent-strong": mixed(action, "#000000", 0.25),
        "--leaf-soft": _tint(action),
        "--leaf-edge": action,
        "--own-bubble": action,
        "--bar": action,
    }
    return ":root {\n" + "".join(f"  {name}: {value};\n" for name, value in tokens.items()) + "}\n"


def _on(ground: str, wanted: str) -> str:
    """The wanted colour of text, or white where it would be too pale."""
    return wanted if contrast(ground, wanted) >= LEAST_CONTRAST else WHITE


def _tint(colour: str) -> str:
    """A ground on which text in the colour can be read: the strongest of a few tints."""
    tints = [mixed(WHITE, colour, share) for share in (0.12, 0.08, 0.04)]
    return next((tint for tint in tints if contrast(tint, colour) >= LEAST_CONTRAST), WHITE)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
