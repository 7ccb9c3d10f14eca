"""Invoices and credit notes by the Core API: the documented names, amounts and errors."""

import pytest

from tests import cast
from tests.invoicing import make_issued

LINE = {"description": "Consulting", "quantity": 2, "unit_price": 100, "tax_rate": 19}


@pytest.fixture
def core(program, alder):
    return program(all_merchants=True)


@pytest.fixture
def made(core, alder):
    """An invoice by its documented call."""
    customer = cast.make_customer(alder)

    def make(**more):
        return core.result("invoices.create", {
            "companies_id": alder, "clients_id": customer, "currency": "EUR", "due_date": "2035-12-31",
            "items": [LINE], **more})

    return make


def test_an_invoice_is_made_issued_credited_and_read(core, made, alder):
    draft = made(discount=20, notes="Thank you")
    assert set(draft) >= {
        "id", "companies_id", "clients_id", "invoice_number", "status", "currency", "subtotal", "discount", "tax",
        "total", "amount_paid", "amount_credited", "balance", "issue_date", "due_date", "paid_dt", "notes", "einvoice",
        "items"}
    assert set(draft["items"][0]) >= {
        "id", "description", "quantity", "unit_price", "tax_rate", "discount", "tax", "total"}
    assert (draft["status"], draft["invoice_number"], draft["einvoice"]) == ("draft", None, None)
    assert (draft["subtotal"], draft["discount"], draft["tax"], draft["total"]) == (200, 20, 34.2, 214.2)
    issued = core.result("invoices.issue", {"id": draft["id"]})
    assert (issued["status"], issued["invoice_number"], issued["due_date"]) == ("unpaid", "INV-000001", "2035-12-31")
    assert issued["einvoice"] == {
        "embedded": False, "missing": ["seller.country", "seller.tax_number", "buyer.country"]}
    item = issued["items"][0]["id"]
    note = core.result("invoices.credit", {
        "id": draft["id"], "items": [{"items_id": item, "quantity": 1}], "reason": "Less"})
    assert set(note) >= {"id", "credit_note_number", "invoices_id", "currency", "total", "tax", "items"}
    assert (note["credit_note_number"], note["invoices_id"], note["total"], note["tax"]) == (
        "CN-000001", draft["id"], 107.1, 17.1)
    now = core.result("invoices.get", {"id": draft["id"]})
    assert (now["amount_credited"], now["balance"]) == (107.1, 107.1)
    rest = core("POST", f"/invoices/{draft['id']}/credit", json={}).json
    assert core.get(f"/credit-notes/{rest['id']}").json["total"] == 107.1
    assert core.result("credit_notes.search", {"invoices_id": [draft["id"]]})[1]["id"] == rest["id"]
    assert core.result("invoices.get", {"id": draft["id"]})["status"] == "cancelled"


def test_an_invoice_without_items_is_a_draft_that_cannot_be_issued(core, made):
    key = made(items=[])["id"]
    error = core.error("invoices.issue", {"id": key})
    assert error["data"]["code"] == "invoice-has-no-lines"
    refused = core("POST", f"/invoices/{key}/issue")
    assert (refused.status_code, refused.json["error"]["data"]["code"]) == (422, "invoice-has-no-lines")
    core.result("invoices.update", {"id": key, "items": [LINE]})
    assert core.result("invoices.issue", {"id": key})["status"] == "unpaid"


def test_an_issued_invoice_refuses_changes_with_its_code(core, made):
    key = made()["id"]
    core.result("invoices.issue", {"id": key})
    for method, params in (
        ("invoices.update", {"notes": "x"}), ("invoices.update", {"items": [LINE]}), ("invoices.delete", {}),
        ("invoices.issue", {}),
    ):
        assert core.error(method, {"id": key, **params})["data"]["code"] == "invoice-is-issued", method
    assert core("DELETE", f"/invoices/{key}").status_code == 422
    assert core("PATCH", f"/invoices/{key}", json={"due_date": "2036-01-01"}).status_code == 422


def test_more_than_is_left_is_refused_with_its_code(core, made):
    invoice = core.result("invoices.issue", {"id": made()["id"]})
    item = invoice["items"][0]["id"]
    for wanted in ({"quantity": 3}, {"amount": 200.01}):
        error = core.error("invoices.credit", {"id": invoice["id"], "items": [{"items_id": item, **wanted}]})
        assert error["data"]["code"] == "more-than-left"
    core.result("invoices.credit", {"id": invoice["id"]})
    assert core.error("invoices.credit", {"id": invoice["id"]})["data"]["code"] == "more-than-left"


