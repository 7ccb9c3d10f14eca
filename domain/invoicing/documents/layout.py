"""Puts a document into words: what its template prints, as plain texts, in the order in which they stand."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from domain.invoicing.documents import letterhead
from domain.invoicing.documents.document import Document, Kind, Line
from domain.invoicing.documents.formats import Formats
from domain.invoicing.documents.languages import locale, words
from domain.invoicing.tax_numbers import is_vat_number
from domain.payments.bank import ibans
from domain.people import brand

Pairs = list[tuple[str, str]]
NONE = "–"
LARGEST = {Kind.INVOICE: "to_pay", Kind.CREDIT_NOTE: "credit", Kind.RECEIPT: "received"}
MOST_PARTS = 12                     # that are written out
ON_PAGES = ("page", "of", "carried", "brought")


class Layout:
    """A document with its words and formats."""

    def __init__(self, document: Document):
        self.document = document
        self.words = words(document.language)
        self.formats = Formats(locale(document.language, document.seller.address.country), document.currency)
        self.tax_word = letterhead.tax_word(document)

    def texts(self) -> dict[str, Any]:
        """What the template prints."""
        document, known = self.document, self.words
        colours = brand.tokens(document.brand.colour, dark=False)
        return {
            "kind": document.kind.value, "lang": document.language, "title": known[document.kind], "number":
            document.number, "made": [document.made_on.year, document.made_on.month, document.made_on.day],
            "test": known["test"] if document.test else "", "words": {name: known[name] for name in ON_PAGES},
            "brand": {"bar": colours["--accent"], "text": colours["--accent-text"], "soft": colours["--accent-soft"]},
            "seller": document.seller.name, "sender": letterhead.sender_line(document.seller),
            "buyer": letterhead.buyer_lines(document, self.formats),
            "footer": letterhead.footer(document, self.formats),
            "facts": self.facts(), "intro": self.intro(), "strip": self.strip(), "heads": self.heads(),
            "lines": self.lines(), "taxes": self.taxes(), "sums": self.sums(), "way": self.way(),
            "notes": [note for note in (*self.parts(), *self.reasons(), *document.notes) if note.strip()],
        }

    def intro(self) -> str:
        """The sentence below the title."""
        if self.document.corrects is None:
            return ""
        number, day = self.document.corrects
        return self.words["corrects"].format(number=number, day=self.formats.day(day))

    def facts(self) -> Pairs:
        """What stands beside the address."""
        document, day = self.document, self.formats.day
        tax_number = document.buyer.tax_number
        own_number = "your_vat_number" if is_vat_number(tax_number) else "your_tax_number"
        pairs = (
            ("date", day(document.made_on)), ("customer_number", document.buyer.number), ("order", document.order),
            ("period", " – ".join(map(self.formats.short_day, document.period or ()))), (own_number, tax_number),
        )
        return [(self.words[name], value) for name, value in pairs if value]

    def strip(self) -> Pairs:
        """What stands large below the title: how much, and until when or by what."""
        document, totals = self.document, self.document.totals
        if document.statement is not None:
            period = document.statement
            return self._pairs(
                ("closing", self.formats.money(period.closing_minor)),
                ("from_to", f"{self.formats.short_day(period.start)} – {self.formats.short_day(period.end)}"))
        amount = 0 if totals is None else totals.total_minor
        if totals is not None and document.kind is Kind.INVOICE and totals.due_minor is not None:
            amount = totals.due_minor
        name = LARGEST.get(document.kind, "total")
        return self._pairs(
            (name, self.formats.money(amount)), ("valid_until", self._day(document.valid_until)),
            self._due(), ("paid_with", document.paid_with))

    def _due(self) -> tuple[str, str]:
        """The day on which it is due, or the next part of it; none where nothing is left to be paid."""
        if self.document.parts:
            return "next_part", self.formats.day(self.document.parts[0][0])
        is_settled = self.document.totals is not None and self.document.totals.due_minor == 0
        return "due", "" if is_settled else self._day(self.document.due_on)

    def parts(self) -> list[str]:
        """The sentence that says on which days it is paid in parts."""
        known, parts = self.words, self.document.parts
        said = [
            known["a_part"].format(amount=self.formats.money(minor), day=self.formats.short_day(on))
            for on, minor in parts[:MOST_PARTS]
        ]
        if len(parts) > MOST_PARTS:
            said.append("…")
        return [known["in_parts"].format(parts="; ".join(said)).replace("….", "…")] if said else []

    def heads(self) -> list[str]:
        """The heads of the columns."""
        if self.document.statement is not None:
            return [self.words[name] for name in ("date", "document", "amount", "balance")]
        if self.document.kind is Kind.RECEIPT:
            return [self.words[name] for name in ("position", "description", "quantity", "amount")]
        names = [self.words[name] for name in ("position", "description", "quantity", "unit_price")]
        return [*names, self.tax_word, self.words["amount_net"]]

    def lines(self) -> list[dict[str, Any]]:
        """The rows of the table; each says the sum so far, which stands where a page ends after it."""
        statement = self.document.statement
        if statement is not None:
            return [
                {"name": f"{self.words[one.kind]} {one.number}".strip(), "day": self.formats.short_day(one.on),
                 "amount": self.formats.money(one.amount_minor), "balance": self.formats.money(one.balance_minor),
                 "sum": self.formats.money(one.balance_minor)}
                for one in statement.entries
            ]
        return list(self._items())

    def _items(self) -> Iterator[dict[str, Any]]:
        money, so_far = self.formats.money, 0
        for line in self.document.lines:
            so_far += line.amount_minor
            less = self.words["less_discount"].format(amount=money(line.discount_minor)) if line.discount_minor else ""
            yield {
                "name": line.name, "note": "\n".join(filter(None, (line.note, less))),
                "quantity": self.formats.quantity(line.quantity_ten_thousandths),
                "price": self.formats.price(line.unit_price_micro), "tax": self._tax(line),
                "amount": money(line.amount_minor), "sum": money(so_far),
            }

    def _tax(self, line: Line) -> str:
        if line.tax_percent_ten_thousandths is not None:
            return self.formats.percent(line.tax_percent_ten_thousandths)
        return self.formats.money(line.tax_minor) if line.tax_minor else NONE

    def taxes(self) -> dict[str, Any] | None:
        """The table of taxes: its heads and, for each rate, what it is of and what it comes to."""
        groups = self.document.tax_groups
        if not groups:
            return None

        def rate(one: int | None) -> str:
            return NONE if one is None else self.formats.percent(one)

        return {
            "heads": [self.words["rate"], self.words["net"], self.tax_word],
            "rows": [
                [rate(one.percent_ten_thousandths), self.formats.money(one.base_minor),
                 self.formats.money(one.tax_minor)] for one in groups
            ],
        }

    def sums(self) -> Pairs:
        """The sums, the last of them large."""
        totals, statement = self.document.totals, self.document.statement
        if statement is not None:
            return [(self.words["opening"], self.formats.money(statement.opening_minor)),
                    (self.words["closing"], self.formats.money(statement.closing_minor))]
        if totals is None:
            return []
        money = self.formats.money
        if self.document.kind is Kind.RECEIPT:
            contained = money(totals.tax_minor) if totals.tax_minor else ""
            return [
                *([(self.words["of_which"].format(tax=self.tax_word), contained)] if contained else []),
                *self._less("given_back", totals.credited_minor),
                (self.words["received"], money(totals.total_minor)),
            ]
        pairs = [(self.words["subtotal"], money(totals.net_minor)), *self._less("discount", totals.discount_minor)]
        pairs += [(self.tax_word, money(totals.tax_minor)), (self.words["total"], money(totals.total_minor))]
        if totals.paid_minor or totals.credited_minor:
            pairs += [*self._less("paid", totals.paid_minor), *self._less("credited", totals.credited_minor)]
            pairs.append((self.words["to_pay"], money(totals.due_minor or 0)))
        return pairs

    def _less(self, name: str, minor: int) -> Pairs:
        return [(self.words[name], self.formats.money(-minor))] if minor else []

    def way(self) -> dict[str, Any] | None:
        """The box that says how to pay, or how to answer."""
        way = self.document.way
        if way is None or not (way.account or way.url):
            return None
        is_quote, account = self.document.kind is Kind.BUDGET, way.account
        facts = self._pairs(
            ("account_holder", account.name), ("amount", self.strip()[0][1]), ("IBAN", ibans.printed(account.iban)),
            ("BIC", account.bic), ("reference", way.reference)) if account is not None else []
        code = "scan_answer" if is_quote else "scan_bank" if way.code_pays else "scan_pay"
        return {
            "title": self.words["answer" if is_quote else "how_to_pay"], "facts": facts, "url": way.url,
            "url_words": self.words["answer_online" if is_quote else "pay_online"], "code_svg": way.code_svg,
            "code_words": self.words[code],
        }

    def reasons(self) -> list[str]:
        """Why lines have no tax, each reason once."""
        return list(dict.fromkeys(one.reason for one in self.document.tax_groups if one.reason))

    def _day(self, day: date | None) -> str:
        return self.formats.day(day) if day is not None else ""

    def _pairs(self, *pairs: tuple[str, str]) -> Pairs:
        return [(self.words.get(name, name), value) for name, value in pairs if value]
