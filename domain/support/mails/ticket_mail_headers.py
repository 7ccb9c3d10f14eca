"""Reads the headers of mails as programs really write them: raw bytes, broken encodings, several of one name.

Nothing here raises: what cannot be read becomes a text that can be shown and stored.
"""

import base64
import binascii
import re
from collections.abc import Iterable
from email.message import Message
from email.utils import getaddresses

from domain import texts

WORD = re.compile(r"=\?([^?\s]+)\?([bBqQ])\?([^?]*)\?=")
BETWEEN_WORDS = re.compile(r"(\?=)[ \t]+(?==\?[^?\s]+\?[bBqQ]\?)")
HEX = re.compile(rb"=([0-9A-Fa-f]{2})")
MESSAGE_ID = re.compile(r"<([^<>\s]{1,250})>")
ADDRESS = re.compile(r"[^@\s\x00-\x1f\x7f,;:<>()\[\]\"\\]{1,64}@[^@\s\x00-\x1f\x7f,;:<>()\[\]\"\\]{1,253}")
NOT_A_TEXT = frozenset({"idna", "punycode", "unicodeescape", "rawunicodeescape", "undefined", "utf7imap"})
# What programs name otherwise than Python, or mean otherwise: a browser, too, takes Latin 1 for Windows-1252.
CHARSETS = {
    "iso88591": "cp1252", "latin1": "cp1252", "ascii": "utf-8", "usascii": "utf-8", "ansix341968": "utf-8",
    "iso88598i": "iso8859_8", "iso88598e": "iso8859_8", "ksc56011987": "cp949", "gb2312": "gb18030",
    "gbk": "gb18030", "xgbk": "gb18030", "cp932": "cp932", "xsjis": "cp932", "shiftjis": "cp932",
    "unicode11utf8": "utf-8", "utf8": "utf-8", "cp65001": "utf-8", "xunknown": "utf-8", "unknown8bit": "utf-8",
    "windows874": "cp874", "xmaccyrillic": "mac_cyrillic", "macintosh": "mac_roman", "xmacroman": "mac_roman",
}


def decoded(content: bytes, charset: str | None) -> str:
    """Bytes as text: by the charset that was said, else as UTF-8, else as Windows-1252, whatever is in them."""
    name = re.sub(r"[^a-z0-9]", "", (charset or "").lower())
    for one in dict.fromkeys((CHARSETS.get(name, charset or "utf-8"), "utf-8")):
        if re.sub(r"[^a-z0-9]", "", one.lower()) in NOT_A_TEXT:
            continue
        try:
            return storable(content.decode(one))
        except (LookupError, ValueError, TypeError):
            continue
    return storable(content.decode("cp1252", "replace"))


def storable(text: str) -> str:
    """Text that both databases can hold, in normal form C, with plain ends of lines."""
    kept = "".join("" if char == "\x00" else "\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)
    return texts.composed(kept.replace("\r\n", "\n").replace("\r", "\n"))


def raw(message: Message, name: str) -> list[str]:
    """The values of all headers of this name, unfolded, with their bytes as text."""
    found = []
    for key, value in message.raw_items():
        if key.lower() == name.lower():
            content = str(value).encode("utf-8", "surrogateescape")
            found.append(" ".join(decoded(content, None).split()))
    return found


def text(message: Message, name: str) -> str:
    """The first header of this name as a person reads it; empty without one."""
    values = raw(message, name)
    return shown(values[0]) if values else ""


def shown(value: str) -> str:
    """A header's value in one line, its encoded words decoded and its invisible characters left out."""
    plain = WORD.sub(_word, _joined(value)) if "=?" in value else value
    kept = "".join(" " if char in "\r\n\t" else "" if texts.is_invisible(char) else char for char in plain)
    return " ".join(storable(kept).split())


def addresses(values: Iterable[str]) -> list[tuple[str, str]]:
    """Names and addresses of headers, those that are addresses."""
    found = []
    for value in values:
        pairs = getaddresses([value])
        if not any(ADDRESS.fullmatch(address) for _, address in pairs):     # badly quoted, but it has some
            pairs = [("", one) for one in ADDRESS.findall(value)]
        found += [(shown(name), address) for name, address in pairs if ADDRESS.fullmatch(address)]
    return found


def message_ids(message: Message, *names: str) -> list[str]:
    """The Message-IDs in the headers of these names, in their order, without angle brackets."""
    return [one for name in names for value in raw(message, name) for one in MESSAGE_ID.findall(value)]


def _joined(value: str) -> str:
    """Join neighbouring encoded words of one coding, in whose middle a character may begin."""
    value = BETWEEN_WORDS.sub(r"\1", value)
    return re.sub(r"\?=(=\?([^?\s]+)\?([qQ])\?)", lambda found: _seam(value, found), value)


def _seam(value: str, found: re.Match[str]) -> str:
    """Nothing between two words of the same charset in Q coding; else both stay."""
    before = value.rfind("=?", 0, found.start())
    same = value[before:found.start()].lower().startswith(found[1].lower())
    return "" if before >= 0 and same else found[0]


def _word(found: re.Match[str]) -> str:
    charset, coding, content = found[1].partition("*")[0], found[2].lower(), found[3].encode("utf-8")
    if coding == "q":
        read = HEX.sub(lambda one: bytes([int(one[1], 16)]), content.replace(b"_", b" "))
        return decoded(read, charset)
    try:
        read = base64.b64decode(content + b"=" * (-len(content) % 4))
        return decoded(read, charset) if read else found[0]
    except (binascii.Error, ValueError):
        return found[0]
