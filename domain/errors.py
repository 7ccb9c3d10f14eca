"""Defines the domain's errors. They have no HTTP status: each contract sets its own."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

# The codes of mistakes in fields. Programs compare them: a code may be added, never renamed.
CODES = {
    "archived": "names a row that is archived",
    "blank": "is empty",
    "characters": "contains characters that are not allowed here, or no visible ones",
    "common": "is a password that is easy to guess",
    "contradiction": "contradicts another field",
    "currency": "is in another currency",
    "decimals": "has too many decimals",
    "different": "differs from the field that it repeats",
    "fixed": "cannot be set in this call",
    "future": "is too far in the future",
    "inactive": "names a row that is inactive",
    "incomplete": "is required together with what was sent",
    "inclusion": "is not one of the allowed values",
    "invalid": "does not have the required form",
    "locked": "can no longer be changed",
    "missing": "is required",
    "overflow": "makes a sum too large",
    "own": "would lock out the caller",
    "past": "is in the past",
    "range": "is too small or too large",
    "refused": "is an address that may not be called",
    "repeated": "was sent more than once",
    "taken": "is already used by another row",
    "too_long": "has too many characters or entries",
    "too_short": "has too few characters",
    "type": "has the wrong type",
    "unknown": "names a row that does not exist",
    "unknown_name": "is not the name of a field or parameter",
    "wrong": "is not the current secret",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in one field: a code that contracts may translate, and a message."""

    code: str
    text: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text


class DomainError(Exception):
    """Base of the domain's errors. `message` is a sentence for a person, `fields` by domain name."""

    code = "error"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        fields: Mapping[str, Problem] | None = None,
        details: Mapping[str, Any] | None = None,
    ):
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.fields = dict(fields or {})
        self.details = dict(details or {})


class Invalid(DomainError):
    """The input cannot be used as it is."""

    code = "invalid"

    @classmethod
    def field(cls, name: str, text: str, code: str = "invalid", **values: Any) -> "Invalid":
        """One wrong field."""
        return cls.several({name: Problem(code, text, values)})

    @classmethod
    def several(cls, fields: Mapping[str, Problem]) -> "Invalid":
        """Wrong fields by name."""
        return cls("Some fields need attention.", fields=fields)

    @property
    def missing(self) -> bool:
        """Whether the only mistakes are required fields that were not sent."""
        return bool(self.fields) and all(one.code == "missing" for one in self.fields.values())


class Mistakes:
    """Collects the wrong fields of several checks, so that a caller learns of all of them at once."""

    def __init__(self) -> None:
        self._fields: dict[str, Problem] = {}

    @contextmanager
    def collected(self) -> Iterator[None]:
        """Context of one check: its wrong fields are kept for `refuse`. The first problem of a field counts."""
        try:
            yield
        except Invalid as error:
            if not error.fields:
                raise
            self._fields = {**error.fields, **self._fields}

    def refuse(self) -> None:
        """Raises Invalid if any check found something wrong."""
        if self._fields:
            raise Invalid.several(self._fields)


class NotFound(DomainError):
    """There is no such row for this actor."""

    code = "not_found"

    def __init__(self, noun: str, key: object):
        super().__init__(f"There is no {noun} {key}.", details={"noun": noun, "key": str(key)})
        self.noun, self.key = noun, key


class Foreign(NotFound):
    """The row belongs to another owner. Only the Client API tells it from NotFound."""


class Conflict(DomainError):
    """The request is valid but conflicts with the current state."""

    code = "conflict"


class Forbidden(DomainError):
    """The actor is known and lacks the permission."""

    code = "forbidden"


class Unauthenticated(DomainError):
    """The credentials are missing or wrong."""

    code = "unauthorized"


class LimitExceeded(DomainError):
    """Too many calls; `details` carry limit, remaining, reset (epoch seconds), window, retry_after (seconds)."""

    code = "rate_limit_exceeded"


class Held(DomainError):
    """Something must be paid first; `details` say where."""

    code = "held"


class PreconditionFailed(DomainError):
    """The row was changed since the caller read it."""

    code = "precondition_failed"


class TooLarge(DomainError):
    """The request exceeds a size limit."""

    code = "payload_too_large"


class Unavailable(DomainError):
    """Temporarily unavailable; the same request may succeed in a moment."""

    code = "unavailable"
