"""Formats values on pages: numbers, money, times in the reader's zone."""

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from flask import Flask, g
from markupsafe import Markup, escape

from blueprints.pages.browsers import browser
from domain import clock, zones
from domain.markdown import html
from domain.permissions import scope_title
from models.money import Money, from_micro, from_ten_thousandths

DAY = timedelta(days=1)
LAST_SECOND = time(23, 59, 59)
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d")


def init_app(app: Flask) -> None:
    """Register the filters."""
    app.jinja_env.globals["zone_name"] = lambda: zone().key
    app.jinja_env.filters.update(
        number=number, money=money, price=price, when=when, day=day, until=until, ago=ago, words=words,
        scope=scope_title, figure=figure, browser=browser, decimals=decimals, time_of=time_of, markdown=markdown,
    )


def zone() -> ZoneInfo:
    """The reader's time zone; the system's without a sign-in."""
    if "zone" not in g:
        g.zone = zones.system()
    found: ZoneInfo = g.zone
    return found


def markdown(text: str, top: int = 2) -> Markup:
    """A text in Markdown as harmless HTML; its highest heading is of the level `top`."""
    return Markup(html(text, top))  # noqa: S704 (that is what html promises)


def number(value: int | float | Decimal | None) -> str:
    """1,234,567; a dash for None."""
    return "–" if value is None else f"{value:,}"


def money(minor: int | None, currency: str) -> str:
    """An amount given in minor units: 1,234.50 EUR."""
    return "–" if minor is None else f"{Money(minor, currency).decimal:,} {currency}"


def price(micro: int | None, currency: str = "") -> str:
    """A unit price given in millionths, with at least two decimals."""
    if micro is None:
        return "–"
    whole, _, decimals = f"{from_micro(micro):,f}".partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')} {currency}".rstrip()


def decimals(ten_thousandths: int | None) -> str:
    """A quantity or a percentage given in ten-thousandths: 2, 2.25, 1,000."""
    return "–" if ten_thousandths is None else f"{from_ten_thousandths(ten_thousandths):,}"


def when(moment: datetime | None, empty: str = "–") -> Markup | str:
    """A moment in the reader's zone, with UTC on hover."""
    if moment is None:
        return empty
    return _time(moment, moment.astimezone(zone()).strftime("%-d %b %Y, %H:%M"))


def time_of(moment: datetime) -> Markup:
    """The time of day of a moment in the reader's zone."""
    return _time(moment, moment.astimezone(zone()).strftime("%H:%M"))


def day(moment: datetime | date | None, empty: str = "–") -> Markup | str:
    """The day of a moment in the reader's zone."""
    if moment is None:
        return empty
    if not isinstance(moment, datetime):
        return moment.strftime("%-d %b %Y")
    return _time(moment, moment.astimezone(zone()).strftime("%-d %b %Y"))


def until(moment: datetime | None, merchant_id: int, empty: str = "No date") -> Markup | str:
    """The end of something in the merchant's zone, which is named if it is not the reader's."""
    return empty if moment is None else _time(moment, end_text(moment, merchant_id))


def end_text(moment: datetime, merchant_id: int) -> str:
    """The end of something as text: its day alone, where it ends with the day."""
    there = zones.of_merchant(merchant_id)
    local = moment.astimezone(there)
    text = local.strftime("%-d %b %Y" if local.time().replace(microsecond=0) == LAST_SECOND else "%-d %b %Y, %H:%M")
    return text if there == zone() else f"{text} {there.key}"


def ago(moment: datetime | None, empty: str = "Never") -> Markup | str:
    """The time since or until a moment within a day, else the day."""
    if moment is None:
        return empty
    distance = clock.now() - moment
    if abs(distance) >= 14 * DAY:
        return day(moment)
    if distance.total_seconds() < 0:
        return _time(moment, "in " + _span(-distance))
    return _time(moment, "just now" if distance.total_seconds() < 10 else _span(distance) + " ago")


def _span(distance: timedelta) -> str:
    seconds = int(distance.total_seconds())
    for size, unit in ((86_400, "day"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' if unit == 'day' and count > 1 else ''}"
    return f"{seconds} s"


def _time(moment: datetime, text: str) -> Markup:
    stamp = moment.astimezone(UTC)
    return Markup('<time datetime="{}" title="{} UTC">{}</time>').format(
        stamp.strftime("%Y-%m-%dT%H:%M:%SZ"), stamp.strftime("%Y-%m-%d %H:%M:%S"), escape(text)
    )


def words(name: str) -> str:
    """A field's name as text: unit_price becomes Unit price, items.0.quantity becomes Line 1 quantity."""
    name = re.sub(r"\Aitems\.(\d{1,6})\b", lambda found: f"line {int(found[1]) + 1}", str(name))
    text = name.removesuffix("_id").replace("_", " ").replace(".", " ").strip().lower()
    text = re.sub(r"\bapi\b", "API", text.replace("timezone", "time zone").replace("api key", "API key"))
    return text[:1].upper() + text[1:]


def figure(json: str) -> Markup:
    """A chart's JSON for a script element, where HTML escaping would break it."""
    return Markup(json.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))  # noqa: S704
