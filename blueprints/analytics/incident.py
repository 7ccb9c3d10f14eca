"""Describes incidents in one sentence, with links to their figures and requests."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Response, url_for

from analytics.queries import incidents, listing
from analytics.queries.filters import Filter, Scope
from analytics.queries.incidents import ERRORS, Incident
from analytics.queries.listing import Row
from blueprints.analytics import links
from blueprints.analytics.report_query import ReportQuery, key_names, scope
from blueprints.pages.format import zone
from blueprints.pages.htmx import page_or_part
from blueprints.pages.session import me
from domain import clock

AROUND = timedelta(minutes=30)      # shown before and after an incident, so that it stands out
FEW_OF = 20                         # a key with less than a twentieth of the first key's requests is not named
NEWEST = 5                          # of its requests


@dataclass(frozen=True, slots=True)
class IncidentNotice:
    """An incident in one sentence, and the URLs of its figures and of its requests."""

    text: str
    url: str
    log: str
    incident: Incident


def show() -> Response:
    """The last incident: a part of the overview for htmx, a page of its own without a script."""
    return page_or_part("analytics/incident.html", "analytics/_incident.html", notice=last())


def last() -> IncidentNotice | None:
    """The newest incident of the last seven days that the reader may see. The page needs READ_ANALYTICS."""
    found = incidents.last(scope(), me().actor().mode.value, clock.now())
    return notice(found) if found else None


def within(asked: ReportQuery) -> IncidentNotice | None:
    """The newest incident in the period of a question about a merchant, or about all."""
    window, mode = asked.window, asked.filter.mode
    if mode is None or asked.narrowed.keys() - {"merchant"}:
        return None
    known = incidents.periods_of(asked.filter.scope, mode, asked.now)
    found = [one for one in known if one.start < window.end and window.start < one.end]
    return notice(incidents.described(found[0])) if found else None


def requests_of(incident: Incident) -> list[Row]:
    """Its newest requests, of those that failed if any did."""
    period = incident.period
    return listing.requests(Filter(
        scope=Scope(frozenset((period.merchant_id,))), start=period.start, end=period.end, mode=period.mode,
        failed=period.kind == ERRORS), None, NEWEST).rows


def is_close(incident: Incident, asked: ReportQuery) -> bool:
    """Whether a question is about the time of an incident and little more."""
    return asked.window.start >= incident.period.start - 2 * AROUND


def notice(incident: Incident) -> IncidentNotice:
    """The sentence and the URLs."""
    period = incident.period
    failed = {"status": "failed"} if period.kind == ERRORS else {}
    log = _address("analytics.requests", incident, timedelta(0), **failed)
    return IncidentNotice(_sentence(incident), _address("analytics.report", incident, AROUND), log, incident)


def _sentence(incident: Incident) -> str:
    """Who was hit, when, how badly, where."""
    period, merchants = incident.period, scope().merchant_ids
    one = merchants is not None and len(merchants) == 1
    name = None if one else links.link("merchant", period.merchant_id).name
    when = _when(period.start, None if period.ongoing else period.end, zone())
    if period.kind == ERRORS:
        what = (f"{incident.failed:,} of {incident.requests:,} requests failed "
                f"({_percent(incident.share)}, usually {_percent(period.usual_share)})")
    else:
        what = f"{incident.requests:,} requests were slow (p95 {_duration(incident.p95_us)})"
    where = f", most on {incident.endpoint.method} {incident.endpoint.endpoint}" if incident.endpoint else ""
    return f"{name + ', ' if name else ''}{when}: {what}{where}{_by(incident)}."


def _by(incident: Incident) -> str:
    """The keys of its requests, but for those with a few beside the first one's many."""
    names = key_names([use.key_id for use in incident.keys if use.key_id is not None])
    most = max((use.requests for use in incident.keys), default=0)
    hit = [
        names[use.key_id].name for use in incident.keys
        if use.key_id in names and use.requests * FEW_OF >= most
    ]
    if not hit:
        return ""
    return f", by the key {hit[0]}" if len(hit) == 1 else f", by {len(hit)} keys, most by {hit[0]}"


def _when(start: datetime, end: datetime | None, here: ZoneInfo) -> str:
    first = start.astimezone(here)
    if end is None:
        return f"since {first:%-d %b %H:%M}"
    last = end.astimezone(here)
    same = first.date() == last.date()
    return f"{first:%-d %b %H:%M}–{last:%H:%M}" if same else f"{first:%-d %b %H:%M} – {last:%-d %b %H:%M}"


def _percent(share: float) -> str:
    return f"{share:.1%}" if 0 < share < 0.1 else f"{share:.0%}"


def _duration(value_us: float | None) -> str:
    if value_us is None:
        return "unknown"
    return f"{value_us / 1e6:.1f} s" if value_us >= 1e6 else f"{value_us / 1000:.0f} ms"


def _address(page: str, incident: Incident, around: timedelta, **more: str) -> str:
    """The URL of a page about the incident's merchant and period."""
    period = incident.period
    ends = {"from": period.start - around, "to": period.end + around}
    moments = {name: f"{moment:%Y-%m-%dT%H:%M:%SZ}" for name, moment in ends.items()}
    return url_for(page) + "?" + urlencode({
        "range": "custom", **moments, "mode": period.mode, "merchant": period.merchant_id, **more})
