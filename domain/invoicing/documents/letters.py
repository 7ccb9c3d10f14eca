"""Prepares texts for printing: letters that no font has are replaced, and words longer than a column may be broken.

PDF/A allows no letter without a glyph, so one of them would otherwise refuse the whole document.
"""

import logging
import re
import unicodedata
from typing import Any

from domain.invoicing.documents import fonts

log = logging.getLogger("countinghouse.documents")
STAND_IN = "\u25a1"                     # a box: there was a letter here
# What has no glyph and needs none: breaks, joiners, marks of direction. Other control characters are left out.
KEPT = frozenset("\n\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff") | {
    chr(one) for one in range(0x2066, 0x206A)
}
ALIKE = {"\t": " ", "\u2011": "-", "\u2028": "\n", "\u2029": "\n", "\x0b": "\n", "\x0c": "\n", "\x85": "\n"}
LONGEST, STEP = 24, 8
LONG_WORD = re.compile(rf"[^\s\u200b]{{{LONGEST + 1},}}")
BREAK = "\u200b"
JOINING = ("Mn", "Mc", "Me", "Cf")      # categories that belong to the letter before


class Letters:
    """Prepares the texts of one document, and collects the letters that had to be replaced."""

    def __init__(self) -> None:
        self.missing: dict[str, None] = {}

    def prepared(self, value: Any) -> Any:
        """The value with all texts in it prepared."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list | tuple):
            return [self.prepared(one) for one in value]
        if isinstance(value, dict):
            return {name: one if name.endswith("_svg") else self.prepared(one) for name, one in value.items()}
        return value

    def text(self, text: str) -> str:
        """A text that can be printed."""
        if text.isascii() and text.isprintable() and len(text) <= LONGEST:
            return text
        known = fonts.letters()
        lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
        printed = "".join(self._letter(letter, known) for letter in lines)
        return LONG_WORD.sub(lambda word: broken(word[0]), printed)

    def _letter(self, letter: str, known: frozenset[int]) -> str:
        if letter in KEPT or (ord(letter) in known and letter.isprintable()):
            return letter
        if letter in ALIKE:
            return ALIKE[letter]
        category = unicodedata.category(letter)
        if category == "Zs":
            return " "
        if category in ("Cc", "Cf") or 0xFE00 <= ord(letter) <= 0xFE0F:      # selectors of variants
            return ""
        self.missing[letter] = None
        return "" if category in JOINING else STAND_IN

    def report(self, what: str) -> None:
        """Name in the log what was replaced."""
        if self.missing:
            named = ", ".join(f"U+{ord(one):04X}" for one in self.missing)
            log.warning("%s: no font has %s; a box stands for each", what, named)


def broken(word: str) -> str:
    """A long word with places at which a line may end."""
    parts, length = [], 0
    for letter in word:
        if length >= STEP and unicodedata.category(letter) not in JOINING:
            parts.append(BREAK)
            length = 0
        parts.append(letter)
        length += 1
    return "".join(parts)
