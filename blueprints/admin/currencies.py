"""Pages of currencies and rates: the list, a pair over time, a day's rate, and the form for a rate."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from flask import Response, flash, make_response, render_template, request, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin.crud import export
from blueprints.admin.crud.charts import Chart, line
from blueprints.admin.crud.list_filters import ListFilter
from blueprints.admin.crud.listing import Column, ListPage, show_list
from blueprints.pages.format import zone
from blueprints.pages.htmx import redirect_to
from blueprints.pages.session import need, wide_actor
from database import db, transaction
from domain import clock, inputs, settings
from domain.actor import All
from domain.catalog import currencies
from domain.errors import Conflict, Forbidden, Invalid
from domain.pages import Query
from models.rate import ExchangeRate

PERIODS = {"30": "30 days", "90": "90 days", "365": "1 year", "1825": "5 years", "11000": "All"}
NAMES = {"from_currency": "from", "to_currency": "to", "rate": "rate", "day": "dt"}


PAGE = ListPage(
    resource=currencies.RESOURCE,
    title="Currencies and rates",
    group="Settings",
    position=330,
    opens=False,
    found_at=lambda row: url_for("admin.currencies_rates", **{"from": row.code}),
    name=lambda row: f"{row.code} · {row.name}",
    icon="world",
    about="ISO 4217 currencies and exchange rates. They apply to all merchants.",
    columns=(
        Column(name="code", sort="code"), Column(name="name", sort="name"),
        Column(name="id", title="ISO number", sort="id"),
        Column(name="totals_precision", title="Decimals of totals", kind="number"),
        Column(name="rates_precision", title="of rates", kind="number"), Column(name="historic", kind="flag"),
    ),
    list_filters=(
        ListFilter(name="historic", title="In use", choices=(("no", "In use"), ("yes", "Historic")),
               read=lambda raw: raw == "yes"),
    ),
    sort="code",
    needs_merchant=False,
)


@dataclass(frozen=True, slots=True)
class Pair:
    """The query of the rates page."""

    source: str
    target: str
    period: str
    day: date


def register(bp: Any) -> None:
    """Register the URLs of currencies and rates."""
    read, write = need("READ_SETTINGS"), need("WRITE_SETTINGS")
    bp.add_url_rule("/currencies", "currencies_list", read(show), methods=["GET"])
    bp.add_url_rule("/currencies.csv", "currencies_export", read(download), methods=["GET"])
    bp.add_url_rule("/currencies/rates", "currencies_rates", read(show_rates), methods=["GET"])
    bp.add_url_rule("/currencies/rates", "currencies_set_rate", write(set_rate), methods=["POST"])


def show() -> Response:
    """The list, with the base currency and the number of rates."""
    return show_list(
        PAGE, "admin/currencies.html", "admin/_currencies.html", base=settings.get("base_currency"), known=known()
    )


def known() -> Any:
    """The number of stored rates, and their days: count, first, last."""
    return db.session.execute(
        select(func.count().label("rates"), func.min(ExchangeRate.day).label("first"),
               func.max(ExchangeRate.day).label("last"))
    ).one()


def download() -> Response:
    """The list as a file."""
    who = wide_actor()
    names = [column.name for column in PAGE.columns]
    rows = ([getattr(record, name) for name in names] for record in currencies.LISTING.stream(who, PAGE.query(who)))
    return export.send("currencies", names, rows)


# One pair -------------------------------------------------------------------------------------------


def show_rates(wrong: Invalid | None = None) -> Response:
    """A pair over time, its rate on a day, and the form to set one."""
    asked = pair()
    page = render_template(
        "admin/currency_rates.html", here=PAGE, asked=asked, periods=PERIODS, codes=codes(), wrong=wrong,
        rate=rate_of(asked), chart=chart(asked), sets=may_set(), base=settings.get("base_currency"), typed=request.form,
        today=today(), plain=plain,
    )
    return make_response(page, 422 if wrong else 200)


def pair() -> Pair:
    """The pair in the URL or the form, without invalid values."""
    base = settings.get("base_currency")
    all_codes = {code for code, _ in codes()}
    source, target = request.values.get("from", ""), request.values.get("to", "")
    target = target if target in all_codes else base
    usual = "USD" if target != "USD" else "EUR"
    period = request.args.get("period", "365")
    return Pair(source if source in all_codes else usual, target, period if period in PERIODS else "365", on_day())


def on_day() -> date:
    """The day in the URL; today by default."""
    try:
        return date.fromisoformat(request.args.get("on", ""))
    except ValueError:
        return today()


def today() -> date:
    return clock.now().astimezone(zone()).date()


def codes() -> list[tuple[str, str]]:
    """The currencies to choose from."""
    page = currencies.LISTING.page(wide_actor(), Query(sort="code", descending=False, limit=500))
    return [(record.code, f"{record.code} · {record.name}") for record in page.records]


def rate_of(asked: Pair) -> currencies.Rate | None:
    """The rate on the day, or None when none is known by then."""
    try:
        return currencies.get_rate(asked.source, asked.target, asked.day)
    except Conflict:
        return None


def chart(asked: Pair) -> Chart | None:
    """The chart of the pair over the period; None without rates."""
    first = today() - timedelta(days=int(asked.period))
    found = currencies.history(asked.source, asked.target, first, today())
    if not found or asked.source == asked.target:
        return None
    days, values = [day.isoformat() for day, _ in found], [float(rate) for _, rate in found]
    low, high = min(values), max(values)
    return line(
        f"{asked.target} for 1 {asked.source}", days, values,
        f"{asked.target} for one {asked.source} from {days[0]} to {days[-1]}: between {low:.6g} and {high:.6g}, "
        f"last {values[-1]:.6g}.",
    )


def plain(rate: Decimal) -> str:
    """A rate without an exponent and trailing zeros; computed ones have up to 28 digits."""
    return f"{rate.normalize():f}"


# Setting a rate -------------------------------------------------------------------------------------


def may_set() -> bool:
    """Whether the user may set rates: only with all merchants, because rates are shared by all."""
    who = wide_actor()
    return who.can("WRITE_SETTINGS") and isinstance(who.merchant_ids, All)


def set_rate() -> BaseResponse:
    """Store a day's rate; the reverse follows from it."""
    if not may_set():
        raise Forbidden("Rates apply to all merchants: only a user with all merchants can set one.")
    given = {inside: request.form.get(wire, "") for inside, wire in NAMES.items()}
    given["day"] = given["day"] or today().isoformat()
    try:
        new = inputs.parse(currencies.RateInput, given, text=True, zone=zone().key)
        with transaction():
            rate = currencies.create_rate(wide_actor(), new)
    except Invalid as error:
        return show_rates(Invalid(error.message, fields={
            NAMES.get(name, name): problem for name, problem in error.fields.items()}))
    flash(f"1 {rate.from_code} is {plain(rate.rate)} {rate.to_code} on {rate.day}.", "ok")
    shown = {"from": rate.from_code, "to": rate.to_code, "on": rate.day.isoformat()}
    return redirect_to(PAGE.url("rates", **shown))