def test_wrong_items_of_a_credit_note_are_named_as_they_were_sent(core, made):
    invoice = core.result("invoices.issue", {"id": made()["id"]})
    error = core.error("invoices.credit", {"id": invoice["id"], "items": [{"items_id": 99, "quantity": 0}, {"x": 1}]})
    assert set(error["data"]) == {"items[0].quantity", "items[1].items_id", "items[1].x"}


def test_a_cancelled_invoice_has_a_credit_note_and_a_cancelled_draft_none(core, made):
    draft = core.result("invoices.cancel", {"id": made()["id"]})
    invoice = core.result("invoices.issue", {"id": made()["id"]})
    core.result("invoices.cancel", {"id": invoice["id"]})
    found = core.result("invoices.search", {"status": "cancelled", "order": ["id"]})
    assert [(one["id"], one["invoice_number"], one["balance"]) for one in found] == [
        (found[0]["id"], None, found[0]["total"]), (invoice["id"], "INV-000001", 0)]
    assert draft == 1
    assert [one["total"] for one in core.result("credit_notes.search")] == [invoice["total"]]


def test_invoices_are_searched_by_company_client_and_status(core, made, alder, birch):
    key, other = made()["id"], make_issued(birch)
    core.result("invoices.issue", {"id": key})
    draft = made()
    assert [one["id"] for one in core.result("invoices.search", {"companies_id": [alder]})] == [key, draft["id"]]
    assert [one["id"] for one in core.result("invoices.search", {"status": "unpaid"})] == [key, other]
    assert [one["id"] for one in core.result("invoices.search", {"clients_id": draft["clients_id"], "status": "draft"})
            ] == [draft["id"]]
    late = core.result("invoices.issue", {"id": made(due_date="2020-01-01")["id"]})
    assert late["status"] == "overdue"
    assert [one["id"] for one in core.result("invoices.search", {"status": "overdue"})] == [late["id"]]


def test_what_was_read_can_be_sent_back_with_one_change(core, made):
    draft = made(discount=20)
    sent = draft | {"notes": "Other"}
    assert core("PATCH", f"/invoices/{draft['id']}", json={**sent, "id": draft["id"]}).json == 1
    now = core.result("invoices.get", {"id": draft["id"]})
    assert {**now, "notes": None, "u_dt": None} == {**draft, "notes": None, "u_dt": None}


def test_money_is_recorded_for_invoices_and_credit_is_used(core, made, alder):
    keys = [core.result("invoices.issue", {"id": made()["id"]})["id"] for _ in range(3)]            # 238.00 each
    payment = core.result("payments.create", {
        "invoices_ids": keys[:2], "amount": 500, "gateway": "cash", "reference": "Till 7"})
    customer = core.result("invoices.get", {"id": keys[0]})["clients_id"]
    wanted = {"orders_id": None, "clients_id": customer, "amount": 500, "currency": "EUR", "status": "approved",
              "gateway": "cash", "reference": "Till 7", "allocated_amount": 476,
              "invoices": [{"invoices_id": key, "amount": 238} for key in keys[:2]]}
    assert {name: payment[name] for name in wanted} == wanted
    shown = core.result("invoices.get", {"id": keys[0]})
    assert (shown["status"], shown["balance"], shown["amount_paid"]) == ("paid", 0, 238)
    assert shown["payments"] == [{"payments_id": payment["id"], "amount": 238}]
    assert core.result("invoices.use_credit", {"id": keys[2], "amount": 4})["balance"] == 234
    assert core.result("invoices.use_credit", {"id": keys[2]})["balance"] == 214
    assert core.error("invoices.use_credit", {"id": keys[2]})["data"]["code"] == "no-credit"
    assert core.result("payments.search", {"invoices_id": [keys[2]]})[0]["id"] == payment["id"]
    refunded = core.result("payments.refund", {"id": payment["id"], "amount": 24})
    assert (refunded["refunded_amount"], refunded["allocated_amount"]) == (24, 476)
    assert core.result("invoices.get", {"id": keys[2]})["balance"] == 238


@pytest.mark.parametrize(("more", "wrong"), [
    ({"invoices_ids": [99]}, "invoices_ids[0]"), ({"invoices_ids": []}, "currency clients_id"),
    ({"currency": "EUR"}, "clients_id"), ({"invoices_ids": "KEY", "currency": "USD"}, "currency"),
    ({"invoices_ids": "KEY", "received_date": "2999-01-01"}, "received_date"),
    ({"invoices_ids": "KEY", "amount": 0}, "amount"), ({"invoices_ids": "KEY", "gateway": "stripe"}, "gateway"),
    ({"invoices_ids": "KEY", "orders_id": 1}, "orders_id"), ({"invoices_ids": "KEY", "colour": "red"}, "colour"),
])
def test_money_that_fits_no_invoice_is_refused_in_the_words_of_the_call(core, made, more, wrong):
    key = core.result("invoices.issue", {"id": made()["id"]})["id"]
    sent = {"amount": 10, **more}
    if sent.get("invoices_ids") == "KEY":
        sent["invoices_ids"] = [key]
    error = core.error("payments.create", sent)
    assert (error["code"], set(error["data"])) == (-32602, set(wrong.split()))


