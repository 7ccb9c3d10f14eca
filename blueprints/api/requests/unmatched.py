"""Handles requests that match no operation: whose they are, for the log, and whether they are counted."""

from flask import request
from sqlalchemy.exc import SQLAlchemyError

from blueprints.api.call import Call
from blueprints.api.credentials import FIND
from domain.errors import DomainError, LimitExceeded


def wants_json() -> bool:
    """Whether the caller sends JSON, or prefers it to a page."""
    accepted = request.accept_mimetypes
    return request.is_json or accepted["application/json"] > accepted["text/html"]


def attribute(call: Call) -> None:
    """Find the caller of an unmatched or refused request, for the log only; it costs no call."""
    assert call.contract is not None
    try:
        kind, secret = call.contract.secret(request)
        call.key = FIND[kind](secret)
    except (DomainError, SQLAlchemyError):
        call.key = None


def count(call: Call) -> LimitExceeded | None:
    """Count the request by its address, where the contract counts so; the refusal if there were too many."""
    assert call.contract is not None
    try:
        call.limit = call.contract.counted(request)
    except LimitExceeded as over:
        return over
    return None
