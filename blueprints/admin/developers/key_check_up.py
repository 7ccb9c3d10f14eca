"""The check-up of API keys: what could be safer, each with the click that mends it; narrows scopes and addresses."""

import json
from typing import Any

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin import key_use, traffic
from blueprints.admin.crud import cells
from blueprints.admin.developers import key_concerns
from blueprints.admin.developers.key_answers import done
from blueprints.admin.developers.keys import PAGE
from blueprints.auth.proof import proven
from blueprints.pages.htmx import page_or_part
from blueprints.pages.session import need, wide_actor
from blueprints.row_keys import page_number
from database import transaction
from domain import clock, inputs
from domain.errors import Conflict, Invalid, PreconditionFailed
from domain.integrations import api_keys
from domain.integrations.key_hygiene import Concern
from domain.listing import expect
from domain.pages import Page, Record

PER_PAGE = 50
MOST_ADDRESSES = 20                     # that are suggested; who calls from more needs networks
NARROWED = {"scopes": "Scopes", "allowed_ips": "Allowed IPs"}


def register(bp: Any) -> None:
    """Register the addresses."""
    read, write = need("READ_KEYS"), need("WRITE_KEYS")
    bp.add_url_rule("/keys/check-up", "api_keys_check_up", read(show), methods=["GET"])
    bp.add_url_rule("/keys/<int:key>/addresses", "api_keys_ask_addresses", write(ask_addresses), methods=["GET"])
    bp.add_url_rule("/keys/<int:key>/addresses", "api_keys_limit_addresses",
                    write(proven(limit_addresses)), methods=["POST"])
    bp.add_url_rule("/keys/<int:key>/scopes", "api_keys_narrow", write(narrow), methods=["POST"])
    bp.add_url_rule("/keys/<int:key>/narrowed/undo", "api_keys_undo_narrowed", write(proven(undo)), methods=["POST"])


def show() -> Response:
    """The concerns, all or of one kind."""
    traffic.freshen()
    keys = key_concerns.looked_at()
    found, chosen = key_concerns.of(keys.records), request.args.get("show", "")
    counts = {one: sum(row.concern is one for row in found) for one in Concern}
    wanted = [row for row in found if row.concern == chosen] if chosen in counts else found
    number = page_number(request.args.get("page", "1"))
    offset = PER_PAGE * (min(number, max(1, -(-len(wanted) // PER_PAGE))) - 1)
    part = wanted[offset:offset + PER_PAGE]
    return page_or_part(
        "admin/key_check_up.html", "admin/_key_check_up.html", here=PAGE, rows=part, counts=counts,
        chosen=chosen if chosen in counts else "", keys=keys.total, most=key_concerns.MOST_KEYS,
        page=Page([Record(row, {}) for row in part], len(wanted), PER_PAGE, offset), **key_concerns.offers())


# Addresses ------------------------------------------------------------------------------------------------------------


def ask_addresses(key: int) -> Response:
    """From where the key was called, to choose what is allowed."""
    return _addresses(key)


def _addresses(key: int, wrong: str = "") -> Response:
    traffic.freshen()
    record = api_keys.LISTING.read(wide_actor(), key)
    sources, looked = key_use.addresses(record.merchant_id, key, clock.now())
    response = page_or_part(
        "admin/key_addresses.html", "admin/_key_addresses.html", here=PAGE, record=record, sources=sources,
        looked=looked, is_all=looked < key_use.MOST_CALLS, many=len(sources) > MOST_ADDRESSES, wrong=wrong,
        back=request.values.get("back", ""))
    response.status_code = 422 if wrong else 200
    return response


def limit_addresses(key: int) -> BaseResponse:
    """Allow the chosen addresses alone."""
    chosen = request.form.getlist("address")
    if not chosen:
        return _addresses(key, "Choose at least one address: without any, the key works from everywhere.")
    return _change(key, "allowed_ips", chosen, f"{{}} works from {_counted(len(chosen), 'address', 'addresses')} only.")


# Scopes ---------------------------------------------------------------------------------------------------------------


def narrow(key: int) -> BaseResponse:
    """Keep the scopes that the page offered to keep."""
    return _change(key, "scopes", request.form.getlist("scope"), "The scopes of {} were narrowed.")


def undo(key: int) -> BaseResponse:
    """Give the key the scopes or addresses that it had, unless it was changed since."""
    name = request.values.get("name", "")
    try:
        was = json.loads(request.values.get("was", ""))
        if name not in NARROWED or not isinstance(was, list):
            raise ValueError(name)
    except (ValueError, RecursionError):
        return done(key, "This cannot be undone. Nothing was undone.", "bad")
    return _change(key, name, was, f"{NARROWED[name]} of {{}} were restored.", is_undo=True)


def _change(key: int, name: str, wanted: list[str], said: str, *, is_undo: bool = False) -> BaseResponse:
    """Change one field of a key, and offer to undo it."""
    seen = (cells.version_in(request.values.get("version", "")) or 0) if is_undo else cells.seen_version()
    try:
        changes = inputs.changes(api_keys.KeyInput, {name: wanted})
        with transaction():
            own, row = api_keys.LISTING.lock(wide_actor(), key)
            expect(row, seen)
            was = list(getattr(row, name))
            api_keys.update(own, row, changes)
            title, version = row.name, row.version
    except (Conflict, Invalid, PreconditionFailed) as error:
        return done(key, f"{error.message} Nothing was changed.", "bad")
    if is_undo:
        return done(key, said.format(title))
    back = PAGE.url("undo_narrowed", key=key, name=name, was=json.dumps(was), version=version)
    return done(key, said.format(title), back)


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
