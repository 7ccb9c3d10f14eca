"""The form of a draft of an invoice: its values, its parsing, and the preview of its sum."""

from typing import Any

from werkzeug.datastructures import MultiDict

from blueprints.admin import line_forms
from blueprints.admin.line_forms import price, rate
from domain import inputs
from domain.actor import Actor
from domain.errors import Problem
from domain.invoicing import invoice_amounts, invoices
from models.invoice import Invoice, InvoiceItem
from models.money import from_ten_thousandths

PARTS = ("product_id", "description", "unit_price", "discount", "tax")      # an empty line has none of them
# The controls of what has none of its own.
SHOWN_AT = {"tax_rate": "tax", "tax_category": "tax", "tax_reason": "tax", "service_id": "description"}
HEADER = ("currency", "due_on", "notes", "period_start_on", "period_end_on")


def values(row: Invoice) -> dict[str, Any]:
    """A draft's values for the form, with its lines."""
    shown: dict[str, Any] = {name: getattr(row, name) for name in HEADER}
    shown |= {
        "customer_id": f"{row.customer.name} ({row.customer_id})",
        "discount": line_forms.amount(row.header_discount_minor, row.currency),
    }
    for number, item in enumerate(row.items):
        shown |= {f"items.{number}.{name}": value for name, value in line(item, row.currency).items()}
    return shown


def line(item: InvoiceItem, currency: str) -> dict[str, Any]:
    """One line's values for the form."""
    return {
        "id": item.id, "product_id": f"{item.product.name} ({item.product_id})" if item.product else "",
        "description": item.description, "quantity": from_ten_thousandths(item.quantity_ten_thousandths),
        "unit_price": price(item.unit_price_micro), "discount": line_forms.amount(item.discount_minor, currency),
        "tax": rate(item.tax_percent_ten_thousandths),
    }


def read(form: MultiDict[str, str]) -> MultiDict[str, str]:
    """The form for the domain."""
    return line_forms.read(form, PARTS, line_forms.acting_for(edited()), tax_of)


def tax_of(name: str, value: str) -> tuple[str, str]:
    """A line's tax is a rate, with or without its sign."""
    return name.removesuffix("tax") + "tax_rate", value.strip().removesuffix("%").strip()


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
    def preview(who: Actor, row: Invoice | None, given: dict[str, Any]) -> Any:
        return invoices.preview(who, row, inputs.changes(invoices.InvoiceInput, given, text=True))

    return line_forms.show_sum(edited(), read, invoice_amounts.FIELDS, preview, explain)


def edited() -> Invoice | None:
    """The invoice that the form changes; None for a new one."""
    row: Invoice | None = line_forms.edited(invoices.LISTING)
    return row
