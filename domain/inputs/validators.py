"""Validates single values: each function takes the value sent and returns the value to store, or raises.

JSON values must have the right type; values of forms (`text`) are parsed from text. Messages never
repeat the value that was sent.
"""

import ipaddress
import re
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from pydantic import ValidationInfo
from pydantic_core import PydanticCustomError

from domain import texts
from domain.inputs import iso_codes, metadata_text

NUMBER = re.compile(r"[+-]?\d{1,100}(\.\d{1,100})?\Z", re.ASCII)
EMAIL_LABEL = r"[^\s\x00-,./:-@\[-`{-\u0085]+"           # of a domain: letters, digits and hyphens
EMAIL = re.compile(rf"[^@\s\x00-\x1f\x7f,:;<>()\[\]\"\\]+@({EMAIL_LABEL}\.)+{EMAIL_LABEL}\Z")
NOT_IN_WEB = r"""\s\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000<>"{}|\\^`"""
HOST_LABEL = rf"[^{NOT_IN_WEB}/?#@:%.\[\]]+"
# Without a name and password, which nobody else should read.
WEB = re.compile(
    rf"^[Hh][Tt][Tt][Pp][Ss]?://({HOST_LABEL}(\.{HOST_LABEL})+|localhost|\[[0-9a-fA-F:.]+\])\.?(:[0-9]{{1,5}})?"
    rf"([/?#][^{NOT_IN_WEB}]*)?$")
MAX_METADATA = 50           # entries, with at most this many characters:
METADATA_NAME, METADATA_VALUE = 40, 500
LONGEST_TAGGED = 37         # characters before the @, of 64, which leaves 27 for a tag
LARGEST_EXACT = 2**53       # larger floats cannot represent every whole number
MAX_DIGITS = 28             # more would be rounded silently
LARGEST = Decimal(2**53)


def wrong(code: str, text: str, **values: Any) -> PydanticCustomError:
    """An error with our own message, for validators to raise."""
    return PydanticCustomError(code, text.replace("{", "{{").replace("}", "}}"), values or None)


def is_text(info: ValidationInfo) -> bool:
    return bool(info.context and info.context.get("text"))


def clean(value: str) -> str:
    """Text in normal form C that both databases can hold: no NUL, no half of a surrogate pair."""
    if "\x00" in value or not (value.isascii() or is_unicode(value)):
        raise wrong("characters", "contains characters that cannot be stored")
    return texts.composed(value)


def is_unicode(value: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in value)


def visible(value: str) -> str:
    """Text without invisible characters."""
    if texts.hides_something(value):
        raise wrong("characters", "contains characters that cannot be seen")
    return value


def name(value: str) -> str:
    """A name with a visible letter or digit; empty ones are checked elsewhere."""
    if value and not texts.has_letter(value):
        raise wrong("characters", "must have a letter or a digit")
    return value


def title(value: str) -> str:
    """A name of a thing, which real catalogues also write as a sign, such as ?; empty ones are checked elsewhere."""
    if value and not texts.has_sign(value):
        raise wrong("characters", "must have a visible character")
    return value


def string(value: Any) -> Any:
    if not isinstance(value, str):
        raise wrong("type", "must be a string")
    return clean(value)


def stripped(value: Any) -> Any:
    return string(value).strip()


def empty_is_none(value: Any, info: ValidationInfo) -> Any:
    return blank_is_none(value) if is_text(info) else value


def blank_is_none(value: Any) -> Any:
    """A text of nothing but spaces is no text, whoever sends it."""
    return None if isinstance(value, str) and not value.strip() else value


def not_null(value: Any, info: ValidationInfo) -> Any:
    """A creation may say null for what it leaves out, a change may not: it would change nothing."""
    if value is None and info.context and info.context.get("changing") and not is_text(info):
        raise wrong("type", "must not be null; leave it out instead")
    return empty_is_none(value, info)


