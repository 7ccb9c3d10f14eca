"""Normalises texts for comparison and finds invisible characters.

Addresses compare as RFC 5890 and Unicode's caseless matching say: domains in their ASCII form (by the
standard library's codec, whose older mapping, IDNA 2003, also takes ß for ss, as casefolding does),
the rest without case.
"""

import unicodedata

FORMATS = ("Cc", "Cf", "Cs", "Zl", "Zp")                        # categories of invisible characters
BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0\u034f\u17b4\u17b5")      # letters and signs that are invisible
SELECTORS = ((0xFE00, 0xFE0F), (0x180B, 0x180F), (0xE0000, 0xE0FFF))


def composed(text: str) -> str:
    """The text in Unicode's normal form C."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def caseless(text: str) -> str:
    """The text for comparison without case."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())


def email_key(address: str) -> str:
    """The address for comparison; one without a valid domain compares as a text."""
    account, at, domain = address.strip().rpartition("@")
    try:
        return caseless(account) + at + ascii_domain(domain)
    except UnicodeError:
        return caseless(address.strip())


def ascii_domain(domain: str) -> str:
    """A domain in its DNS form; raises UnicodeError for one that is not valid."""
    return domain.lower() if domain.isascii() else domain.encode("idna").decode().lower()


def is_invisible(char: str) -> bool:
    """Whether the character is invisible. Plain spaces are not."""
    return (
        unicodedata.category(char) in FORMATS or char in BLANKS
        or any(first <= ord(char) <= last for first, last in SELECTORS)
    )


def hides_something(text: str) -> bool:
    """Whether the text has invisible characters."""
    return not (text.isascii() and text.isprintable()) and any(map(is_invisible, text))


def has_sign(text: str) -> bool:
    """Whether the text has a visible character of its own: a letter, a digit or a sign, not only accents."""
    return any(unicodedata.category(char)[0] in "LNPS" and not is_invisible(char) for char in text)


def has_letter(text: str) -> bool:
    """Whether the text has a visible letter or digit."""
    return any(unicodedata.category(char)[0] in "LN" and not is_invisible(char) for char in text)
