"""Replays a real shop's data through the Public API: `python -m bench.replay_retail --base URL --key KEY`.

Creates the catalogue (4,070 stock codes, in the case they have), the customers (4,372) and the first
2,000 sale invoices of ../shared/data/retail_online_retail with a customer and only positive
quantities, plus one with a price of 0.001, as products, customers and budgets. Then reads
everything back and compares: counts, and the sum of all totals with its own decimal arithmetic.

Run it again, after an interruption or not: it asks first what is there and sends what is missing,
and what was sent without an answer is sent again under the same idempotency key. Nothing is
doubled. (Keys are remembered for 24 hours; what was created before that is found in the lists.)

A budget takes 200 lines; a longer invoice becomes several budgets, 536365/1, 536365/2 and so on.

Make the key with `countinghouse key create --merchant ID --name Replay --rate-limit 1000000`.
With --instance FOLDER (this machine's installation) the request log and the dashboard's totals are
compared with what was sent, too.

With --orders the same invoices are orders of the test world instead: created by the Merchant API in JSON and as form
data, paid at the test bank, and refunded as the data says (see replay_orders.py). It needs a key and a user's token
of the test world: `key create --test …`, `user create --api-access …`.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from bench import client
from bench.client import Client, Refused
from bench.retail import replay_orders, retail, retail_refunds
from bench.retail.replay_check import Check, logged
from config import READERS

DATA = Path(READERS["SHARED_DATA"][0]) / "retail_online_retail" / "online_retail.csv.gz"
CONNECTIONS = 6


def known(api: Client, path: str) -> dict[str, dict[str, Any]]:
    """What an earlier run made, by its name in the data."""
    rows = (row for row in api.everything(path) if retail.MARK in row["metadata"])
    return {row["metadata"][retail.MARK]: row for row in rows}


def send(
    api: Client, path: str, bodies: dict[str, Callable[[], dict[str, Any]]], progress: Progress, connections: int
) -> dict[str, str]:
    """Create missing rows over several connections; returns ids by the names in the data."""
    ids = {name: str(row["id"]) for name, row in known(api, path).items()}
    api.rest()
    missing = [name for name in bodies if name not in ids]
    bar = progress.add_task(path.strip("/"), total=len(bodies), completed=len(bodies) - len(missing))

    def one(name: str) -> tuple[str, str]:
        return name, api.create(path, bodies[name]())["id"]

    with ThreadPoolExecutor(connections) as pool:
        try:
            for name, made in spread(pool, one, missing, connections * 4):
                ids[name] = made
                progress.advance(bar)
        except BaseException:
            api.stop.set()
            pool.shutdown(cancel_futures=True)
            raise
    return ids


def spread(
    pool: ThreadPoolExecutor, work: Callable[[str], tuple[str, str]], names: Iterable[str], ahead: int
) -> Iterable[tuple[str, str]]:
    """Results in order of completion, with a limited number of pending calls."""
    running: set[Future[tuple[str, str]]] = set()
    for name in names:
        running.add(pool.submit(work, name))
        if len(running) >= ahead:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            yield from (one.result() for one in done)
    yield from (one.result() for one in running)


def replay(api: Client, data: retail.Retail, progress: Progress, connections: int = CONNECTIONS) -> list[Check]:
    """Send everything, read everything back, compare."""
    products = send(api, "/products", _as_they_are(data.products), progress, connections)
    customers = send(api, "/customers", _as_they_are(data.customers), progress, connections)
    invoices: dict[str, Callable[[], dict[str, Any]]] = {
        one.name: partial(lambda one: retail.budget(one, customers[one.customer], products), one)
        for one in data.invoices
    }
    send(api, "/budgets", invoices, progress, connections)
    return compare(api, data)


def _as_they_are(bodies: dict[str, dict[str, Any]]) -> dict[str, Callable[[], dict[str, Any]]]:
    return {name: lambda body=body: body for name, body in bodies.items()}      # type: ignore[misc]


def compare(api: Client, data: retail.Retail) -> list[Check]:
    """Compare the rows that were sent with those on the server."""
    checks = []
    for path, wanted in (("/products", data.products), ("/customers", data.customers), ("/budgets", data.invoices)):
        rows = [row for row in api.everything(path) if retail.MARK in row["metadata"]]
        checks.append(Check(path.strip("/"), len(wanted), len(rows), len(rows) == len(wanted)))
        if path == "/products":
            codes = {row["metadata"][retail.MARK] for row in rows}
            checks.append(Check("stock codes, case kept", len(wanted), len(codes), codes == set(data.products)))
        if path == "/budgets":
            meant = sum((one.total for one in data.invoices), Decimal(0))
            held = sum((Decimal(row["total"]) for row in rows), Decimal(0))
            checks.append(Check(f"sum of totals, {retail.CURRENCY}", meant, held, meant == held))
            cheap = [item for row in rows for item in row["items"] if Decimal(item["unitPrice"]) == retail.THOUSANDTH]
            few = sum(line.price == retail.THOUSANDTH for one in data.invoices for line in one.lines)
            checks.append(Check("lines with a price of 0.001", few, len(cheap), few == len(cheap)))
    return checks


def compare_log(api: Client, instance: Path, key: str, since_us: int) -> list[Check]:
    """Every answer has its row; a row without an answer is a request whose answer was lost on the way."""
    found, tally = logged(instance, key, since_us), api.tally
    doubles, lost = len(found.ids) - len(set(found.ids)), len(tally.ids - set(found.ids))
    strangers = len(set(found.ids) - tally.ids)
    fits = not doubles and not lost and strangers <= tally.unanswered
    return [
        Check("requests of this run in the log", tally.answered, len(found.ids), fits),
        Check("dashboard's total of the key", found.rows, found.dashboard, found.rows == found.dashboard),
    ]


def show(console: Console, checks: list[Check]) -> bool:
    """Print the comparisons; whether all are equal."""
    table = Table(title="What was sent, and what the server holds", title_justify="left")
    for column in ("", "sent", "held", ""):
        table.add_column(column, justify="right" if column in ("sent", "held") else "left")
    for one in checks:
        table.add_row(one.what, f"{one.sent:,}", f"{one.held:,}", "equal" if one.equal else "[red]DIFFERENT")
    console.print(table)
    return all(one.equal for one in checks)


def report(console: Console, checks: list[Check], api: Client, data: retail.Retail) -> bool:
    is_equal = show(console, checks)
    tally = api.tally
    console.print(
        f"{tally.answered:,} requests were answered, {tally.unanswered} were not; {tally.repeated} were repeated, "
        f"{tally.replayed} answered from before. Invoices cut because of their length: {data.cut}."
    )
    return is_equal


def as_orders(given: argparse.Namespace, console: Console, data: retail.Retail) -> int:
    """The other replay: as orders that are paid and refunded. The exit status."""
    began, refunds = time.monotonic(), retail_refunds.matched(given.data, data.invoices)
    with (
        Client(given.base, given.key) as public, Client(given.base, given.token, "/api/v1") as merchant,
        replay_orders.CoreClient(given.base, given.token) as core,
    ):
        clients = replay_orders.Clients(public, merchant, core, given.connections, told=console.print)
        checks = replay_orders.replay(clients, data, refunds)
    is_equal = show(console, checks)
    rows = len(data.invoices) + sum(len(one.lines) for one in data.invoices) + len(data.invoices) + len(refunds)
    console.print(
        f"{rows:,} rows (orders, lines, payments, refunds), {time.monotonic() - began:,.0f} seconds, "
        f"{sum(not one.equal for one in checks)} differences"
    )
    return 0 if is_equal else 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.replay_retail", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--base", required=True, help="address of the running server, such as http://127.0.0.1:8000")
    parser.add_argument("--key", required=True, help="an integration key with every scope")
    parser.add_argument("--orders", action="store_true", help="as orders, in the test world: needs a test key")
    parser.add_argument("--token", help="with --orders: a user's token of the test world, with API access")
    parser.add_argument("--instance", type=Path, help="folder of its databases, to compare the log and the dashboard")
    parser.add_argument("--data", type=Path, default=DATA, help="online_retail.csv.gz (default: %(default)s)")
    parser.add_argument("--invoices", type=int, default=2000, help="how many sale invoices (default: %(default)s)")
    parser.add_argument("--connections", type=int, default=CONNECTIONS, help="at once (default: %(default)s)")
    given = parser.parse_args()
    if given.orders and not given.token:
        parser.error("--orders needs --token")
    return given


def main() -> int:
    """The exit status: 0 when everything is equal."""
    given, console = arguments(), Console()
    if not given.data.exists():
        console.print(f"{given.data} is not here.")
        return 2
    console.print("Reading the data ...")
    data, began = retail.read(given.data, given.invoices), client.now_us()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        if given.orders:
            return as_orders(given, console, data)
        with Client(given.base, given.key) as api, Progress(*columns, console=console) as progress:
            checks = replay(api, data, progress, given.connections)
        if given.instance:
            checks += compare_log(api, given.instance, given.key, began)
    except Refused as refused:
        console.print(f"Stopped: {refused}. Run it again to go on.")
        return 1
    except KeyboardInterrupt:
        console.print("Interrupted. Run it again to go on.")
        return 130
    return 0 if report(console, checks, api, data) else 1


if __name__ == "__main__":
    sys.exit(main())
