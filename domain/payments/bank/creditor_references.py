"""Payment references that people type into a bank transfer, with the check digits of ISO 11649.

A reference is RF, two check digits, the order's id in eight digits and the period's place in four:
RF85 0000 1234 0003. A place of 0000 means the order as a whole. With digits only and groups of four,
it can be read out, and one wrong digit or two that are swapped are noticed.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple

ORDER, PLACE = 8, 4                                   # digits: of a hundred million orders, of ten thousand periods
LENGTH = ORDER + PLACE
# What people and banks put between the characters of a reference: blanks, line breaks, dots, dashes, slashes.
BETWEEN = r"[\s.\-/_:,+]*"
BEGINNING = re.compile(rf"R{BETWEEN}F{BETWEEN}(?=[0-9])", re.IGNORECASE)
DIGIT = re.compile(rf"([0-9]){BETWEEN}")


class Reference(NamedTuple):
    """What a reference names: an order, and one of its periods; without a period (or below 0) the order as a whole."""

    order_id: int
    sequence: int | None = None

    @property
    def text(self) -> str:
        """The reference as programs write it: RF and digits."""
        place = 0 if self.sequence is None else max(0, self.sequence + 1)
        body = f"{self.order_id:0{ORDER}}{place:0{PLACE}}"
        if not 0 < self.order_id < 10**ORDER or not 0 <= place < 10**PLACE:
            raise ValueError("This order or period is too large for a reference.")
        return f"RF{check_digits(body)}{body}"

    @property
    def printed(self) -> str:
        """The reference as people read it: in groups of four."""
        text = self.text
        return " ".join(text[start:start + 4] for start in range(0, len(text), 4))


def check_digits(body: str) -> str:
    """The two check digits of ISO 11649 for what follows them (letters and digits)."""
    return f"{98 - remainder(f'{body}RF00'):02}"


def remainder(text: str) -> int:
    """The remainder by 97 of a text in which letters stand for 10 to 35, as ISO 7064 counts it."""
    return int("".join(str(int(letter, 36)) for letter in text)) % 97


def is_valid(text: str) -> bool:
    """Whether a text, blanks and case aside, is a creditor reference whose check digits are right."""
    joined = "".join(text.split()).upper()
    return bool(re.fullmatch(r"RF[0-9]{2}[0-9A-Z]{1,21}", joined)) and remainder(joined[4:] + joined[:4]) == 1


def found_in(texts: Iterable[str]) -> list[Reference]:
    """The references of ours in texts of a bank, each once, in their order.

    They are found whatever their case, and with blanks, dots or line breaks inside. Each of the texts is
    searched alone, then all of them joined: some banks cut what the payer wrote at a fixed width.
    """
    plain = [unicodedata.normalize("NFKC", one) for one in texts]
    candidates = [*plain, "\n".join(plain)] if len(plain) > 1 else plain
    return list(dict.fromkeys(found for text in candidates for found in _in_text(text)))


def without(text: str) -> str:
    """The text with a line break in the place of each reference of ours."""
    for _, start, end in reversed(list(_placed(text))):
        text = f"{text[:start]}\n{text[end:]}"
    return text


def _in_text(text: str) -> Iterator[Reference]:
    return (reference for reference, _, _ in _placed(text))


def _placed(text: str) -> Iterator[tuple[Reference, int, int]]:
    """The references of ours, with where each begins and ends."""
    for beginning in BEGINNING.finditer(text):
        digits, end = _digits_from(text, beginning.end())
        body = digits[2:]
        order_id, place = int(body[:ORDER] or 0), int(body[ORDER:] or 0)
        if len(body) == LENGTH and order_id and check_digits(body) == digits[:2]:
            yield Reference(order_id, place - 1 if place else None), beginning.start(), end


def _digits_from(text: str, start: int) -> tuple[str, int]:
    """The digits of one reference, and where they end; what follows may be a date or an amount."""
    found: list[str] = []
    while len(found) < 2 + LENGTH and (digit := DIGIT.match(text, start)):
        found.append(digit[1])
        start = digit.end()
    return "".join(found), start
