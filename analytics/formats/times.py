"""Reads times and durations as access logs write them."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

MONTHS = dict(zip(
    ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), range(1, 13), strict=True))
_UNITS = {
    **dict.fromkeys(("ns", "nsec"), 1e-3), **dict.fromkeys(("us", "µs", "μs", "usec"), 1.0),
    **dict.fromkeys(("ms", "msec", "millis"), 1e3), **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1e6),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 6e7),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3.6e9)}
# With the longest name first, so that "ms" is not read as "m".
UNIT = "|".join(sorted(_UNITS, key=len, reverse=True))
DECIMAL = r"(?:\d+(?:[.,]\d*)?|[.,]\d+)"                    # the comma is the decimal sign of half the world
_WITH_UNIT = re.compile(rf"(?:{DECIMAL}(?:{UNIT}))+\Z", re.ASCII | re.IGNORECASE)
_EACH = re.compile(rf"({DECIMAL})({UNIT})", re.ASCII | re.IGNORECASE)
_NUMBER = re.compile(rf"{DECIMAL}(?:[eE][+-]?\d{{1,3}})?\Z", re.ASCII)
_CLOCK = re.compile(r"(?:(\d{1,2})\.)?(\d{1,3}):([0-5]\d):([0-5]\d(?:[.,]\d+)?)\Z", re.ASCII)       # .NET's TimeSpan
_ISO = re.compile(rf"PT(?=\d)((?:{DECIMAL}[HMS])+)\Z", re.ASCII | re.IGNORECASE)
_EPOCH = re.compile(r"\d{1,19}(?:[.,]\d{1,12})?(?:[eE]\+?\d{1,2})?\Z", re.ASCII)
_APACHE = re.compile(
    r"(\d{1,2})/([A-Z][a-z]{2})/(\d{4})[: ](\d\d:\d\d:\d\d(?:\.\d{1,6})?)(?: ?([+-]\d\d:?\d\d|Z))?\Z", re.ASCII)
_NAMED_DAY = re.compile(r"[A-Z][a-z]{2}, \d", re.ASCII)                                     # RFC 1123
_C_TIME = re.compile(
    r"(?:[A-Z][a-z]{2} )?([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d\d:\d\d:\d\d(?:\.\d+)?) (\d{4})\Z", re.ASCII)
# A leap second ends an hour of UTC: the minute of a zone that differs by quarters of an hour may be another.
_LEAP = re.compile(r"(?<=[T:\d])(14|29|44|59):60(?![\d:])", re.ASCII)


def duration(text: Any, factor: float) -> float | None:
    """Microseconds of a duration with a unit (12ms, 1m2.5s, 1,5 s, PT1.5S), or of a bare number times the factor."""
    if text is None or isinstance(text, bool):
        return None
    words = str(text).strip().strip('"').replace(" ", "").removeprefix("+")
    if words in ("", "-", "-1"):
        return None
    if words.startswith("-"):
        raise ValueError("the duration is negative")
    iso, clock = _ISO.match(words), _CLOCK.match(words)
    if iso or _WITH_UNIT.match(words):
        return sum(_number(number) * _UNITS[unit.lower()] for number, unit in _EACH.findall(iso[1] if iso else words))
    if clock:
        days, hours, minutes, seconds = clock.groups()
        return ((int(days or 0) * 24 + int(hours)) * 60 + int(minutes)) * 6e7 + _number(seconds) * 1e6
    if not _NUMBER.match(words):
        raise ValueError(f"not a duration: {words[:20]}")
    return _number(words) * factor


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def moment(value: Any) -> datetime:
    """Parse a time: seconds (or finer) since 1970, ISO 8601, Apache's form, an HTTP date.

    A leap second, 23:59:60, is the second after it, as clocks that count seconds since 1970 read it.
    """
    text = str(value).strip()
    try:
        leap = _LEAP.search(text)
        if leap:
            return _moment(f"{text[:leap.start()]}{leap[1]}:59{text[leap.end():]}") + timedelta(seconds=1)
        return _moment(text)
    except (ValueError, KeyError, OverflowError, TypeError):
        raise ValueError(f"not a time: {text[:40]}") from None


def _moment(text: str) -> datetime:
    if _EPOCH.match(text):
        number = _number(text)
        for limit, factor in ((1e11, 1), (1e14, 1e3), (1e17, 1e6), (1e20, 1e9)):
            if number < limit:
                return datetime.fromtimestamp(number / factor, UTC)
    apache, c_time = _APACHE.match(text), _C_TIME.match(text)
    if apache:                                          # 17/May/2015:08:05:32 +0000; without an offset it is UTC
        day, month, year, clock, zone = apache.groups()
        return _of(year, month, day, clock + (zone or ""))
    if c_time:
        month, day, clock, year = c_time.groups()
        return _of(year, month, day, clock)
    if _NAMED_DAY.match(text):
        return parsedate_to_datetime(text)
    iso = re.sub(r"([.,]\d{6})\d+", r"\1", text.replace("/", "-")).upper()
    utc = re.sub(r" ?(?:UTC|GMT)\Z", "Z", iso)
    return datetime.fromisoformat(re.sub(r" (?=[+-]\d\d:?\d\d\Z)", "", utc))


def _of(year: str, month: str, day: str, clock: str) -> datetime:
    return datetime.fromisoformat(f"{year}-{MONTHS[month]:02d}-{int(day):02d}T{clock}")
