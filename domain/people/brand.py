"""Computes the colours of a merchant's pages from one colour, so that text stays readable on all of them.

A merchant may choose any colour. What follows from it is held to WCAG 2.2 AA, in light and in dark: text on the
filled colour, on its tint and on the page has a contrast of at least 4.5.
"""

import colorsys
import re
from functools import lru_cache

USUAL = "#4250d6"                               # of a merchant who chose none
WHITE, BLACK, INK = "#ffffff", "#000000", "#0b0e14"
LIGHT, DARK = ("#ffffff", "#f6f7fa"), ("#12161f", "#0b0e14")    # the surface and the page in tokens.css
READABLE = 4.5
VISIBLE = 3.2                                   # of a filled button against the page
COLOUR = re.compile(r"#[0-9a-f]{6}")

Parts = tuple[float, ...]


def parts(colour: str) -> Parts:
    """Red, green and blue, each from 0 to 1."""
    return tuple(int(colour[place:place + 2], 16) / 255 for place in (1, 3, 5))


def hexadecimal(colour: Parts) -> str:
    return "#" + "".join(f"{round(max(0, min(1, one)) * 255):02x}" for one in colour)


def luminance(colour: str) -> float:
    """The relative luminance of WCAG."""
    red, green, blue = (
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast of WCAG, from 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def mixed(one: str, other: str, share: float) -> str:
    """The first colour with a share of the other."""
    pairs = zip(parts(one), parts(other), strict=True)
    return hexadecimal(tuple(a * (1 - share) + b * share for a, b in pairs))


def moved(colour: str, towards: str, wanted: float, grounds: tuple[str, ...]) -> str:
    """The nearest colour of the same hue, lighter or darker, that has this contrast on all grounds."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*parts(colour))
    end = 1 if towards == WHITE else 0
    for step in range(101):
        way = lightness + (end - lightness) * step / 100
        tried = hexadecimal(colorsys.hls_to_rgb(hue, way, saturation)) if step else colour
        if all(contrast(tried, ground) >= wanted for ground in grounds):
            return tried
    return towards


def ink_on(fill: str) -> str:
    """White where it can be read on the colour, else whichever of white and black is better."""
    return WHITE if contrast(WHITE, fill) >= READABLE else max((WHITE, INK), key=lambda one: contrast(one, fill))


def tokens(colour: str, *, dark: bool) -> dict[str, str]:
    """The values of the stylesheets' variables."""
    grounds, towards = (DARK, WHITE) if dark else (LIGHT, BLACK)
    soft = mixed(grounds[0], colour, 0.2 if dark else 0.09)
    fill = moved(colour, WHITE, VISIBLE, grounds) if dark else colour
    ink = ink_on(fill)
    away = BLACK if ink == WHITE else WHITE
    fill = moved(fill, away, READABLE, (ink,))           # some greys can be read with no ink
    text = moved(colour, towards, 4.6, (*grounds, soft))
    red, green, blue = (round(one * 255) for one in parts(text))
    return {
        "--accent": fill, "--accent-hover": mixed(fill, away, 0.12), "--on-accent": ink, "--accent-soft": soft,
        "--accent-text": text, "--ring": f"0 0 0 3px rgb({red} {green} {blue}/0.35)",
    }


@lru_cache(256)
def sheet(colour: str) -> str:
    """The stylesheet of a colour (#rrggbb in small letters): light, dark by the system, dark as chosen."""
    light, dark = (
        " ".join(f"{name}: {value};" for name, value in tokens(colour, dark=is_dark).items())
        for is_dark in (False, True)
    )
    return (
        f":root {{ {light} }}\n"
        f"@media screen and (prefers-color-scheme: dark) {{ :root:not([data-bs-theme=\"light\"]) {{ {dark} }} }}\n"
        f":root[data-bs-theme=\"dark\"] {{ {dark} }}\n"
    )
