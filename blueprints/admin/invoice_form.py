"""The form of a draft of an invoice: its values, its parsing, and the preview of its sum."""

from typing import Any

from flask import render_template, request
from werkzeug.datastructures import MultiDict

from blueprints.admin import line_forms
from blueprints.admin.crud import records
from blueprints.admin.crud.changed_fields import changed_only
from blueprints.admin.crud.form_fields import payload
from blueprints.admin.line_forms import ITEM, price, rate
from blueprints.pages.format import words
from blueprints.pages.session import wide_actor
from domain import inputs
from domain.actor import Actor, All
from domain.errors import Invalid, Problem
from domain.invoicing import invoice_amounts, invoices
from models.invoice import Invoice, InvoiceItem
from models.money import Money, from_ten_thousandths

PARTS = ("product_id", "description", "unit_price", "discount", "tax")      # an empty line has none of them
# The controls of what has none of its own.
SHOWN_AT = {"tax_rate": "tax", "tax_category": "tax", "tax_reason": "tax", "service_id": "description"}
HEADER = ("currency", "due_on", "notes", "period_start_on", "period_end_on")


def values(row: Invoice) -> dict[str, Any]:
    """A draft's values for the form, with its lines."""
    shown: dict[str, Any] = {name: getattr(row, name) for name in HEADER}
    shown |= {
        "customer_id": f"{row.customer.name} ({row.customer_id})",
        "discount": _amount(row.header_discount_minor, row.currency),
    }
    for number, item in enumerate(row.items):
        shown |= {f"items.{number}.{name}": value for name, value in line(item, row.currency).items()}
    return shown


def line(item: InvoiceItem, currency: str) -> dict[str, Any]:
    """One line's values for the form."""
    return {
        "id": item.id, "product_id": f"{item.product.name} ({item.product_id})" if item.product else "",
        "description": item.description, "quantity": from_ten_thousandths(item.quantity_ten_thousandths),
        "unit_price": price(item.unit_price_micro), "discount": _amount(item.discount_minor, currency),
        "tax": rate(item.tax_percent_ten_thousandths),
    }


def _amount(minor: int, currency: str) -> str:
    return str(Money(minor, currency).decimal) if minor else ""


def read(form: MultiDict[str, str]) -> MultiDict[str, str]:
    """The form for the domain: rows by their ids, rates without their sign, no empty lines."""
    plain, filled, who = MultiDict[str, str](), line_forms.filled(PARTS), acting_for(edited())
    for name in form:
        value = form[name]
        part = ITEM.fullmatch(name)
        if name in ("add_line", "remove_line") or (part and int(part[1]) not in filled):
            continue
        if line_forms.is_named(name):
            value = line_forms.key_of(value, name, who)
        elif part and part[2] == "tax":
            plain.add(f"items.{part[1]}.tax_rate", value.strip().removesuffix("%").strip())
            continue
        plain.add(name, value)
        if part and part[2] == "id":                # a stored line has an id, and always a quantity
            quantity = f"items.{part[1]}.quantity"
            plain[quantity] = request.form.get(quantity, "")
    return plain


def explain(name: str, problem: Problem) -> tuple[str, Problem]:
    """Place a mistake at its line in the form; for a row that was not found, say what to do."""
    name = line_forms.place(name, PARTS, "description")
    line, dot, part = name.rpartition(".")
    shown = line + dot + SHOWN_AT.get(part, part) if line.startswith("items.") else name
    return shown, line_forms.not_found(name, problem)


def choices(who: Actor) -> dict[str, Any]:
    """The suggestions before anything is typed."""
    return line_forms.choices(who)


def show_sum() -> str:
    """The amounts of the invoice if the form were saved now."""
    row = edited()
    who = acting_for(row)
    if isinstance(who.merchant_ids, All) or len(who.merchant_ids) != 1:
        return render_template("admin/_sum.html", reason="Choose a merchant profile first.")
    form, off = changed_only(())
    given = {name: value for name, value in payload(read(form), off).items() if name in invoice_amounts.FIELDS}
    if row is None and not given.get("items"):
        return render_template("admin/_sum.html", reason="No lines yet.")
    try:
        changes = inputs.changes(invoices.InvoiceInput, given, text=True)
        return render_template("admin/_sum.html", amounts=invoices.preview(who, row, changes))
    except Invalid as error:
        name, problem = next(iter(dict(explain(*one) for one in error.fields.items()).items()))
        return render_template("admin/_sum.html", reason=f"{words(name)} {problem}.")


def edited() -> Invoice | None:
    """The draft that the form changes; None for a new one."""
    key = request.values.get("key", "")
    row: Invoice | None = invoices.LISTING.get(wide_actor(), int(key)) if key.isdecimal() else None
    return row


def acting_for(row: Invoice | None) -> Actor:
    """The user, for the merchant of the invoice."""
    return records.acting_new() if row is None else wide_actor().for_row(row)
