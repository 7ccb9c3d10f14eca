"""Parses a URL into a question: every filter is in the query string, so that links can be shared."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import request, url_for
from sqlalchemy import select

from analytics.log.drain import catch_up
from analytics.queries import queries
from analytics.queries.filters import Filter, Scope
from analytics.rollups import periods
from analytics.rollups.grains import PAGES
from analytics.rollups.periods import RANGES, Window
from analytics.rollups.rollup import DAY
from blueprints.analytics import links
from blueprints.pages.format import zone
from blueprints.pages.session import actor, me, wide_actor
from blueprints.services import settings
from database import db
from database.ip_addresses import canonical
from domain import clock
from domain.actor import Actor, All
from domain.integrations.key_listing import of_merchants
from models.credential import Credential, CredentialKind
from models.merchant import Merchant
from models.user import Role

CATCH_UP_WAIT = 1.0                      # seconds that a page waits for the newest requests to be stored
CONTRACTS = ("public", "client", "merchant", "core", "admin", "other")
MODES = ("live", "test")
STATUSES = {"2xx": 2, "3xx": 3, "4xx": 4, "5xx": 5, "rpc": 6}
STATUS_NAMES = {
    "failed": "All failures", "2xx": "2xx", "3xx": "3xx", "4xx": "4xx", "5xx": "5xx", "rpc": "RPC errors"}
TEXTS = ("contract", "endpoint", "method", "source", "ip", "q", "error")
LONG = timedelta(days=3660)         # periods up to this need no query for the oldest request
IDS = ("key", "merchant", "user", "customer")
SINGLE = ("ip", "q", "user", "customer", "object")      # filters of the request log alone
ID = "req_"                                                # begins a request's id
RANGE_NAMES = {"1h": "1 h", "24h": "24 h", "7d": "7 d", "30d": "30 d", "90d": "90 d"}


@dataclass(frozen=True, slots=True)
class ReportQuery:
    """The parsed filters of a page, without invalid values."""

    filter: Filter
    window: Window
    zone: ZoneInfo
    args: dict[str, str]            # the valid parameters, for links
    range: str                      # one of RANGES, or custom
    now: datetime                   # the time of the request

    def link(self, page: str, /, kind: str | None = None, **changes: Any) -> str:
        """The URL of the same question at another endpoint; None drops a parameter. `kind` is an export's format."""
        wanted = {name: value for name, value in {**self.args, **changes}.items() if value is not None}
        # Not by url_for, which has an argument `endpoint` of its own.
        return (url_for(page, kind=kind) if kind else url_for(page)) + "?" + urlencode(wanted)

    @property
    def narrowed(self) -> dict[str, str]:
        """The filters beside the period and the mode."""
        kept = ("range", "from", "to", "mode", "compare", "live")
        return {name: value for name, value in self.args.items() if name not in kept}

    @property
    def is_of_one(self) -> bool:
        """Whether it asks for one request by its id, and for nothing else: the period does not count then."""
        return self.args.get("q", "").startswith(ID) and self.narrowed.keys() == {"q"} and self.filter.mode is None

    @property
    def period(self) -> str:
        """The period as text, with days in the reader's zone. A range that ends now ends before its last bucket."""
        end = self.window.end if self.range == "custom" else min(self.window.end, self.now)
        first, last = self.window.start.astimezone(self.zone), end.astimezone(self.zone)
        are_days = self.range == "custom" and first.time() == last.time() == time()
        if self.window.edges[-1] - self.window.edges[0] <= 2 * DAY and not are_days:
            form = "%-d %b %H:%M" if last.year == self.now.astimezone(self.zone).year else "%-d %b %Y %H:%M"
            return f"{first:{form}} – {last:{form}}"
        last = self._last
        if first.date() == last.date():
            return f"{first:%-d %b %Y}"
        return f"{first:{'%-d %b' if first.year == last.year else '%-d %b %Y'}} – {last:%-d %b %Y}"

    @property
    def _last(self) -> datetime:
        """The last minute of the period; now, if that is in its last bucket."""
        last = self.window.end - timedelta(minutes=1)
        return (last if self.range == "custom" else min(last, self.now)).astimezone(self.zone)

    @property
    def days(self) -> tuple[str, str]:
        """The first and the last day of the period, for date fields."""
        last = self.window.end.astimezone(self.zone) - timedelta(minutes=1)
        return self.window.start.astimezone(self.zone).date().isoformat(), last.date().isoformat()

    @property
    def zone_name(self) -> str:
        """The zone of the days, with its offset from UTC at the end of the period."""
        key = self.window.zone
        offset = self._last.astimezone(ZoneInfo(key)).strftime("%z")
        return f"{key} (UTC{offset[:3]}:{offset[3:]})" if key != "UTC" else "UTC"


def read(default: str, *, rolled: bool = False) -> ReportQuery:
    """The question in this request's URL. Waits briefly for the newest requests to be stored.

    `rolled` leaves out what only single requests have: figures from roll-ups would not obey it.
    """
    catch_up(settings().spool, within=CATCH_UP_WAIT)
    texts = {name: value[:200] for name in TEXTS if (value := request.args.get(name, "").strip())}
    if "ip" in texts:
        texts["ip"] = canonical(texts["ip"])
    if texts.get("contract") not in CONTRACTS:
        texts.pop("contract", None)
    status = _status()
    numbers = {name: request.args.get(name, "") for name in IDS}
    chosen = {name: key for name, key in numbers.items() if key.isascii() and key.isdigit() and len(key) < 10}
    wanted = request.args.get("object", "").strip()
    chosen |= {"object": wanted} if links.parsed(wanted) else {}
    mode = request.args.get("mode", "")
    for name in SINGLE if rolled else ():
        texts.pop(name, None)
        chosen.pop(name, None)
    args = {**texts, **status, **chosen, **({"mode": mode} if mode in (*MODES, "all") else {})}
    imported = texts.get("source", "").startswith("import:")
    now = clock.now()
    name, window, period = _period(default, imported, now)
    for flag in ("compare", "live"):
        # A checkbox follows a hidden 0, so that "off" is part of the URL too: the last value counts.
        if (given := request.args.getlist(flag)[-1:]) and given[0] in ("0", "1"):
            args[flag] = given[0]
    return ReportQuery(_filter(args, window), window, zone(), {**args, **period}, name, now)


