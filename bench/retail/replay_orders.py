"""Replays a real shop's sales as orders, created by the Merchant API in JSON and as form data, paid and refunded.

The products are made by the Public API, the customers and orders by the Merchant API, alternately in JSON and as form
data in its two encodings and spellings. Each order is paid at the test bank, and what the data gives back is refunded.
Then the orders, the payments and the bank's own book are read and compared with decimal arithmetic of its own.

Run it again after an interruption: every write has an idempotency key derived from what it sends, so nothing is
doubled within the 24 hours for which keys are remembered.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from bench.client import Client
from bench.retail.replay_check import Check, same
from bench.retail.retail import CENT, CURRENCY, Invoice, Retail, number
from bench.retail.retail_refunds import Refund

BOUNDARY = "replayed-retail-data"
PAGE = 100
CORE_PAGE = 1000


class CoreClient(Client):
    """The Core API, whose token is in a header of its own."""

    def __init__(self, base: str, token: str):
        super().__init__(base, token, prefix="")
        self.headers = {"X-Api-Key": token, "User-Agent": self.headers["User-Agent"]}


@dataclass
class Clients:
    """The three contracts that are used, each with its own key."""

    public: Client               # with a key of the test world
    merchant: Client             # with a user's token of the test world
    core: Client                 # with the same token
    connections: int
    told: Callable[[str], None] = field(default=lambda text: None)

    def each(self, what: str, work: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """Do something with every item, over several connections; results in the order of the items."""
        began = time.monotonic()
        with ThreadPoolExecutor(self.connections) as pool:
            found = list(pool.map(work, items))
        self.told(f"{len(items):,} {what} in {time.monotonic() - began:,.0f} s")
        return found


def replay(clients: Clients, data: Retail, refunds: Sequence[Refund]) -> list[Check]:
    """Send everything, read everything back, compare."""
    wanted = [one.name for one in data.invoices]
    used = {line.sku for one in data.invoices for line in one.lines}
    codes = [code for code in data.products if code in used]
    ids = clients.each("products", lambda code: _product(clients, data.products[code]), codes)
    products = dict(zip(codes, ids, strict=True))
    numbers = sorted({one.customer for one in data.invoices})
    made = clients.each("customers", lambda place: _customer(clients, place, numbers[place]), range(len(numbers)))
    customers = dict(zip(numbers, made, strict=True))
    places = range(len(data.invoices))
    orders = clients.each(
        "orders", lambda place: _order(clients, place, data.invoices[place], customers, products), places
    )
    payments = clients.each("payments", lambda order: _pay(clients, order), orders)
    paid = dict(zip(wanted, payments, strict=True))
    clients.each("refunds", lambda one: _refund(clients, paid[one.invoice], one), refunds)
    return compare(clients, data, refunds, dict(zip(orders, data.invoices, strict=True)))


# Sending ------------------------------------------------------------------------------------------


def _product(clients: Clients, body: dict[str, Any]) -> int:
    return int(clients.public.create("/products", body)["id"].rpartition("_")[2])


def _customer(clients: Clients, place: int, name: str) -> int:
    body = {"first_name": "Customer", "last_name": name, "email": f"customer-{name}@shop.example"}
    return int(send(clients.merchant, "/customers", {"customer": body}, place)["id"])


def _order(
    clients: Clients, place: int, invoice: Invoice, customers: dict[str, int], products: dict[str, int]
) -> int:
    lines = [
        {"product_id": products[line.sku], "qty": line.quantity, "amount": str(line.price)} for line in invoice.lines
    ]
    body = {
        "currency": CURRENCY, "customer_id": customers[invoice.customer], "invoice_id": invoice.name,
        "order_products": lines,
    }
    return int(send(clients.merchant, "/orders/create_single_order", {"order": body}, place)["id"])


def _pay(clients: Clients, order: int) -> int:
    paid = send(clients.core, f"/orders/{order}/pay", {"payment_method": "test_ok"}, 0)
    return int(paid["id"])


def _refund(clients: Clients, payment: int, one: Refund) -> None:
    body = {"amount": number(one.amount), "reason": one.name}
    send(clients.core, f"/payments/{payment}/refund", body, 0)


def send(client: Client, path: str, body: dict[str, Any], place: int) -> Any:
    """POST as JSON, then as multipart form data, then as JSON, then in the address's encoding, and so on."""
    if place % 2 == 0:
        return client.post(path, json.dumps(body, sort_keys=True).encode(), "application/json")
    pairs = list(flat(body, "[]" if place % 4 == 1 else None))
    if place % 4 == 1:
        return client.post(path, multipart(pairs), f"multipart/form-data; boundary={BOUNDARY}")
    return client.post(path, urlencode(pairs).encode(), "application/x-www-form-urlencoded")


