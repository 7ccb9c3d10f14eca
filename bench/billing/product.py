"""Runs a year on test clocks: orders and their changes through the Core API, the rest by the worker's code."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from bench.billing import called
from bench.billing.agreements import DONE_AT, START, Action, Agreement, Product, Year
from database import db, transaction
from domain import inputs
from domain.access import tokens
from domain.actor import Actor
from domain.catalog import pricing, products
from domain.people import customers, merchants, users
from domain.permissions import EVERYTHING
from models.user import User
from outbound.payments import advancing

PAGE = 1000
OF_A_ROW = ("skip", "retry", "execute", "reschedule", "amount")
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shop:
    """A merchant of the test world, its user's token, and what it sells to whom."""

    merchant_id: int
    token: str
    customer_id: int
    products: tuple[int, ...]


def open_shop(year: Year) -> Shop:
    """A merchant with its products, made without HTTP."""
    with transaction():
        new = inputs.parse(merchants.MerchantInput, {"name": "Billing year", "currency": "EUR"})
        merchant_id = merchants.create(Actor.operator(), new).id
    account = {"email": "year@example.org", "password": "a long enough password", "role": "admin_user",
               "merchant_ids": [merchant_id], "api_access": True}
    hashed = users.hashed(Actor.operator(), inputs.parse(users.UserInput, account))
    with transaction():
        user = users.create(Actor.operator(), hashed).id
    with transaction():
        token = tokens.reveal(Actor.system(), db.session.get_one(User, user), test=True)
    actor = Actor(label="bench", merchant_ids=frozenset({merchant_id}), scopes=EVERYTHING).in_world(test=True)
    with transaction():
        customer_id = customers.create(actor, inputs.parse(customers.CustomerInput, {"name": "Ada Lovelace"})).id
        rules: dict[tuple[str, int], int] = {}
        sold = tuple(_product(actor, one, rules) for one in year.products)
    return Shop(merchant_id, token, customer_id, sold)


def _product(actor: Actor, one: Product, rules: dict[tuple[str, int], int]) -> int:
    """A product, with the taxes, discounts and fees that are not there yet."""
    named = {}
    for kind in ("tax", "discount", "fee"):
        percent = getattr(one, kind)
        if percent and (kind, percent) not in rules:
            new = inputs.parse(pricing.PriceRuleInput, {"kind": kind, "name": f"{percent} %", "percentage": percent})
            rules[kind, percent] = pricing.create_rule(actor, new).id
        if percent:
            named[f"{kind}_id"] = rules[kind, percent]
    sold = inputs.parse(products.ProductInput, {
        "name": f"A {one.kind}", "price": one.price, "currency": "EUR", "billing": one.kind, **named,
        "discount_for_initial_payment_only": one.discount_first_only,
        "fee_for_initial_payment_only": one.fee_first_only, **_metered_terms(one),
    })
    return products.create(actor, sold).id


def _metered_terms(one: Product) -> Row:
    if one.kind != "metered":
        return {}
    tiers = [{"up_to": tier.up_to, "unit_price": tier.unit_price, "flat_amount": tier.flat} for tier in one.tiers]
    return {"metered_scheme": one.scheme, "metered_tiers": tiers, "metered_ceiling": one.ceiling}


class Program:
    """Calls the Core API in this process, and moves clocks as the worker does."""

    def __init__(self, app: Flask, shop: Shop):
        self.app, self.shop, self.client = app, shop, FlaskClient(app, app.response_class, use_cookies=False)
        self.calls = 0

    def call(self, method: str, path: str, body: Row | None = None) -> tuple[bool, Any]:
        """Whether it was done, and what was answered."""
        self.calls += 1
        reply = self.client.open(path, method=method, json=body, headers={"X-Api-Key": self.shop.token})
        if reply.status_code >= 500:
            raise RuntimeError(f"{method} {path}: {reply.status_code} {reply.text}")
        return reply.status_code < 400, reply.json

    def must(self, method: str, path: str, body: Row | None = None) -> Any:
        done, answer = self.call(method, path, body)
        if not done:
            raise RuntimeError(f"{method} {path}: {answer}")
        return answer

    def every(self, path: str) -> Iterator[Row]:
        """All rows of a list."""
        offset, more = 0, True
        while more:
            found = self.must("GET", f"{path}{'&' if '?' in path else '?'}limit={PAGE}&offset={offset}&order=id")
            yield from found
            offset, more = offset + PAGE, len(found) == PAGE

    def advance(self, clock: int, to: datetime) -> None:
        self.must("POST", f"/test-clocks/{clock}/advance", {"now_dt": to.isoformat()})
        with self.app.app_context():
            while advancing.advance_due():
                pass
            db.session.remove()


