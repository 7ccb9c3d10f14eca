"""Manages currencies (shared by all merchants) and their rates: the rate of a day is the last one known by then."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from functools import cache
from typing import Annotated, Any

from sqlalchemy import bindparam, delete, false, select
from sqlalchemy.dialects import postgresql, sqlite

from database import db
from domain import audit, clock, settings
from domain.actor import Actor
from domain.catalog import samples
from domain.errors import Conflict, Invalid
from domain.inputs import Day, Input, Maybe, Number, Text
from domain.list_parts import Filter, common_filters
from domain.listing import Listing
from domain.resource import Resource
from models.currency import Currency
from models.rate import ExchangeRate

DIGITS = 12                                          # of a computed rate, reverse or cross: more than any source has
MAX_RATE = 10**15
MOST_DECIMALS = 20                                   # of a rate that is set
LONGEST = 40                                         # characters of a rate as text
EURO = "EUR"                                         # what the published rates are kept against

LISTING = Listing(
    model=Currency,
    noun="currency",
    columns={
        "id": Currency.id, "code": Currency.code, "name": Currency.name,
        "rates_precision": Currency.rates_precision, "details_precision": Currency.details_precision,
        "totals_precision": Currency.exponent, "historic": Currency.historic,
    },
    sort={"id": Currency.id, "code": Currency.code, "name": Currency.name_sort},
    filters={
        **common_filters(Currency),
        "code": Filter(str, lambda bound: Currency.code == bound),
        "historic": Filter(bool, lambda bound: Currency.historic == bound),
    },
    search=(Currency.search_text,),
    merchant=None,
)


class RateInput(Input):
    """A rate as callers may write it: how many `to` one `from` is worth on a day."""

    from_currency: Annotated[str, Text(10, 1)]
    to_currency: Annotated[str, Text(10, 1)]
    rate: Annotated[Decimal, Number(above=0, maximum=MAX_RATE, decimals=MOST_DECIMALS)]
    day: Maybe[Day] = None


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate and its day; for a cross rate the older of the two days."""

    from_code: str
    to_code: str
    rate: Decimal
    day: date


def named(name: str, value: Any) -> Any:
    """A currency (id, code) by ISO code or number (None: the base currency); Invalid names the field."""
    if value is None or value == "":
        value = settings.get("base_currency")
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise Invalid.field(name, "must be an ISO 4217 code or number", "type")
    row = db.session.execute(select(Currency.id, Currency.code).where(_is(value))).first()
    if row is None:
        raise Invalid.field(name, "must be a known currency", "unknown")
    return row