def flat(value: Any, mark: str | None, name: str = "") -> Iterator[tuple[str, str]]:
    """A body as form fields: order[order_products][][qty], or with [0] where there is no mark."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from flat(part, mark, f"{name}[{key}]" if name else key)
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from flat(part, mark, f"{name}{mark or f'[{place}]'}")
    else:
        yield name, str(value)


def multipart(pairs: Iterable[tuple[str, str]]) -> bytes:
    parts = (f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in pairs)
    return ("".join(parts) + f"--{BOUNDARY}--\r\n").encode()


# Reading back -------------------------------------------------------------------------------------


def compare(
    clients: Clients, data: Retail, refunds: Sequence[Refund], sent: dict[int, Invoice]
) -> list[Check]:
    """Compare orders, lines, payments, refunds and the bank's book with what was sent."""
    orders = {one["id"]: one for one in _pages(clients.merchant, "/orders") if one["id"] in sent}
    payments = [one for one in _core(clients.core, "/payments") if one["orders_id"] in sent]
    booked = [one for one in clients.core.call("GET", "/test-charges") if one["order_id"] in sent]
    total = sum((one.total for one in data.invoices), Decimal(0))
    back = sum((one.amount for one in refunds), Decimal(0))
    lines = [line.amount for one in data.invoices for line in one.lines]
    held = [item for one in orders.values() for item in one["products"]]
    given_back = Counter[str]()
    for one in refunds:
        given_back[one.invoice] += int(one.amount / CENT)
    apart = {sent[one["orders_id"]].name: int(Decimal(one["refunded_amount"]) / CENT) for one in payments}
    return [
        same("orders", len(sent), len(orders)),
        same("of them complete", len(sent), sum(one["status"] == "complete" for one in orders.values())),
        same("lines", len(lines), len(held)),
        same(f"sum of lines, {CURRENCY}", sum(lines), sum(Decimal(one["total"]) for one in held)),
        same("orders whose total differs", 0, sum(
            Decimal(one["total_to_pay"]) != sent[key].total for key, one in orders.items())),
        same(f"sum of orders, {CURRENCY}", total, sum(Decimal(one["total_to_pay"]) for one in orders.values())),
        same("payments approved", len(sent), sum(one["status"] == "approved" for one in payments)),
        same(f"sum of payments, {CURRENCY}", total, sum(Decimal(one["amount"]) for one in payments)),
        same("refunds", len(refunds), sum(len(one["refunds"]) for one in payments)),
        same("refunds approved", len(refunds), sum(
            part["status"] == "approved" for one in payments for part in one["refunds"])),
        same(f"sum of refunds, {CURRENCY}", back, sum(Decimal(one["refunded_amount"]) for one in payments)),
        same("payments whose refunds differ", 0, sum(apart.get(name) != given_back[name] for name in apart)),
        same("charges in the bank's book", len(sent), len(booked)),
        same("booked, in pence", int(total / CENT), sum(one["amount_minor"] for one in booked)),
        same("given back, in pence", int(back / CENT), sum(one["refunded_minor"] for one in booked)),
    ]


def _pages(client: Client, path: str) -> Iterator[dict[str, Any]]:
    page, more = 1, True
    while more:
        found = client.call("GET", f"{path}?per_page={PAGE}&page={page}")
        yield from found
        page, more = page + 1, len(found) == PAGE


def _core(client: Client, path: str) -> Iterator[dict[str, Any]]:
    offset, more = 0, True
    while more:
        found = client.call("GET", f"{path}?limit={CORE_PAGE}&offset={offset}&order=id")
        yield from found
        offset, more = offset + CORE_PAGE, len(found) == CORE_PAGE
