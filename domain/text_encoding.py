"""Finds the encoding of a text file that says none: UTF-8, UTF-16 with its mark, or Windows-1252."""

import codecs

UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
CHUNK = 64 * 1024


def encoding_of(raw: bytes) -> str | None:
    """The name of the encoding, in which the mark is left out; None for what is no text."""
    tried = ("utf-16",) if raw[:2] in UTF_16 else ("utf-8-sig", "cp1252")
    return next((encoding for encoding in tried if _is_text(raw, encoding)), None)


def _is_text(raw: bytes, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for start in range(0, len(raw), CHUNK):
            if "\0" in decoder.decode(raw[start:start + CHUNK]):
                return False
        return "\0" not in decoder.decode(b"", True)
    except UnicodeDecodeError:
        return False