def test_a_repeated_recording_is_one_payment(core, made):
    key = core.result("invoices.issue", {"id": made()["id"]})["id"]
    sent = {"invoices_ids": [key], "amount": 10}
    first, again = (core("POST", "/payments", json=sent, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert first.json == again.json
    assert core.result("invoices.get", {"id": key})["amount_paid"] == 10


def test_credit_is_used_of_the_version_that_was_read(core, made):
    key = core.result("invoices.issue", {"id": made()["id"]})["id"]
    core.result("payments.create", {"clients_id": core.result("invoices.get", {"id": key})["clients_id"],
                                    "currency": "EUR", "amount": 50})
    tag = core.get(f"/invoices/{key}").headers["ETag"]
    core.result("payments.create", {"invoices_ids": [key], "amount": 1})
    assert core("POST", f"/invoices/{key}/use_credit", json={}, headers={"If-Match": tag}).status_code == 412
    tag = core.get(f"/invoices/{key}").headers["ETag"]
    assert core("POST", f"/invoices/{key}/use_credit", json={}, headers={"If-Match": tag}).json["amount_paid"] == 51


def test_a_link_pays_one_or_several_and_a_new_one_replaces_it(core, made, app):
    keys = [core.result("invoices.issue", {"id": made()["id"]})["id"] for _ in range(2)]
    first, again, both, new = (core.result("invoices.pay_link", {"id": keys[0], **more})["url"] for more in (
        {}, {"invoices_ids": keys[:1]}, {"invoices_ids": keys}, {"renew": True}))
    assert first == again
    assert len({first, both, new}) == 3
    browser = app.test_client(use_cookies=False)
    assert [browser.get(url[url.index("/pay/"):]).status_code for url in (first, both, new)] == [404, 200, 200]
    assert set(core.error("invoices.pay_link", {"id": keys[0], "invoices_ids": [99]})["data"]) == {"invoices_ids[0]"}
    sent = {"headers": {"Idempotency-Key": "k"}, "json": {}}
    answers = [core("POST", f"/invoices/{keys[1]}/pay_link", **sent).json for _ in range(2)]
    assert [one["url"] is None for one in answers] == [False, True]


def test_an_invoice_is_made_of_a_budget_or_an_order_once(core, alder):
    customer = cast.make_customer(alder)
    line = {"description": "Work", "quantity": 1, "unit_price": 100}
    budget = core.result("budgets.create", {"companies_id": alder, "clients_id": customer, "items": [line]})["id"]
    assert "error" in core.rpc("invoices.create", {"budgets_id": budget})
    core.result("budgets.update", {"id": budget, "status": "APPROVED"})
    first, again = (core.result("invoices.create", {"budgets_id": budget, "companies_id": alder}) for _ in range(2))
    assert (first["id"], first["status"], first["total"]) == (again["id"], "draft", 100)
    order = core.result("budgets.convert", {"id": budget})["id"]
    assert core.result("invoices.create", {"orders_id": order})["id"] == first["id"]
    for wrong, named in (
        ({"orders_id": 99}, {"orders_id"}), ({"budgets_id": budget, "orders_id": order}, {"orders_id"}),
        ({"budgets_id": budget, "clients_id": 99}, {"clients_id"}), ({"budgets_id": budget, "items": []}, {"items"}),
    ):
        assert set(core.error("invoices.create", wrong)["data"]) == named, wrong


def test_a_statement_tells_the_balance_before_and_after_what_happened(core, made):
    invoice = core.result("invoices.issue", {"id": made()["id"]})
    who, today = invoice["clients_id"], invoice["issue_date"]
    core.result("payments.create", {"invoices_ids": [invoice["id"]], "amount": 38})
    found = core.result("clients.statement", {"id": who, "from": today, "to": today})
    assert (found["currency"], found["opening_balance"], found["closing_balance"]) == ("EUR", 0, 200)
    assert [(one["kind"], one["amount"], one["balance"]) for one in found["entries"]] == [
        ("invoice", 238, 238), ("payment", -38, 200)]
    assert core.get(f"/clients/{who}/statement?currency=USD").json["entries"] == []
    assert core.get(f"/clients/{who}/statement.pdf").data[:4] == b"%PDF"
    assert set(core.error("clients.statement", {"id": who, "from": "2026-02-01", "to": "2026-01-01"})["data"]) == {"to"}
    assert set(core.error("clients.statement", {"id": who, "from": "x"})["data"]) == {"from"}