def number(value: Any, info: ValidationInfo) -> Decimal:
    if isinstance(value, str) and is_text(info):
        value = value.strip()
        if not NUMBER.match(value):
            raise wrong("type", "must be a number")
        value = Decimal(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise wrong("type", "must be a number")
    number = Decimal(value)
    if number.is_zero():
        return Decimal(0)                            # whatever its exponent, on which arithmetic would fail
    _, digits, exponent = number.as_tuple()
    if len(digits) > MAX_DIGITS or (isinstance(exponent, int) and exponent < -MAX_DIGITS):
        raise wrong("decimals" if isinstance(exponent, int) and exponent < 0 else "range", "has too many digits")
    if not number.is_finite() or number.adjusted() > MAX_DIGITS or abs(number) > LARGEST:
        raise wrong("range", "is too large")
    return number


def decimals(most: int) -> Callable[[Decimal], Decimal]:
    """A validator for at most this many decimals; trailing zeros do not count."""
    def check(value: Decimal) -> Decimal:
        scaled = value.scaleb(most)
        if scaled != scaled.to_integral_value():
            raise wrong("decimals", f"has more than {most} decimals")
        return value

    return check


def whole(value: Any, info: ValidationInfo) -> int:
    if isinstance(value, str) and is_text(info) and re.fullmatch(r"[+-]?\d{1,18}", value.strip(), re.ASCII):
        return int(value.strip())
    if isinstance(value, float | Decimal) and is_whole(value):
        return int(value)                            # 2.0 is what languages without integers send for 2
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong("type", "must be a whole number")
    return value


def is_whole(value: float | Decimal) -> bool:
    """Whether this is a whole number, and small enough for floats to be exact."""
    number = Decimal(value)
    small = number.is_finite() and -MAX_DIGITS < number.adjusted() < 16      # before arithmetic fails on the exponent
    return small and abs(number) < LARGEST_EXACT and number == int(number)


def truth(value: Any, info: ValidationInfo) -> bool:
    if isinstance(value, bool):
        return value
    if is_text(info) and value in ("on", "true", "1", "yes", "off", "false", "0", "no", ""):
        return value in ("on", "true", "1", "yes")
    raise wrong("type", "must be true or false")


def has_room_for_a_tag(value: str) -> str:
    """An address to whose account a tag can be added, as in account+tag@example.org."""
    account, _, _ = value.rpartition("@")
    if not account.isascii() or len(account) > LONGEST_TAGGED:
        raise wrong("too_long", f"must have at most {LONGEST_TAGGED} plain letters before the @")
    return value


def email(value: str) -> str:
    try:
        texts.ascii_domain(value.rpartition("@")[2])
    except UnicodeError:
        raise wrong("invalid", "is not a valid e-mail address") from None
    if not EMAIL.match(value) or max(len(value), len(texts.email_key(value))) > 254:
        raise wrong("invalid", "is not a valid e-mail address")
    return visible(value)


def is_email(text: str) -> bool:
    """Whether somebody typed an e-mail address."""
    try:
        return bool(text) and len(text) <= 254 and bool(email(text))
    except ValueError:
        return False


def web_address(value: str) -> str:
    if not WEB.fullmatch(value):
        raise wrong("invalid", "must be a web address beginning with http:// or https://")
    return visible(value)


def countries() -> dict[str, str]:
    """ISO 3166-1 alpha-2 codes and names."""
    return iso_codes.country_names()


def country_code(value: str) -> str:
    if value.upper() not in iso_codes.COUNTRY_CODES:
        raise wrong("inclusion", "must be an ISO 3166-1 country code of two letters")
    return value.upper()


def currencies() -> dict[str, str]:
    """ISO 4217 codes and names."""
    return iso_codes.currency_names()


def currency_numbers() -> dict[str, int]:
    """ISO 4217 numbers by code."""
    return iso_codes.CURRENCY_NUMBERS


def currency_code(value: str) -> str:
    if value not in iso_codes.MONEY_CODES:
        raise wrong("inclusion", "must be an ISO 4217 currency code such as EUR")
    return value


@cache
def timezones() -> frozenset[str]:
    """The names of the IANA time zone database."""
    return frozenset(name for name in available_timezones() if name not in ("localtime", "posixrules", "Factory"))


def colour(value: str) -> str:
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        raise wrong("invalid", "must be a colour such as #1f5f46")
    return value.lower()


def timezone(value: str) -> str:
    if value not in timezones():
        raise wrong("inclusion", "is not a known time zone such as Europe/Madrid")
    return value


def network(value: str) -> str:
    """One entry of an address list in its normal form; raises ValueError with a sentence."""
    entry = value.strip()
    _, slash, bits = entry.partition("/")
    if "%" in entry or (slash and not re.fullmatch(r"\d{1,3}", bits, re.ASCII)):
        raise ValueError("must be an IPv4 or IPv6 address or network such as 203.0.113.0/24")
    try:
        parsed = ipaddress.ip_network(entry)
    except ValueError as problem:
        if "host bits" in str(problem):
            fixed = ipaddress.ip_network(entry, strict=False)
            raise ValueError(f"has host bits set; did you mean {fixed}?") from None
        raise ValueError("must be an IPv4 or IPv6 address or network such as 203.0.113.0/24") from None
    mapped = parsed.network_address.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Network) else None
    if mapped is not None and parsed.prefixlen >= 96:
        parsed = ipaddress.ip_network(f"{mapped}/{parsed.prefixlen - 96}")
    return str(parsed.network_address) if parsed.num_addresses == 1 else str(parsed)


def networks(values: list[str]) -> list[str]:
    folded = []
    for place, value in enumerate(values, 1):
        try:
            folded.append(network(value))
        except ValueError as problem:
            raise wrong("invalid", f"entry {place} {problem}") from None
    return list(dict.fromkeys(folded))


def lines(value: Any, info: ValidationInfo) -> Any:
    """A form sends a list as lines or words of one text."""
    return re.split(r"[\s,;]+", value.strip()) if is_text(info) and isinstance(value, str) and value.strip() else (
        [] if is_text(info) and value in ("", None) else value
    )


def metadata(value: Any, info: ValidationInfo) -> Any:
    if is_text(info) and isinstance(value, str):
        value = metadata_text.read(value)
    if not isinstance(value, dict):
        raise wrong("type", "must be an object")
    if len(value) > MAX_METADATA:
        raise wrong("range", f"may have at most {MAX_METADATA} entries")
    for name, content in value.items():
        if not isinstance(name, str) or not 1 <= len(name) <= METADATA_NAME:
            raise wrong("invalid", f"names must have 1 to {METADATA_NAME} characters")
        if not isinstance(content, str) or len(content) > METADATA_VALUE:
            raise wrong("invalid", f"values must be strings of at most {METADATA_VALUE} characters")
    return {clean(name): clean(content) for name, content in value.items()}
