"""Finds the columns of a bank's CSV file: by their heads in several languages, or as the merchant names them."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from domain.errors import Invalid

# What banks call their columns, folded: lower case, without accents and punctuation.
HEADS: Mapping[str, tuple[str, ...]] = {
    "booked_on": (
        "booking date", "date booked", "buchungstag", "buchungsdatum", "buchung", "booked on", "date operation",
        "date de comptabilisation", "fecha operacion", "fecha contable", "fecha", "boekdatum", "boekingsdatum",
        "datum", "data contabile", "data operazione", "data", "transaction date", "completed date", "posting date",
        "date", "wertstellung", "valuta", "valutadatum", "value date", "date valeur",
    ),
    "amount": (
        "amount", "betrag", "umsatz", "montant", "importe", "bedrag", "importo", "transaction amount", "value",
    ),
    "credit": (
        "credit", "paid in", "money in", "haben", "gutschrift", "credit amount", "abono", "haber", "entrate",
        "accrediti", "bij", "deposit", "ingresos",
    ),
    "debit": (
        "debit", "paid out", "money out", "soll", "lastschrift", "belastung", "debit amount", "cargo", "debe",
        "uscite", "addebiti", "af", "withdrawal", "gastos",
    ),
    "direction": (
        "credit debit", "debit credit", "soll haben", "soll haben kennzeichen", "s h", "af bij", "dc", "d c", "cd",
        "c d", "credit debit indicator", "sens", "signe", "richtung",
    ),
    "currency": ("currency", "wahrung", "waehrung", "devise", "divisa", "moneda", "munt", "valuta code", "ccy"),
    "payer_name": (
        "name", "payer", "debtor", "debtor name", "counterparty", "counterparty name",
        "beguenstigter zahlungspflichtiger", "begunstigter zahlungspflichtiger", "begunstigter auftraggeber",
        "name zahlungsbeteiligter",
        "auftraggeber begunstigter", "zahlungspflichtige r", "zahlungspflichtiger", "auftraggeber empfanger",
        "empfanger auftraggeber", "naam omschrijving", "naam tegenpartij", "nom", "nombre", "ordenante",
        "ordinante", "nome", "partner name", "payee", "sender",
    ),
    "payer_account": (
        "counterparty account", "counterparty iban", "debtor iban", "debtor account", "kontonummer iban",
        "iban zahlungsbeteiligter", "iban", "partner iban", "tegenrekening", "tegenrekening iban bban",
        "gegenkonto", "konto iban", "iban kontonummer",
    ),
    "text": (
        "description", "details", "reference", "payment reference", "verwendungszweck", "buchungstext", "purpose",
        "remittance information", "libelle", "concepto", "mededelingen", "omschrijving", "omschrijving 1",
        "omschrijving 2", "causale", "descrizione", "memo", "narrative", "communication", "zahlungsreferenz",
        "end to end id", "end to end reference", "kundenreferenz end to end", "kundenreferenz", "message",
    ),
    "bank_id": ("transaction id", "bank reference", "transaktions id", "id transaccion", "volgnr", "transactie id"),
    "account": (
        "auftragskonto", "iban auftragskonto", "account", "account iban", "rekening", "iban bban", "own account",
    ),
    "status": ("status", "state", "etat", "estado", "info"),
}
# A head may name the currency: Betrag (EUR), Umsatz in EUR, Amount €
IN_CURRENCY = re.compile(r"(.+?)(?: in)? (eur|usd|gbp|chf|sek|nok|dkk|pln|czk|huf|ron|bgn|isk)")
SEVERAL = "text"                       # the only part that may be spread over several columns
PARTS = tuple(HEADS)


def folded(head: str) -> str:
    """A head without case, accents, punctuation and what stands in brackets: "Betrag (EUR)" is betrag eur."""
    letters = unicodedata.normalize("NFKD", head.replace("ß", "ss").replace("€", " EUR")).casefold()
    return " ".join(re.findall(r"[a-z0-9]+", "".join(one for one in letters if not unicodedata.combining(one))))


def currency_of(head: str) -> str | None:
    """The currency that a head names beside what is in the column."""
    found = IN_CURRENCY.fullmatch(folded(head))
    return found[2].upper() if found else None


def _name_of(head: str) -> str:
    plain = folded(head)
    found = IN_CURRENCY.fullmatch(plain)
    return found[1] if found else plain


def found_in(cells: Sequence[str]) -> dict[str, list[int]] | None:
    """The columns of a line of heads by part; None when the line has no date and no amount."""
    heads = [_name_of(cell) for cell in cells]
    columns: dict[str, list[int]] = {}
    taken: set[int] = set()
    for part, known in HEADS.items():
        places = [place for name in known for place, head in enumerate(heads) if head == name and place not in taken]
        places = sorted(dict.fromkeys(places)) if part == SEVERAL else places[:1]
        if places:
            columns[part] = places
            taken |= set(places)
    return columns if is_complete(columns) else None


def named_by(names: Mapping[str, str], cells: Sequence[str]) -> dict[str, list[int]] | None:
    """The columns that a merchant named, and by their heads those that he did not; None if a name is not there."""
    heads = [folded(cell) for cell in cells]
    columns = {part: [heads.index(folded(name))] for part, name in names.items() if folded(name) in heads}
    if len(columns) < len(names):
        return None
    taken = {place for places in columns.values() for place in places}
    rest = found_in(["" if place in taken else cell for place, cell in enumerate(cells)]) or {}
    columns = {**rest, **columns}
    return columns if is_complete(columns) else None


def is_complete(columns: Mapping[str, list[int]]) -> bool:
    """Whether there is a date, and an amount in one column or in two."""
    return "booked_on" in columns and ("amount" in columns or {"credit", "debit"} <= set(columns))


def check_names(names: Mapping[str, str]) -> None:
    """Refuse a merchant's names of parts that do not exist, and empty ones."""
    unknown = sorted(set(names) - set(PARTS))
    if unknown:
        raise Invalid.field("columns", f"has no part {unknown[0]!r}; there are {', '.join(PARTS)}", "unknown_name")
    if any(not folded(name) for name in names.values()):
        raise Invalid.field("columns", "must name a column for each part", "blank")