def _is(value: int | str) -> Any:
    """The clause for a code or a number; nothing else reaches the database."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value):
        value = int(value)
    if isinstance(value, int):
        return Currency.id == value if 0 < value < 2**31 else false()
    return Currency.code == value if re.fullmatch(r"[A-Z]{3}", value) else false()


def codes() -> dict[int, str]:
    """ISO codes by number, all of them."""
    return {row.id: row.code for row in db.session.execute(select(Currency.id, Currency.code))}


def get_rate(from_currency: Any = None, to_currency: Any = None, day: date | None = None) -> Rate:
    """The rate of `from` on a day, or on the last day before it; cross rates go through the base currency.

    Conflict (`rate-not-found`) when no rate is known by then.
    """
    source, target = named("from", from_currency), named("to", to_currency)
    day = day or clock.now().date()
    if source.id == target.id:
        return Rate(source.code, target.code, Decimal(1), day)
    found = _pair(source.id, target.id, day) or _cross(source.id, target.id, day)
    if found is None:
        raise Conflict(
            f"There is no rate from {source.code} to {target.code} on {day} or before.", code="rate-not-found"
        )
    return Rate(source.code, target.code, *found)


_LAST = (
    select(ExchangeRate.rate, ExchangeRate.day, ExchangeRate.id)
    .where(
        ExchangeRate.from_id == bindparam("source"), ExchangeRate.to_id == bindparam("target"),
        ExchangeRate.day <= bindparam("day"),
    )
    .order_by(ExchangeRate.day.desc())
    .limit(1)
)


def _pair(source: int, target: int, day: date) -> tuple[Decimal, date] | None:
    """The later of the stored rate and the reverse of its opposite."""
    connection = db.session.connection()
    straight = connection.execute(_LAST, {"source": source, "target": target, "day": day}).first()
    opposite = connection.execute(_LAST, {"source": target, "target": source, "day": day}).first()
    if straight is None and opposite is None:
        return None
    if opposite is None or (straight is not None and (straight.day, straight.id) >= (opposite.day, opposite.id)):
        return Decimal(straight.rate), straight.day                 # type: ignore[union-attr]
    return _divided(Decimal(1), Decimal(opposite.rate)), opposite.day


def _cross(source: int, target: int, day: date) -> tuple[Decimal, date] | None:
    """The cross rate through the base currency, or through the euro where rates are kept against that."""
    for hub in dict.fromkeys((named("base", None).id, named("base", EURO).id)):
        if hub in (source, target):
            continue
        down, up = _pair(hub, source, day), _pair(hub, target, day)
        if down is not None and up is not None:
            return _divided(up[0], down[0]), min(up[1], down[1])
    return None


def _divided(above: Decimal, below: Decimal) -> Decimal:
    with localcontext() as context:
        context.prec = DIGITS
        return above / below


def create_rate(actor: Actor, new: RateInput) -> Rate:
    """Store or replace a day's rate; the reverse follows from it. Rates are shared by all merchants."""
    source, target = named("from", new.from_currency), named("to", new.to_currency)
    if source.id == target.id:
        raise Invalid.field("to", "must be another currency than from", "contradiction")
    if new.rate <= 0:
        raise Invalid.field("rate", "must be greater than 0", "range")
    text = format(new.rate, "f")
    if len(text) > LONGEST:
        raise Invalid.field("rate", "has too many digits", "range")
    day = new.day or clock.now().date()
    before = _on_day(source.id, target.id, day)
    # The reverse of the same day would contradict this one: the last one stored counts.
    db.session.execute(
        delete(ExchangeRate).where(
            ExchangeRate.from_id == target.id, ExchangeRate.to_id == source.id, ExchangeRate.day == day
        )
    )
    store([(source.id, target.id, day, text)], source_name=actor.source)
    audit.record(
        actor, "exchange_rate.created", None, before={"rate": before} if before else None,
        after={"from": source.code, "to": target.code, "day": day.isoformat(), "rate": text},
    )
    return Rate(source.code, target.code, new.rate, day)


def _on_day(source: int, target: int, day: date) -> str | None:
    return db.session.scalar(
        select(ExchangeRate.rate).where(
            ExchangeRate.from_id == source, ExchangeRate.to_id == target, ExchangeRate.day == day
        )
    )


def store(rows: Iterable[tuple[int, int, date, str]], *, source_name: str) -> int:
    """Insert or replace rates; returns how many. Of a pair given twice for a day the last one counts."""
    now = clock.now()
    latest = {(source, target, day): rate for source, target, day, rate in rows}
    values = [
        {"from_id": source, "to_id": target, "day": day, "rate": rate, "source": source_name, "created_at": now}
        for (source, target, day), rate in latest.items()
    ]
    if values:
        db.session.connection().execute(_upsert(db.session.get_bind().dialect.name), values)
    return len(values)


@cache
def _upsert(dialect: str) -> Any:
    statement = (postgresql if dialect == "postgresql" else sqlite).insert(ExchangeRate)
    return statement.on_conflict_do_update(
        index_elements=["from_id", "to_id", "day"],
        set_={"rate": statement.excluded.rate, "source": statement.excluded.source},
    )


def history(from_currency: Any, to_currency: Any, first: date, last: date) -> list[tuple[date, Decimal]]:
    """The stored rates of a pair between two days, for a chart; cross rates only on days with both parts."""
    source, target = named("from", from_currency), named("to", to_currency)
    straight = _days(source.id, target.id, first, last)
    if straight:
        return sorted(straight.items())
    opposite = _days(target.id, source.id, first, last)
    if opposite:
        return sorted((day, _divided(Decimal(1), rate)) for day, rate in opposite.items())
    for hub in dict.fromkeys((named("base", None).id, named("base", EURO).id)):
        down, up = _days(hub, source.id, first, last), _days(hub, target.id, first, last)
        if down.keys() & up.keys():
            return sorted((day, _divided(up[day], down[day])) for day in up.keys() & down.keys())
    return []


def _days(source: int, target: int, first: date, last: date) -> dict[date, Decimal]:
    statement = select(ExchangeRate.day, ExchangeRate.rate).where(
        ExchangeRate.from_id == source, ExchangeRate.to_id == target, ExchangeRate.day.between(first, last)
    )
    return {day: Decimal(rate) for day, rate in db.session.execute(statement)}


RESOURCE = Resource(
    name="currencies", noun="currency", listing=LISTING, read_scope="READ_SETTINGS", write_scope="WRITE_SETTINGS",
    sample=samples.CURRENCY,
)
