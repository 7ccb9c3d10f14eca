"""What must not be stored: secrets by their pattern, control bytes, endless strings.

The last line of defence. Those who build a record already leave secrets out by name.
"""

import re

# Our keys, webhook secrets, JSON Web Tokens, bearer values; case as they are issued.
_SECRET = re.compile(
    r"bk_(?:live|test)_[0-9A-Za-z]{8,}|whsec_[0-9A-Za-z+/=_-]{8,}"
    r"|eyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]{4,}(?:\.[0-9A-Za-z_-]*)?|(?i:bearer)[ +][0-9A-Za-z._~+/=-]{8,}"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_TOKEN = re.compile(r"^(?=.*[0-9])(?=.*[A-Za-z])[0-9A-Za-z_.~=-]{20,}$|^[0-9a-fA-F]{24,}$")
_SECRET_NAME = re.compile(r"(?i)token|secret|passw|pwd|api[_-]?key|auth|signature|session|credential|\bsig\b|\bkey\b")
MASK = "***"


def clean(text: object, limit: int) -> str:
    """Text for one column: secrets masked, control bytes escaped, at most `limit` characters."""
    words = text if isinstance(text, str) else "" if text is None else str(text)
    # Cut with room to spare first: a pattern must not run over megabytes, nor miss a cut-off secret.
    words = words[:limit + 400]
    if not words.isascii() or not words.isprintable():
        words = _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", words)
    if _may_hold_a_secret(words):
        words = _SECRET.sub(MASK, words)
    return words[:limit]


def is_harmless(text: str) -> bool:
    """Has this text nothing that clean() would change, but for its length?"""
    return text.isascii() and text.isprintable() and not _may_hold_a_secret(text)


def _may_hold_a_secret(text: str) -> bool:
    """The beginnings of all patterns of _SECRET; to look for them costs less than to try the patterns."""
    return "bk_" in text or "whsec_" in text or "eyJ" in text or "earer" in text.lower()


def mask_path(path: str) -> str:
    """A path of unknown meaning with the parts that look like tokens masked."""
    return "/".join(MASK if _TOKEN.match(part) else part for part in path.split("/"))


def mask_query(query: str) -> str:
    """A query string of a foreign log: values of secret-like names and token-like values masked."""
    parts = []
    for part in query.split("&"):
        name, equals, value = part.partition("=")
        hide = value and (_SECRET_NAME.search(name) or _TOKEN.match(value))
        parts.append(f"{name}={MASK}" if hide else name + equals + value)
    return "&".join(parts)
