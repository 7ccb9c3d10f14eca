"""Names the buckets of a chart in the reader's zone, and chooses the ones that its axis shows.

Charts have an axis of categories: each bucket is one place, also in the night in which an hour comes twice.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

MOST_TICKS = 9
CLOCK = (5, 15, 30, 60, 120, 180, 240, 360, 720)        # minutes
DAYS = (1, 2, 7, 14, 28)
NEARLY_A_DAY = timedelta(hours=22)                      # the day on which clocks go forward is shorter

Tick = tuple[int, str]                                  # the place of a bucket, and its text


def labels(starts: Sequence[datetime], zone: ZoneInfo) -> list[str]:
    """The name of each bucket, unique: day and time, with the offset from UTC where a time comes twice."""
    local = [start.astimezone(zone) for start in starts]
    form = "%a %-d %b %Y" if len({one.year for one in local}) > 1 else "%a %-d %b"
    if not _by_day(starts):
        form += ", %H:%M"
    found = [one.strftime(form) for one in local]
    count = Counter(found)
    return [
        f"{text} ({_offset(one)})" if count[text] > 1 else text for text, one in zip(found, local, strict=True)]


def _by_day(starts: Sequence[datetime]) -> bool:
    """Whether buckets are days or longer."""
    return len(starts) > 2 and all(after - before >= NEARLY_A_DAY for before, after in pairwise(starts[1:]))


def _offset(local: datetime) -> str:
    text = local.strftime("%z")
    return f"UTC{text[:3]}:{text[3:5]}"


def ticks(starts: Sequence[datetime], zone: ZoneInfo) -> list[Tick]:
    """Some buckets with short names: at round hours, or on days; nine at most."""
    local = [start.astimezone(zone).replace(tzinfo=None) for start in starts]
    if not _by_day(starts):
        for step in CLOCK:
            found = [place for place, one in enumerate(local)
                     if (one.hour * 60 + one.minute) % step == 0 and one not in local[:place]]
            if 2 <= len(found) <= MOST_TICKS:
                return [(place, _clock(local[place])) for place in found]
    for step in DAYS:
        found = [place for place, one in enumerate(local) if _is_first(local, place) and one.toordinal() % step == 0]
        if 2 <= len(found) <= MOST_TICKS:
            return [(place, f"{local[place]:%a %-d %b}" if step < 7 else f"{local[place]:%-d %b}") for place in found]
    every = -(-len(local) // MOST_TICKS) or 1
    form = "%-d %b %Y" if _by_day(starts) else "%-d %b %H:%M"
    return [(place, local[place].strftime(form)) for place in range(0, len(local), every)]


def _clock(local: datetime) -> str:
    return f"{local:%a %-d %b}" if not (local.hour or local.minute) else f"{local:%H:%M}"


def _is_first(local: list[datetime], place: int) -> bool:
    """Whether a day begins with this bucket."""
    one = local[place]
    return (place > 0 and local[place - 1].date() < one.date()) or not (one.hour or one.minute)
