"""Parses JSON strictly: exact numbers, no NaN, no duplicate keys, limited nesting."""

import json
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from domain.errors import Invalid


class NotJson(Invalid):
    """The body is not valid JSON."""

    code = "invalid_json"


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name occurs twice in one object")
    return found


def read(raw: bytes) -> Any:
    """The document; fractions as Decimal. Raises NotJson with the place of the mistake, never the text."""
    try:
        return json.loads(
            raw.decode("utf-8"), parse_float=Decimal, parse_constant=_constant, object_pairs_hook=_pairs
        )
    except UnicodeDecodeError as problem:
        raise NotJson(f"The body is not UTF-8: byte {problem.start} is wrong.") from None
    except json.JSONDecodeError as problem:
        raise NotJson(f"The body is not valid JSON: line {problem.lineno}, column {problem.colno}.") from None
    except RecursionError:
        raise NotJson("The body is nested too deeply.") from None
    except InvalidOperation:         # an exponent beyond Decimal's range
        raise NotJson("The body is not valid JSON: a number is out of range.") from None
    except ValueError as problem:
        words = "a number has too many digits" if "digits" in str(problem) else str(problem)
        raise NotJson(f"The body is not valid JSON: {words}.") from None
