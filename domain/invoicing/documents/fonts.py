"""Reads which letters the fonts of documents have: their tables of characters, in the formats 4 and 12 of OpenType.

Source: https://learn.microsoft.com/typography/opentype/spec/cmap
"""

import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from domain.invoicing.documents.languages import TEMPLATES

SHIPPED = TEMPLATES / "fonts"
# Chinese, Japanese and Korean take 16 MB a weight: they are used where the system has the package fonts-noto-cjk.
CJK_FOLDER = Path("/usr/share/fonts/opentype/noto")
CJK = ("NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc")
# In this order; the first that has a letter prints it.
FAMILIES = ("Inter", "Noto Sans", "Noto Sans Hebrew", "Noto Sans Arabic")
CJK_FAMILY = "Noto Sans CJK SC"
COLLECTION = b"ttcf"


def has_cjk() -> bool:
    """Whether there is a font for Chinese, Japanese and Korean."""
    return all((CJK_FOLDER / name).is_file() for name in CJK)


def families() -> list[str]:
    """The names of the fonts that documents use."""
    return [*FAMILIES, CJK_FAMILY] if has_cjk() else [*FAMILIES]


def folders() -> list[Path]:
    """Where these are."""
    return [SHIPPED, CJK_FOLDER] if has_cjk() else [SHIPPED]


def files() -> list[Path]:
    """Their files."""
    found = sorted(path for path in SHIPPED.iterdir() if path.suffix in (".otf", ".ttf"))
    return [*found, *(CJK_FOLDER / name for name in CJK)] if has_cjk() else found


@cache
def letters() -> frozenset[int]:
    """The characters that one of the fonts has."""
    return frozenset().union(*(characters(path.read_bytes()) for path in files()))


def characters(font: bytes) -> set[int]:
    """The characters of a font, or of the first in a collection."""
    start = struct.unpack_from(">I", font, 12)[0] if font[:4] == COLLECTION else 0
    table = _table(font, start, b"cmap")
    (count,) = struct.unpack_from(">H", font, table + 2)
    found: set[int] = set()
    for number in range(count):
        offset = table + struct.unpack_from(">HHI", font, table + 4 + 8 * number)[2]
        (form,) = struct.unpack_from(">H", font, offset)
        if form == 4:
            found.update(_of_format_4(font, offset))
        elif form == 12:
            found.update(_of_format_12(font, offset))
    return found


def _table(font: bytes, start: int, wanted: bytes) -> int:
    """Where a table begins."""
    (count,) = struct.unpack_from(">H", font, start + 4)
    for number in range(count):
        name, _, offset, _ = struct.unpack_from(">4sIII", font, start + 12 + 16 * number)
        if name == wanted:
            return int(offset)
    raise ValueError(f"This font has no table {wanted!r}.")


def _of_format_4(font: bytes, offset: int) -> Iterator[int]:
    """Segments of 16 bits; a character whose glyph is 0 is not in the font."""
    double = struct.unpack_from(">H", font, offset + 6)[0]
    columns = [offset + 14, *(offset + 16 + double * number for number in (1, 2, 3))]
    for place in range(0, double, 2):
        end, first, delta, reach = (struct.unpack_from(">H", font, column + place)[0] for column in columns)
        for letter in range(first, min(end, 0xFFFE) + 1):
            glyph = letter
            if reach:
                (glyph,) = struct.unpack_from(">H", font, columns[3] + place + reach + 2 * (letter - first))
            if glyph and (glyph + delta) % 0x10000:
                yield letter


def _of_format_12(font: bytes, offset: int) -> Iterator[int]:
    (count,) = struct.unpack_from(">I", font, offset + 12)
    for number in range(count):
        first, end, _ = struct.unpack_from(">III", font, offset + 16 + 12 * number)
        yield from range(first, end + 1)
