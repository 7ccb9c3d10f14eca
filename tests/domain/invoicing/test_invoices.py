"""Drafts: their lines, discounts and taxes, what may change, and what is refused."""

from datetime import date
from decimal import Decimal

import pytest

from database import db, transaction
from domain import inputs
from domain.actor import ALL
from domain.catalog import pricing
from domain.errors import Conflict, Invalid
from domain.invoicing import invoices
from domain.people import customers
from models.invoice import Invoice, InvoiceState, TaxCategory
from tests import cast
from tests.invoicing import actor_of, issue, line, locked, make_draft, make_issued, of


def update(key, **changes):
    with transaction():
        own, row = locked(key)
        return invoices.update(own, row, inputs.changes(invoices.InvoiceInput, changes))


def wrong(**given):
    with pytest.raises(Invalid) as refused:
        make_draft(**given)
    db.session.rollback()
    return {name: one.code for name, one in refused.value.fields.items()}


def test_a_draft_adds_up_its_lines_with_tax_on_top(alder):
    row = of(make_draft(alder, items=[line("19.99", 3, 19), line("10", "2.25", 7)]))
    assert [(one.amount_minor, one.tax_minor, one.total_minor) for one in row.items] == [
        (5997, 1139, 7136), (2250, 158, 2408)]
    assert (row.subtotal_minor, row.discount_minor, row.tax_minor, row.total_minor) == (8247, 0, 1297, 9544)
    assert (row.state, row.number, row.balance_minor) == (InvoiceState.DRAFT, None, 9544)


def test_tax_is_rounded_once_for_each_line_half_up(alder):
    row = of(make_draft(alder, items=[line("0.25", 1, 10)] * 3))
    assert [one.tax_minor for one in row.items] == [3, 3, 3]           # 0.025 each; 0.075 in all would be 0.08
    assert row.tax_minor == 9


def test_a_unit_price_may_have_six_decimals(alder):
    row = of(make_draft(alder, items=[line("37.806667", 6, 19)]))
    assert (row.items[0].unit_price_micro, row.items[0].amount_minor) == (37_806_667, 22684)


def test_a_discount_on_the_whole_lowers_the_taxes_of_the_lines(alder):
    row = of(make_draft(alder, items=[line("85", 100, 19)], discount=Decimal(7500)))
    assert (row.tax_minor, row.total_minor) == (19000, 119000)
    assert row.items[0].net_minor == 100000
    row = of(make_draft(alder, items=[line("10", 1, 19), line("10", 1, 7), line("10", 1, 0)], discount=Decimal(10)))
    assert [one.shared_discount_minor for one in row.items] == [334, 333, 333]
    assert row.tax_minor == 127 + 47
    assert row.total_minor == row.subtotal_minor - row.discount_minor + row.tax_minor


def test_discounts_of_lines_and_of_the_whole_are_shown_together(alder):
    row = of(make_draft(alder, items=[line("100", 1, 20, discount=10), line("50", 1, 0)], discount=Decimal(5)))
    assert (row.subtotal_minor, row.discount_minor, row.header_discount_minor) == (15000, 1500, 500)


def test_a_product_gives_a_line_its_name_price_and_rate(alder):
    with transaction():
        rule = pricing.create_rule(actor_of(alder), inputs.parse(pricing.PriceRuleInput, {
            "name": "VAT", "kind": "tax", "percentage": Decimal("9.975")})).id
    product = cast.make_product(alder, "Lamp", Decimal("12.50"), tax_id=rule)
    row = of(make_draft(alder, items=[{"product_id": product, "quantity": 2}]))
    item = row.items[0]
    assert (item.description, item.unit_price_micro, item.tax_percent_ten_thousandths) == ("Lamp", 12_500_000, 99750)
    assert item.tax_minor == 249                                       # 2.49375


def test_a_line_without_tax_says_why_where_the_rule_asks_for_it(alder):
    row = of(make_draft(alder, items=[
        line(rate=0), line(rate=0, tax_category="AE"), line(rate=0, tax_category="E", tax_reason="§ 19 UStG"), line(),
    ]))
    assert [(one.tax_category, one.tax_reason) for one in row.items] == [
        (TaxCategory.ZERO, None), (TaxCategory.REVERSE_CHARGE, "Reverse charge"),
        (TaxCategory.EXEMPT, "§ 19 UStG"), (TaxCategory.STANDARD, None)]
    assert wrong(merchant_id=alder, items=[line(rate=0, tax_category="E")]) == {"items.0.tax_reason": "incomplete"}
    assert wrong(merchant_id=alder, items=[line(tax_category="Z")]) == {"items.0.tax_category": "contradiction"}


def test_a_draft_may_have_no_lines_and_gets_them_later(alder):
    key = make_draft(alder, items=[])
    assert of(key).total_minor == 0
    update(key, items=[line("5", 2, 0)])
    assert of(key).total_minor == 1000


