"""Reads odd spellings of a path, to tell which API was meant. Only errors depend on it: no such path is served."""

import posixpath
import re
import unicodedata
from urllib.parse import unquote

LONGEST = 500                           # characters that are looked at
TWICE = 2                               # %252F is a slash that was encoded twice
UNSEEN = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2060\ufeff]+")
PARAMETERS = re.compile(r";[^/]*")
SLASHES = str.maketrans(dict.fromkeys("\\\u2044\u2215", "/"))     # backslash, fraction and division slash


def spellings(path: str) -> tuple[str, ...]:
    """The path as it was sent, and as programs that are less strict would read it.

    Those resolve dots, merge slashes, decode twice, drop parameters (`;x`), and do not tell letters' case.
    """
    plain = path[:LONGEST]
    for _ in range(TWICE):
        plain = unquote(plain)
    plain = UNSEEN.sub("", unicodedata.normalize("NFKC", plain)).translate(SLASHES).casefold()
    plain = re.sub("/{2,}", "/", PARAMETERS.sub("", "/" + plain))
    return path, *(one for one in (plain, posixpath.normpath(plain)) if one != "/")
