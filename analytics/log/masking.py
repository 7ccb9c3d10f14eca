"""Removes what must not be stored: secrets by their pattern, control bytes, excess length.

This is a second check: the code that builds a record already leaves secrets out by name.
"""

import re

# Our keys, webhook secrets, JSON Web Tokens, bearer values; case as they are issued.
_SECRET = re.compile(
    r"bk_(?:live|test)_[0-9A-Za-z]{8,}|whsec_[0-9A-Za-z+/=_-]{8,}"
    r"|eyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]{4,}(?:\.[0-9A-Za-z_-]*)?|(?i:bearer)[ +][0-9A-Za-z._~+/=-]{8,}"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_TOKEN = re.compile(r"^(?=.*[0-9])(?=.*[A-Za-z])[0-9A-Za-z_.~=-]{20,}$|^[0-9a-fA-F]{24,}$")
_LINK = re.compile(r"(?=.*[A-Z])[0-9A-Za-z_-]{43}[.~=]*")         # 32 random bytes, as in addresses for customers
_SECRET_NAME = re.compile(r"(?i)token|secret|passw|pwd|api[_-]?key|auth|signature|session|credential|\bsig\b|\bkey\b")
# Not a token: a file that web servers serve, or words, numbers and versions between separators.
_FILE = re.compile(
    r"(?i)^[0-9A-Za-z_.~=+@,-]+\.(?:js|mjs|css|map|html?|xml|json|txt|md|csv|pdf|zip|gz|tgz|bz2|xz|zst|tar|deb|rpm|exe|msi"
    r"|dmg|iso|jar|whl|png|jpe?g|gif|svg|webp|avif|ico|woff2?|ttf|otf|mp[34]|webm|php|aspx?|jsp|dtd)$")
_WORD = re.compile(r"[0-9]+|[A-Za-z]?[a-z]{1,24}|[A-Z]{1,24}|[0-9A-Za-z]{1,6}")
MASK = "***"


def clean(text: object, limit: int) -> str:
    """Text for one column: secrets masked, control bytes escaped, at most `limit` characters."""
    words = text if isinstance(text, str) else "" if text is None else str(text)
    # Cut with a margin first: a pattern must not run over megabytes, nor miss a secret that was cut.
    words = words[:limit + 400]
    if not words.isascii() or not words.isprintable():
        words = _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", words)
    if _may_hold_a_secret(words):
        words = _SECRET.sub(MASK, words)
    return words[:limit]


def is_harmless(text: str) -> bool:
    """Whether clean() would change nothing in this text but its length."""
    return text.isascii() and text.isprintable() and not _may_hold_a_secret(text)


def _may_hold_a_secret(text: str) -> bool:
    """Whether the text has the beginning of a pattern of _SECRET, which is cheaper than the patterns."""
    return "bk_" in text or "whsec_" in text or "eyJ" in text or "earer" in text.lower()


def mask_path(path: str) -> str:
    """A path of unknown meaning with the parts that look like tokens masked."""
    return "/".join(MASK if _is_token(part) else part for part in path.split("/"))


def _is_token(part: str) -> bool:
    """Whether this looks random, rather than like a file or like words."""
    if _LINK.fullmatch(part):
        return True
    if not _TOKEN.match(part) or _FILE.match(part):
        return False
    words = re.split(r"[-_.~=]+", part)
    return len(words) < 3 or not all(_WORD.fullmatch(word) for word in words)


def mask_query(query: str) -> str:
    """A query string of an imported log: values of secret-like names and token-like values masked."""
    parts = []
    for part in query.split("&"):
        name, equals, value = part.partition("=")
        hide = value and (_SECRET_NAME.search(name) or _TOKEN.match(value))
        parts.append(f"{name}={MASK}" if hide else name + equals + value)
    return "&".join(parts)