def test_all_mistakes_of_all_lines_are_named_at_once(alder):
    assert wrong(merchant_id=alder, items=[
        {"quantity": 1}, line(discount=1000), line(product_id=99), line(service_id=99),
    ], discount=Decimal("0.001")) == {
        "items.0.description": "incomplete", "items.0.unit_price": "incomplete", "items.1.discount": "contradiction",
        "items.2.product_id": "unknown", "items.3.service_id": "unknown", "discount": "decimals",
    }


def test_a_discount_above_the_amount_is_refused(alder):
    assert wrong(merchant_id=alder, items=[line("10")], discount=Decimal("10.01")) == {"discount": "contradiction"}


def test_a_foreign_customer_product_or_order_is_not_found(alder, birch):
    customer, product = cast.make_customer(birch), cast.make_product(birch)
    assert wrong(merchant_id=alder, customer_id=customer) == {"customer_id": "unknown"}
    assert wrong(merchant_id=alder, items=[line(product_id=product)]) == {"items.0.product_id": "unknown"}
    test_customer = cast.make_customer(alder, actor=actor_of(alder, test=True))
    assert wrong(merchant_id=alder, customer_id=test_customer) == {"customer_id": "unknown"}


def test_lines_that_are_sent_with_their_id_keep_what_was_not_sent(alder):
    key = make_draft(alder, items=[line("10", 2, 19, discount=1), line("5", 1, 7)])
    first, second = of(key).items
    first_id, second_id = first.id, second.id
    update(key, items=[{"id": second_id, "quantity": Decimal(3)}, {"id": first_id, "quantity": Decimal(2)}])
    row = of(key)
    assert [(one.id, one.position) for one in row.items] == [(second_id, 0), (first_id, 1)]
    assert [(one.amount_minor, one.discount_minor, one.tax_minor) for one in row.items] == [
        (1500, 0, 105), (2000, 100, 361)]


def test_amounts_that_were_agreed_stay_until_their_own_line_changes(alder):
    key = make_draft(alder, items=[line("10", 1, 19), line("5", 1, 19)])
    with transaction():
        row = db.session.get(Invoice, key)
        row.items[0].amount_minor, row.items[0].tax_minor = 1001, 191          # as an order had rounded them
    first, second = (one.id for one in of(key).items)
    update(key, items=[{"id": first, "quantity": Decimal(1)}, {"id": second, "quantity": Decimal(2)}])
    assert [(one.amount_minor, one.tax_minor) for one in of(key).items] == [(1001, 191), (1000, 190)]
    update(key, notes="Thank you")
    assert of(key).items[0].tax_minor == 191
    update(key, items=[{"id": first, "quantity": Decimal(2)}])
    assert [(one.amount_minor, one.tax_minor) for one in of(key).items] == [(2000, 380)]


def test_a_change_of_currency_asks_for_every_amount_again(alder):
    key = make_draft(alder)
    item = of(key).items[0].id
    with pytest.raises(Invalid) as refused:
        update(key, currency="USD")
    assert set(refused.value.fields) == {"items"}
    db.session.rollback()
    with pytest.raises(Invalid) as refused:
        update(key, currency="USD", items=[{"id": item, "quantity": Decimal(1)}])
    assert set(refused.value.fields) == {"items.0.unit_price"}
    db.session.rollback()
    update(key, currency="USD", items=[{"id": item, "quantity": Decimal(1), "unit_price": Decimal(90)}])
    assert (of(key).currency, of(key).total_minor) == ("USD", 10800)


def test_an_issued_invoice_is_neither_changed_nor_deleted(alder):
    key = make_issued(alder)
    for change in (lambda own, row: invoices.update(own, row, {"notes": "x"}), invoices.delete):
        with pytest.raises(Conflict) as refused, transaction():
            change(*locked(key))
        assert refused.value.code == "invoice-is-issued"


def test_a_deleted_draft_comes_back_by_undo(alder):
    key = make_draft(alder)
    with transaction():
        invoices.delete(*locked(key))
    with transaction():
        who = cast.actor_for(alder, merchant_ids=ALL)
        own, row = invoices.LISTING.lock(who, key, removed=True)
        invoices.restore(own, row)
    assert of(key).deleted_at is None


def test_a_period_does_not_end_before_it_begins(alder):
    assert wrong(merchant_id=alder, period_start_on="2026-02-02", period_end_on="2026-02-01") == {
        "period_end_on": "contradiction"}
    row = of(make_draft(alder, period_start_on="2026-02-01", period_end_on="2026-02-01"))
    assert row.period_start_on == date(2026, 2, 1)


def test_a_draft_shows_its_customer_as_it_is_now_and_an_issued_one_as_it_was(alder):
    customer = cast.make_customer(alder, "Ada Lovelace", email="ada@example.org")
    first, second = make_draft(alder, customer), make_draft(alder, customer)
    issue(first)
    with transaction():
        who = actor_of(alder)
        customers.update(*customers.LISTING.lock(who, customer), {"name": "Ada King"})
    read = {key: invoices.LISTING.read(actor_of(alder), key).customer_name for key in (first, second)}
    assert read == {first: "Ada Lovelace", second: "Ada King"}
