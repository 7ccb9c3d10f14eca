"""Makes CAMT.053 files for tests, one entry after the other, and imports files."""

from database import transaction as in_transaction
from domain.invoicing.bank import bank_import
from domain.invoicing.bank.bank_import import Imported

DOCUMENT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}">
<BkToCstmrStmt><GrpHdr><MsgId>1</MsgId></GrpHdr>
<Stmt><Id>1</Id><Acct><Id><IBAN>DE89370400440532013000</IBAN></Id></Acct>
{entries}
</Stmt></BkToCstmrStmt></Document>
"""


def document(*entries: str, version: str = "08") -> bytes:
    """A statement with entries, in a version of the message."""
    return DOCUMENT.format(version=version, entries="\n".join(entries)).encode()


def entry(
    amount: str = "12.50", *transactions: str, direction: str = "CRDT", status: str = "BOOK", currency: str = "EUR",
    day: str = "2026-11-02", more: str = "", bank_id: str = "",
) -> str:
    """A booked credit, unless told otherwise."""
    details = f"<NtryDtls>{''.join(transactions)}</NtryDtls>" if transactions else ""
    reference = f"<AcctSvcrRef>{bank_id}</AcctSvcrRef>" if bank_id else ""
    return (
        f'<Ntry><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd>{more}'
        f"<Sts><Cd>{status}</Cd></Sts>"
        f"<BookgDt><Dt>{day}</Dt></BookgDt>{reference}{details}</Ntry>"
    )


def transaction(text: str = "", amount: str = "", name: str = "", *, currency: str = "EUR", more: str = "") -> str:
    """A transaction of an entry."""
    said = f'<Amt Ccy="{currency}">{amount}</Amt>' if amount else ""
    payer = f"<RltdPties><Dbtr><Pty><Nm>{name}</Nm></Pty></Dbtr></RltdPties>" if name else ""
    words = f"<RmtInf><Ustrd>{text}</Ustrd></RmtInf>" if text else ""
    return f"<TxDtls>{said}{payer}{words}{more}</TxDtls>"


def import_file(actor, raw: bytes, name: str = "november.xml") -> Imported:
    """Import a file as the page and the command do."""
    statement, done = bank_import.read(actor, raw, name), Imported()
    for rows in statement.portions():
        with in_transaction():
            done += bank_import.store(actor, statement, rows)
    return done