def _filter(args: dict[str, str], window: Window) -> Filter:
    status = args.get("status", "")
    # Imported logs have no test mode, and pages are in neither.
    source = args.get("source", "")
    neither = source.startswith("import:") or source == PAGES or args.get("contract") == "admin"
    words = args.get("q", "")
    exact = words.startswith(ID)        # one request, of either world
    mode = args.get("mode") or ("all" if neither or exact else me().actor().mode.value)
    touched = links.parsed(args.get("object", ""))
    meant = None if touched else links.known(words)         # customer_42 in the search box
    reach = scope().narrowed(int(args["merchant"])) if "merchant" in args else scope()
    return Filter(
        scope=reach, start=window.start, end=window.end, key_id=int(args["key"]) if "key" in args else None,
        contract=args.get("contract"), endpoint=args.get("endpoint"), method=args.get("method"),
        status_class=STATUSES.get(status), status=int(status) if status.isdigit() else None,
        failed=status == "failed", error_code=args.get("error"), source=args.get("source"),
        mode=None if mode == "all" else mode, ip=args.get("ip"), touched=touched or meant,
        search=words if words and not meant else None,
        user_id=int(args["user"]) if "user" in args else None,
        customer_id=int(args["customer"]) if "customer" in args else None)


def _status() -> dict[str, str]:
    value = request.args.get("status", "")
    known = value in STATUS_NAMES or (value.isascii() and value.isdigit() and 100 <= int(value[:4]) <= 599)
    return {"status": value} if known else {}


def _period(default: str, imported: bool, now: datetime) -> tuple[str, Window, dict[str, str]]:
    """The period: a range that ends now, whole days, or two moments (from a chart's bucket)."""
    first, last = _ends(now)
    try:
        if request.args.get("range") in RANGES:
            raise ValueError("the dates beside it are ignored")
        if "T" in first and "T" in last:
            window = periods.window(*_possible(_moment(first), _moment(last), now), zone(), imported=imported)
        else:
            here = zone()
            ends = [periods.midnight(day, here) for day in sorted((_day(first), _day(last)))]
            begin, end = (one.astimezone(here).date() for one in _possible(ends[0], ends[1], now))
            window = periods.days(begin, end, here, imported=imported)
    except (ValueError, OverflowError):
        name = request.args.get("range", "")
        name = name if name in RANGES else default
        return name, periods.recent(name, zone(), imported=imported, now=now.timestamp()), {"range": name}
    return "custom", window, {"range": "custom", "from": first, "to": last}


def _possible(first: datetime, last: datetime, now: datetime) -> tuple[datetime, datetime]:
    """The period cut to the time between the oldest request and tomorrow."""
    last = min(last, now + timedelta(days=1))
    if last - first > LONG:
        known = queries.extent(scope())
        first = max(first, min(known[0] if known else now, last - LONG))
    return min(first, last), last


def _ends(now: datetime) -> tuple[str, str]:
    """The first and the last day or moment. Without a last one it is now; without a first day only the last one."""
    first, last = request.args.get("from", ""), request.args.get("to", "")
    if first and not last:
        second = now + timedelta(seconds=1)     # with the requests of this one
        last = second.isoformat(timespec="seconds") if "T" in first else now.astimezone(zone()).date().isoformat()
    return first or last, last


def _day(text: str) -> date:
    day = date.fromisoformat(text)
    if not 1970 < day.year < 2200:
        raise ValueError(text)
    return day


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None or not 1970 < moment.year < 2200:
        raise ValueError(text)
    return moment.astimezone(UTC)


def scope(who: Actor | None = None) -> Scope:
    """The scope of the switcher's merchants. Only admins of all merchants see requests of no merchant."""
    who = who or actor()
    if not isinstance(who.merchant_ids, All):
        return Scope(who.merchant_ids)
    if me().user.role is Role.ADMIN:
        return Scope(None)
    return Scope(frozenset(db.session.scalars(select(Merchant.id))))


def wide_scope() -> Scope:
    """The scope of all own merchants, whatever the switcher shows: for one request, opened by its id."""
    return scope(wide_actor())


@dataclass(frozen=True, slots=True)
class KeyName:
    """A key's name in lists."""

    id: int
    name: str
    prefix: str
    last_four: str
    opens: bool                     # it has a page, as API keys have


def key_names(key_ids: list[int] | None = None) -> dict[int, KeyName]:
    """The names of the actor's API keys, newest first, 200 to choose from; or of keys and tokens with these ids."""
    of_program = Credential.kind == CredentialKind.INTEGRATION
    statement = select(Credential.id, Credential.name, Credential.prefix, Credential.last_four, of_program)
    reach = actor().merchant_ids if key_ids is None else wide_actor().merchant_ids
    if not isinstance(reach, All):
        statement = statement.where(of_merchants(reach))
    if key_ids is None:
        statement = statement.where(of_program, Credential.deleted_at.is_(None))
    else:
        statement = statement.where(Credential.id.in_(key_ids))
    rows = db.session.execute(statement.order_by(Credential.id.desc()).limit(200))
    return {row[0]: KeyName(*row) for row in rows}
