"""The document of a statement of account: what changed the balance, and how to pay what is owed."""

from database import db
from domain import clock, zones
from domain.invoicing.documents import codes, languages, parties
from domain.invoicing.documents.document import Document, Entry, Kind, StatementPeriod, Way
from domain.invoicing.paying import statements
from models.merchant import Merchant


def document(statement: statements.Statement) -> Document:
    """The statement as of today."""
    customer = statement.customer
    merchant = db.session.get_one(Merchant, customer.merchant_id)
    account, owed = parties.account(merchant.id, test=customer.test), statement.closing_minor
    way = None
    if account is not None and owed > 0:
        code = codes.of_transfer(account, statement.currency, owed, text=customer.code)
        way = Way(account=account, reference=customer.code, code_svg=code, code_pays=bool(code))
    return Document(
        kind=Kind.STATEMENT, number=customer.code, test=customer.test, language=languages.of(merchant, customer),
        currency=statement.currency, made_on=clock.now().astimezone(zones.of_merchant(merchant.id)).date(),
        seller=parties.seller(merchant), brand=parties.brand(merchant),
        buyer=parties.buyer(customer, name=None, email=None, address=None), way=way,
        statement=StatementPeriod(
            start=statement.start, end=statement.end, opening_minor=statement.opening_minor,
            closing_minor=statement.closing_minor,
            entries=[
                Entry(on=one.on, kind=one.kind, number=one.number, amount_minor=one.amount_minor,
                      balance_minor=one.balance_minor)
                for one in statement.entries
            ],
        ),
        notes=[merchant.document_footer] if merchant.document_footer else [],
    )
