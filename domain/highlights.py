"""Marks the words of a search in a text, and cuts out the part in which they are."""

from collections.abc import Sequence
from functools import lru_cache

from database.searching import fold

Parts = list[tuple[str, bool]]          # pieces of a text in order, and whether each is a hit
AROUND = 80                             # characters before the first hit
LENGTH = 240                            # of a part of a text
READ = 10_000                           # characters in which the first hit is looked for


def marked(text: str, words: Sequence[str]) -> Parts:
    """The whole text in pieces; what is a word of the search, folded, or a part of it, is a hit."""
    folded, origin = _folded(text)
    hit = bytearray(len(text))
    for word in words:
        start = folded.find(word)
        while start >= 0:
            for place in origin[start:start + len(word)]:
                hit[place] = 1
            start = folded.find(word, start + len(word))
    return _pieces(text, hit)


def excerpt(text: str, words: Sequence[str]) -> Parts:
    """The part of the text around the first hit, else its beginning, as `marked` gives it; cut between words."""
    folded, origin = _folded(text[:READ])
    found = [place for word in words if (place := folded.find(word)) >= 0]
    first = origin[min(found)] if found else 0
    start = 0 if first <= AROUND else _after_space(text, first - AROUND, first)
    end = len(text) if len(text) <= start + LENGTH else _before_space(text, start + LENGTH)
    inner = " ".join(text[start:end].split())
    return [*([("… ", False)] if start else []), *marked(inner, words), *([(" …", False)] if end < len(text) else [])]


def _after_space(text: str, start: int, most: int) -> int:
    """The beginning of the first word from here on, but not after `most`."""
    space = next((place for place in range(start, most) if text[place].isspace()), None)
    return start if space is None else space + 1


def _before_space(text: str, end: int) -> int:
    """The end of the last whole word before here, unless that is far away."""
    space = next((place for place in range(end, end - AROUND, -1) if text[place].isspace()), None)
    return end if space is None else space


def _folded(text: str) -> tuple[str, Sequence[int]]:
    """The text folded letter by letter, and the place in the text of each letter of that."""
    if text.isascii():
        return text.lower(), range(len(text))
    letters, origin = [], list[int]()
    for place, letter in enumerate(text):
        plain = _letter(letter)
        letters.append(plain)
        origin += [place] * len(plain)
    return "".join(letters), origin


@lru_cache(maxsize=4096)
def _letter(letter: str) -> str:
    return " " if letter.isspace() else fold(letter)


def _pieces(text: str, hit: bytearray) -> Parts:
    found: Parts = []
    for letter, is_hit in zip(text, hit, strict=True):
        if found and found[-1][1] is bool(is_hit):
            found[-1] = (found[-1][0] + letter, bool(is_hit))
        else:
            found.append((letter, bool(is_hit)))
    return found
