"""The replay of a real shop's data, with three invoices: no row lost or doubled, all amounts equal."""

import csv
import gzip
from decimal import Decimal

import pytest
from rich.console import Console
from rich.progress import Progress

from bench import client, replay_run
from bench.client import Client, Refused
from bench.installation import installation, serving
from bench.replay_retail import compare_log, replay
from bench.retail import replay_orders, retail, retail_refunds

pytestmark = [pytest.mark.files, pytest.mark.timeout(180)]
HEAD = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
LINES = (
    ("536365", "15056BL", " EDWARDIAN PARASOL BLACK ", 3, "5.955", "17850", "United Kingdom"),
    ("536365", "15056bl", "Edwardian parasol black", 1, "0.335", "17850", "United Kingdom"),
    ("C536379", "D", "Discount", -1, "27.50", "14527", "United Kingdom"),
    ("C536380", "15056BL", "EDWARDIAN PARASOL BLACK", -2, "5.955", "17850", "United Kingdom"),
    ("C536381", "15056BL", "EDWARDIAN PARASOL BLACK", -2, "5.955", "17850", "United Kingdom"),
    ("536370", "22728", "", 1, "3.75", "", "France"),
    ("536371", "22728", "ALARM CLOCK £", 2, "3.75", "13748", "EIRE"),
    *(("536372", "21724", "PANDA", 1, "0.85", "12583", "France") for _ in range(201)),
    ("550193", "PADS", "PADS TO MATCH ALL CUSHIONS", 500, "0.001", "13952", "United Kingdom"),
)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("retail") / "online_retail.csv.gz"
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(HEAD)
        rows.writerows((*line[:4], "2010-12-01 08:26:00", *line[4:]) for line in LINES)
    return path


@pytest.fixture(scope="module")
def shop(file):
    return retail.read(file, wanted=3)


@pytest.fixture(scope="module")
def here():
    with installation(product_count=0) as made:
        yield made


@pytest.fixture(scope="module")
def server(here):
    with serving("ours", here.environment) as running:
        yield running


def run(server, here, shop):
    with Client(server.base, here.key) as api, Progress(console=Console(quiet=True)) as progress:
        return api, replay(api, shop, progress, connections=3)


def test_names_prices_and_parts_come_from_the_data(shop):
    assert list(shop.products) == ["15056BL", "15056bl", "D", "22728", "21724", "PADS"]
    assert shop.products["15056BL"]["name"] == "EDWARDIAN PARASOL BLACK"
    assert shop.products["22728"]["name"] == "ALARM CLOCK £"
    assert [(one.name, len(one.lines)) for one in shop.invoices] == [
        ("536365", 2), ("536371", 1), ("536372/1", 200), ("536372/2", 1), ("550193", 1),
    ]
    assert shop.invoices[0].total == Decimal("18.21")           # 17.865 and 0.335, each rounded half up
    assert shop.invoices[-1].total == Decimal("0.50")


def test_an_interrupted_replay_continues_and_doubles_nothing(server, here, shop, monkeypatch):
    began = client.now_us()
    create, seen = Client.create, []

    def interrupted(self, path, body):
        made = create(self, path, body)
        seen.append(self)
        if len(seen) == 10:
            raise Refused("stopped in the middle")
        return made

    with monkeypatch.context() as patch:
        patch.setattr(Client, "create", interrupted)
        with pytest.raises(Refused):
            run(server, here, shop)
    stopped = seen[0]
    first, checks = run(server, here, shop)
    assert all(one.equal for one in checks), checks
    again, checks = run(server, here, shop)
    assert all(one.equal for one in checks), checks
    assert again.tally.answered == 6, "three lists, read twice, and nothing created"
    again.tally.ids |= first.tally.ids | stopped.tally.ids
    checks = compare_log(again, here.folder, here.key, began)
    assert all(one.equal for one in checks), checks


def test_what_was_sent_without_an_answer_is_sent_again_under_the_same_name(server, here):
    body = {"name": "Sent twice", "price": 1.25}
    with Client(server.base, here.key) as api:
        once, twice = api.create("/products", body), api.create("/products", body)
    assert once["id"] == twice["id"]
    assert api.tally.replayed == 1


def test_a_refusal_ends_the_replay_with_its_reason(server):
    with Client(server.base, "bk_live_wrong") as api, pytest.raises(Refused, match="invalid_api_key"):
        list(api.everything("/products"))


def test_sales_are_orders_that_are_paid_and_refunded_as_the_data_says(server, here, shop, file):
    refunds = retail_refunds.matched(file, shop.invoices)
    assert [(one.invoice, one.amount) for one in refunds] == [("536365", Decimal("11.91"))], "of three, two came back"
    _, key, _, token = replay_run.test_world(here)
    with (
        Client(server.base, key) as public, Client(server.base, token, "/api/v1") as merchant,
        replay_orders.CoreClient(server.base, token) as core,
    ):
        clients = replay_orders.Clients(public, merchant, core, connections=3)
        for _ in range(2):                           # again: nothing is doubled
            checks = replay_orders.replay(clients, shop, refunds)
            assert [one for one in checks if not one.equal] == []
        assert core.tally.replayed == len(shop.invoices) + len(refunds)
