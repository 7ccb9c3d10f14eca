"""Prepares texts for XML 1.0, which has no place for most control characters."""

import re

FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def text(words: str | None) -> str:
    """The text without what XML cannot hold; of nothing but that, a dash, since the standard wants a text there."""
    return FORBIDDEN.sub("", words or "").strip() or "-"
