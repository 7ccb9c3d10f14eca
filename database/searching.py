"""Searches texts for a substring, without regard to case and accents.

Texts are compared folded. The folded forms of a row's texts are kept in columns of their own
(text_keys.py), so that every database finds and sorts the same.
"""

import unicodedata
from typing import Any

from sqlalchemy import ColumnElement, func

# Letters that Unicode does not decompose into a letter and an accent, and two that have no capital.
LETTERS = str.maketrans({
    "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ŧ": "t", "ŋ": "n", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th",
})
SPELLING = (7, 8, 9)                # combining classes of marks that change the letter: nukta, voicing, virama


def fold(text: str) -> str:
    """The text without case, accents, invisible characters and superfluous space."""
    if text.isascii():
        return " ".join(text.lower().split())
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    letters = "".join(char for char in apart if not _is_lost(char)).translate(LETTERS)
    return " ".join(unicodedata.normalize("NFC", letters).split())


def _is_lost(char: str) -> bool:
    """Whether folding removes the character: an accent, or an invisible one."""
    kind = unicodedata.combining(char)
    return (kind != 0 and kind not in SPELLING) or unicodedata.category(char) == "Cf" or "\ufe00" <= char <= "\ufe0f"


def containing(text: str) -> str:
    """A LIKE pattern for folded texts that contain the text, with its wildcards escaped."""
    wanted = fold(text) or text
    escaped = wanted.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def like(column: Any, pattern: Any) -> ColumnElement[bool]:
    """The comparison of one column with a folded pattern."""
    folded = column if "folds" in getattr(column, "info", {}) else func.lower(column)
    compared: ColumnElement[bool] = folded.like(pattern, escape="\\")
    return compared
