"""How texts compare, and what is wrong with those that people cannot see.

Addresses compare as RFC 5890 and Unicode's caseless matching say: domains in their ASCII form (by the
standard library's codec, whose older mapping, IDNA 2003, also takes ß for ss, as casefolding does),
the rest without case.
"""

import unicodedata

FORMATS = ("Cc", "Cf", "Cs", "Zl", "Zp")                        # categories of what has no shape
BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0\u034f\u17b4\u17b5")      # letters and signs that show nothing
SELECTORS = ((0xFE00, 0xFE0F), (0x180B, 0x180F), (0xE0000, 0xE0FFF))


def composed(text: str) -> str:
    """The text in Unicode's normal form C."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def caseless(text: str) -> str:
    """The text as it compares where case does not count."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold())


def email_key(address: str) -> str:
    """The address as it compares; an address that has no such form compares as a text."""
    account, at, domain = address.strip().rpartition("@")
    try:
        return caseless(account) + at + ascii_domain(domain)
    except UnicodeError:
        return caseless(address.strip())


def ascii_domain(domain: str) -> str:
    """A domain as the name system knows it; raises UnicodeError for one that cannot be a domain."""
    return domain.lower() if domain.isascii() else domain.encode("idna").decode().lower()


def is_invisible(char: str) -> bool:
    """Does nothing show where this character stands? Plain spaces show as gaps."""
    return (
        unicodedata.category(char) in FORMATS or char in BLANKS
        or any(first <= ord(char) <= last for first, last in SELECTORS)
    )


def hides_something(text: str) -> bool:
    """Has the text characters that cannot be seen?"""
    return not (text.isascii() and text.isprintable()) and any(map(is_invisible, text))


def has_letter(text: str) -> bool:
    """Has the text a letter or a digit that can be seen?"""
    return any(unicodedata.category(char)[0] in "LN" and not is_invisible(char) for char in text)
