"""What a document for a customer says, before it has words, formats and a layout.

Amounts are whole minor units of the document's currency, quantities and percentages ten-thousandths, unit prices
millionths, as in the rows that they come from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from domain.invoicing.invoice_facts import InvoiceFacts


class Kind(StrEnum):
    """The kinds of documents; each has a template of this name."""

    BUDGET = "budget"
    RECEIPT = "receipt"
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    STATEMENT = "statement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A postal address; the country is its code of two letters."""

    street: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """The seller or the buyer. The legal name is empty where it is the name."""

    name: str
    legal_name: str = ""
    contact: str = ""                # a person in the organisation
    address: Address = Address()
    email: str = ""
    phone: str = ""
    website: str = ""
    tax_number: str = ""
    registration_number: str = ""
    number: str = ""                 # of a customer

    @property
    def full_name(self) -> str:
        """The name by which the party is liable."""
        return self.legal_name or self.name


@dataclass(frozen=True, slots=True)
class Picture:
    """A logo; its size is in pixels."""

    mime_type: str
    width: int
    height: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Brand:
    """How the seller's documents look. The colour is #rrggbb."""

    colour: str
    logo: Picture | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line. The amount is without tax, after the line's own discount; only a receipt's contains tax.

    A line without a percentage has no tax, or an amount of it that somebody wrote.
    """

    name: str
    note: str = ""
    quantity_ten_thousandths: int
    unit_price_micro: int
    amount_minor: int
    discount_minor: int = 0
    tax_minor: int = 0
    tax_percent_ten_thousandths: int | None = None
    tax_category: str = ""           # of EN 16931: S, Z, E, AE, G, O; empty where none was chosen
    tax_reason: str = ""             # why there is no tax


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxGroup:
    """The lines that are taxed alike: what they come to after all discounts, and their tax."""

    percent_ten_thousandths: int | None
    base_minor: int
    tax_minor: int
    category: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The sums. The discount is the one on the whole, positive; what is due is null where nothing is asked for."""

    net_minor: int                   # of the lines
    discount_minor: int = 0
    tax_minor: int = 0
    total_minor: int
    paid_minor: int = 0
    credited_minor: int = 0
    due_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The bank account that transfers go to, as programs write it."""

    name: str
    iban: str
    bic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How to pay, or how to answer: by transfer to an account, and at an address. The code is an SVG element."""

    account: Account | None = None
    reference: str = ""
    url: str = ""
    code_svg: str = ""
    code_pays: bool = False          # it fills in the transfer; else it opens the address


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of a statement: what the amount did to the balance, which is what the customer owes."""

    on: date
    kind: str                        # invoice, credit_note, payment or refund
    number: str
    amount_minor: int
    balance_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementPeriod:
    """What a statement covers, and the balances before and after it."""

    start: date
    end: date
    opening_minor: int
    closing_minor: int
    entries: Sequence[Entry] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document of any kind; what its kind does not have stays empty."""

    kind: Kind
    number: str
    test: bool
    language: str                    # a code of `languages.LANGUAGES`
    currency: str
    made_on: date
    seller: Party
    buyer: Party
    brand: Brand
    lines: Sequence[Line] = ()
    tax_groups: Sequence[TaxGroup] = ()
    totals: Totals | None = None
    way: Way | None = None
    due_on: date | None = None
    parts: Sequence[tuple[date, int]] = ()           # where an order pays it: the days and amounts to come
    valid_until: date | None = None
    period: tuple[date, date] | None = None
    order: str = ""
    corrects: tuple[str, date] | None = None         # number and day of the invoice
    paid_with: str = ""
    statement: StatementPeriod | None = None
    notes: Sequence[str] = ()
    facts: InvoiceFacts | None = None                # what its e-invoice is made of
