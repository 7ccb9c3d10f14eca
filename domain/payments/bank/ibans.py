"""International bank account numbers: their check digits, their lengths, and how they are shown."""

import re

from domain.payments.bank.creditor_references import remainder

# The countries whose accounts take part in SEPA credit transfers, with the length of their IBAN.
SEPA_LENGTHS = {
    "AD": 24, "AL": 28, "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20,
    "ES": 24, "FI": 18, "FR": 27, "GB": 22, "GI": 23, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IS": 26, "IT": 27,
    "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MT": 31, "NL": 18, "NO": 15,
    "PL": 28, "PT": 25, "RO": 24, "RS": 22, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "VA": 22,
}
# Of these, the ones outside the European Economic Area: transfers to them still name the bank by its BIC.
OUTSIDE_EEA = frozenset({"AD", "AL", "CH", "GB", "GI", "MC", "MD", "ME", "MK", "RS", "SM", "VA"})
FORM = re.compile(r"[A-Z]{2}[0-9]{2}[0-9A-Z]{11,30}")
BIC_FORM = re.compile(r"[A-Z]{4}[A-Z]{2}[0-9A-Z]{2}(?:[0-9A-Z]{3})?")
SHOWN_FIRST, SHOWN_LAST = 4, 4


def joined(text: str) -> str:
    """An IBAN or BIC as programs write it: without blanks, in capitals."""
    return "".join(text.split()).upper()


def mistake(iban: str) -> str | None:
    """What is wrong with an IBAN, as the end of a sentence; None when nothing is."""
    if not FORM.fullmatch(iban):
        return "must begin with two letters and two digits, followed by 11 to 30 letters and digits"
    length = SEPA_LENGTHS.get(iban[:2])
    if length and len(iban) != length:
        return f"must have {length} characters in {iban[:2]}"
    if remainder(iban[4:] + iban[:4]) != 1:
        return "has a wrong digit or letter: its check digits do not fit"
    return None


def bic_mistake(bic: str) -> str | None:
    """What is wrong with a BIC, as the end of a sentence; None when nothing is."""
    return None if BIC_FORM.fullmatch(bic) else "must have 8 or 11 letters and digits, such as DEUTDEFF"


def printed(iban: str) -> str:
    """An IBAN as people read it: in groups of four."""
    return " ".join(iban[start:start + 4] for start in range(0, len(iban), 4))


def masked(account: str) -> str:
    """An account number of which only the ends are readable; short ones show two characters."""
    plain = joined(account)
    if len(plain) <= SHOWN_FIRST + SHOWN_LAST + 2:
        return "•" * max(len(plain) - 2, 0) + plain[-2:]
    return f"{plain[:SHOWN_FIRST]}…{plain[-SHOWN_LAST:]}"
