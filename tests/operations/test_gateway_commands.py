"""The commands `gateway test …`: they show the test bank's book and send its notifications again."""

import json

from outbound.gateways.test_bank import test_bank
from tests import cast
from tests.paying import make_order, pay, payments


def run(app, *words):
    done = app.test_cli_runner().invoke(args=[*words, "--json"])
    return done.exit_code, json.loads(done.stdout)


def test_the_ledger_has_one_entry_for_each_key_of_an_order(app):
    merchant = cast.make_merchant()
    first, second = make_order(merchant), make_order(merchant)
    pay(first)
    pay(second, "test_soft_decline")
    code, told = run(app, "gateway", "test", "ledger")
    assert (code, [one["status"] for one in told["charges"]]) == (0, ["approved", "declined"])
    (charge,) = run(app, "gateway", "test", "ledger", "--order", str(first))[1]["charges"]
    assert charge["idempotency_key"] == payments(first)[0].key
    assert (charge["amount_minor"], charge["currency"], charge["refunded_minor"]) == (1000, "EUR", 0)


def test_a_notification_is_sent_again(app, monkeypatch):
    pay(make_order(cast.make_merchant()))
    sent = []
    monkeypatch.setattr(test_bank, "_send", lambda *told: sent.append(told))
    assert run(app, "gateway", "test", "notify", "1") == (0, {"id": 1})
    assert len(sent) == 1
    assert run(app, "gateway", "test", "notify", "9")[0] == 1
