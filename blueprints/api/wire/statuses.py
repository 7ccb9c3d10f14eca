"""The HTTP status of each kind of error. A contract names only the kinds that it answers with another status."""

from collections.abc import Mapping

from domain import errors
from domain.errors import DomainError

Statuses = Mapping[type[DomainError], int]

STATUSES: Statuses = {
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Forbidden: 403,
    errors.Unauthenticated: 401,
    errors.LimitExceeded: 429,
    errors.Held: 402,
    errors.PreconditionFailed: 412,
    errors.TooLarge: 413,
    errors.Unavailable: 503,
    errors.Invalid: 422,
    DomainError: 400,
}


def status_of(error: DomainError, own: Statuses | None = None) -> int:
    """The status of an error; `own` are the kinds for which the contract has another."""
    return next((own or {}).get(kind, status) for kind, status in STATUSES.items() if isinstance(error, kind))