def live(program: Program, year: Year, end: datetime, clocks: int) -> tuple[dict[int, int], dict[int, list[Any]]]:
    """Run the year; returns the order's id of each agreement, and which of its actions were allowed."""
    orders: dict[int, int] = {}
    done: dict[int, list[Any]] = defaultdict(list)
    for group in range(clocks):
        clock = program.must("POST", "/test-clocks", {
            "companies_id": program.shop.merchant_id, "now_dt": START.isoformat()})["id"]
        for moment, what in diary(year, group, clocks):
            program.advance(clock, moment)
            for agreement, action in what:
                if action is None:
                    orders[agreement.number] = make(program, year, agreement, clock)
                else:
                    done[agreement.number].append((action.day, act(program, orders[agreement.number], action)))
        program.advance(clock, end)
    return orders, done


def diary(year: Year, group: int, clocks: int) -> list[tuple[datetime, list[tuple[Agreement, Action | None]]]]:
    """What people do on one of the clocks, in order."""
    found: dict[datetime, list[tuple[Agreement, Action | None]]] = defaultdict(list)
    for one in year.agreements[group::clocks]:
        found[one.made_at].append((one, None))
        for action in one.actions:
            found[START + timedelta(days=action.day) + DONE_AT].append((one, action))
    return sorted(found.items())


def make(program: Program, year: Year, one: Agreement, clock: int) -> int:
    """Create the order, pay it, and change to the card that pays what follows."""
    body: Row = {
        "companies_id": program.shop.merchant_id, "clients_id": program.shop.customer_id, "test_clocks_id": clock,
        "items": [{"products_id": program.shop.products[one.product], "quantity": one.quantity}],
        "scheduled_unit": one.unit, "scheduled_interval": one.every,
    }
    if one.calls is not None:
        body["items"] = [{"products_id": program.shop.products[one.product], "calls": {
            "keys_ids": [called.log(program, one.calls)]}}]
    if one.instalments is not None:
        body |= {"instalments": one.instalments, "initial_amount": float(one.initial or 0)}
    if one.start_after is not None:
        body["start_date"] = (START + timedelta(days=one.day + one.start_after)).date().isoformat()
    if one.trial_days is not None:
        body["trial_days"] = one.trial_days
    key: int = program.must("POST", "/orders", body)["id"]
    program.must("POST", f"/orders/{key}/pay", {"payment_method": one.first})
    program.must("POST", f"/orders/{key}/set_payment_method", {"payment_method": one.then})
    return key


def act(program: Program, order: int, action: Action) -> bool:
    """Do what the action says, by the call that a program would use; whether it was allowed."""
    if action.verb in ("pay", "card"):
        verb = "pay" if action.verb == "pay" else "set_payment_method"
        return program.call("POST", f"/orders/{order}/{verb}", {"payment_method": action.value})[0]
    if action.verb in ("pause", "resume", "cancel"):
        return program.call("POST", f"/orders/{order}/{action.verb}")[0]
    if action.verb == "refund":
        return _refund(program, order, int(action.value or 0))
    return _of_a_row(program, order, action)


def _refund(program: Program, order: int, percent: int) -> bool:
    paid = list(program.every(f"/payments?orders_id={order}&status=approved"))
    left = cents(paid[-1]["amount"]) - cents(paid[-1]["refunded_amount"]) if paid else 0
    amount = left * percent // 100
    if not amount:
        return False
    body = {} if percent == 100 else {"amount": amount / 100}
    return program.call("POST", f"/payments/{paid[-1]['id']}/refund", body)[0]


def _of_a_row(program: Program, order: int, action: Action) -> bool:
    """The first payment that waits, or of a retry the first that was declined."""
    wanted = ("soft-declined", "hard-declined") if action.verb == "retry" else ("scheduled",)
    rows = program.every(f"/scheduled-payments?orders_id={order}")
    row = next((one for one in rows if one["sequence"] and one["status"] in wanted), None)
    if row is None:
        return False
    path = f"/scheduled-payments/{row['id']}"
    if action.verb in ("skip", "retry", "execute"):
        return program.call("POST", f"{path}/{action.verb}")[0]
    value = int(action.value or 0)
    if action.verb == "amount":
        return program.call("PATCH", path, {"amount": cents(row["amount"]) * value // 100 / 100})[0]
    due = datetime.fromisoformat(row["scheduled_dt"]) + timedelta(days=value)
    return program.call("PATCH", path, {"scheduled_dt": due.isoformat()})[0]


def cents(amount: float) -> int:
    """A number of an answer in cents."""
    return int((Decimal(str(amount)) * 100).to_integral_exact())
