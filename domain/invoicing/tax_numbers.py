"""Tells numbers for VAT, which begin with a country, from other tax numbers."""


def joined(number: str) -> str:
    """A number as programs write it: without blanks, dots and dashes, in capitals."""
    return "".join(letter for letter in number if letter not in " .-\t\u00a0").upper()


def is_vat_number(number: str) -> bool:
    """Whether a tax number begins with a country and is valid across borders, such as DE111111125."""
    plain = joined(number)
    return plain[:2].isalpha() and plain[:2].isascii() and any(letter.isdigit() for letter in plain[2:])
