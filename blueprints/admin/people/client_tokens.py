"""Creates, replaces and revokes a customer's token of the Client API, on the customer's page."""

from typing import Any

from flask import Response, flash, make_response, render_template
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin import consequences
from blueprints.admin.crud.confirm import Confirmation, ask
from blueprints.admin.customers import PAGE
from blueprints.auth.proof import proven
from blueprints.pages.htmx import is_partial, redirect_to
from blueprints.pages.session import need, private, wide_actor
from database import transaction
from domain.access import customer_tokens
from domain.people import customers

QUESTIONS = {
    "replace": ("Replace the API token?", "Replace token", "issue",
                "A new token is created and shown once. The old one stops working immediately."),
    "revoke": ("Revoke the API token?", "Revoke token", "revoke",
               "Programs that call with this token are refused immediately. A new one can be created later."),
}


def register(bp: Any) -> None:
    """Register the URLs; those that change something ask first, where a token is in use."""
    write = need("WRITE_CUSTOMERS")
    bp.add_url_rule("/customers/<int:key>/token/<any(replace, revoke):asked>/confirm", "customers_ask_token",
                    write(question), methods=["GET"])
    bp.add_url_rule("/customers/<int:key>/token/<any(issue, revoke):action>", "customers_token", write(proven(handle)),
                    methods=["POST"])
    bp.add_app_template_global(customer_tokens.of_customer, "client_token_of")


def question(key: int, asked: str) -> Response:
    """Ask before a token stops working, with the calls that were made with it."""
    record = customers.LISTING.read(wide_actor(), key)
    found = customer_tokens.of_customer(key)
    title, button, action, text = QUESTIONS[asked]
    return ask(Confirmation(
        title=title, text=text, action=PAGE.url("token", key=key, action=action), back=PAGE.url("show", key=key),
        button=button, danger=True,
        facts=(record.name, *consequences.of_tokens([found.id] if found is not None else [])),
    ))


def handle(key: int, action: str) -> BaseResponse:
    """Create or revoke the token."""
    token = ""
    with transaction():
        who, row = customers.LISTING.lock(wide_actor(), key)
        name = row.name
        if action == "revoke":
            customer_tokens.revoke(who, row)
        else:
            token = customer_tokens.issue(who, row)
    if action == "revoke":
        flash(f"The API token of {name} was revoked.", "ok")
        return redirect_to(PAGE.url("show", key=key))
    template = "admin/_client_token_dialog.html" if is_partial() else "admin/client_token.html"
    return private(make_response(render_template(template, here=PAGE, key=key, name=name, token=token)))
