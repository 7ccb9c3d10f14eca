"""Generates and parses API keys: bk_live_ + 12 id + 30 secret + 6 checksum, all base62.

The id finds the row, the secret (178 bits) proves the caller, the CRC-32 lets a secret scanner
recognise a leaked key and spares a query for a mistyped one. The checksum gives no protection.
"""

import re
import secrets
import zlib
from dataclasses import dataclass

from models.credential import Mode

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ANY = re.compile(r"bk_(?:live|test)_[0-9A-Za-z]+", re.ASCII)        # whatever looks like the beginning of a key
FORM = re.compile(r"bk_(live|test)_([0-9A-Za-z]{12})([0-9A-Za-z]{30})([0-9A-Za-z]{6})\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class KeyParts:
    mode: Mode
    public_id: str
    secret: str


def generate(mode: Mode) -> str:
    """A new key, in clear."""
    body = f"bk_{mode}_" + "".join(secrets.choice(BASE62) for _ in range(42))
    return body + checksum(body)


def checksum(body: str) -> str:
    """The CRC-32 of the text before it, as six base62 digits."""
    value = zlib.crc32(body.encode())
    digits = ""
    for _ in range(6):
        value, place = divmod(value, 62)
        digits = BASE62[place] + digits
    return digits


def masked(text: str) -> str:
    """The text without the keys in it."""
    return ANY.sub("bk_***", text)


def parts(key: str) -> KeyParts | None:
    """The parts of a well-formed key, or None."""
    found = FORM.match(key)
    if not found or checksum(key[:-6]) != found[4]:
        return None
    return KeyParts(Mode(found[1]), found[2], found[3])
