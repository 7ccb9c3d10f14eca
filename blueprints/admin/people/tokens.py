"""Shows the confirmations before a user's API token is replaced or revoked."""

from typing import Any

from flask import Response

from blueprints.admin import consequences
from blueprints.admin.crud.confirm import Confirmation, ask
from blueprints.admin.people.users import PAGE, is_about_test, token_name
from blueprints.pages.session import need, wide_actor
from blueprints.services import settings
from domain.access import tokens
from domain.people.user_listing import LISTING


def register(bp: Any) -> None:
    """Register the confirmations' URLs; `users` does the work."""
    write = need("WRITE_USERS")
    bp.add_url_rule("/users/<int:key>/token/replace", "users_ask_replace", write(ask_replace), methods=["GET"])
    bp.add_url_rule("/users/<int:key>/token/end", "users_ask_revoke", write(ask_revoke), methods=["GET"])
    bp.add_app_template_global(core_networks)


def core_networks() -> str:
    """The networks that may call the Core API, as text; the operator sets them in the environment."""
    networks = settings().core_api_networks
    return ", ".join(map(str, networks)) or "none"


def ask_replace(key: int) -> Response:
    """Ask before a new token replaces the old one."""
    return question(
        key, "issue", title="Replace the {}?", button="Replace token",
        text="A new token is created and shown. The old one stops working immediately.",
    )


def ask_revoke(key: int) -> Response:
    """Ask before a token is revoked, which ends the access of the user's programs."""
    return question(
        key, "revoke", title="Revoke the {}?", button="Revoke token",
        text="Programs that call in this user's name are refused immediately. A new token can be created later.",
    )


def question(key: int, action: str, *, title: str, text: str, button: str) -> Response:
    """The confirmation, with the user's name."""
    record, test = LISTING.read(wide_actor(), key), is_about_test()
    found = tokens.of_user(key, test=test)
    return ask(Confirmation(
        title=title.format(token_name(test=test)), text=text,
        action=PAGE.url("token", key=key, action=action, world="test" if test else None),
        back=PAGE.url("show", key=key), button=button, danger=True,
        facts=(record.email, *consequences.of_tokens([found.id] if found is not None else [])),
    ))
