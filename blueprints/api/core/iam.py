"""iam.auth.jwt: the deprecated login by JSON Web Tokens, with the sign-in form's own limits."""

from typing import Any

from flask import g

from blueprints.api.contract import Arguments, Operation, Outcome
from blueprints.api.core.contract import MOMENT, moment
from blueprints.api.description import Description, ExampleBody
from blueprints.auth.api_logins import verify
from domain.access import jwts
from domain.access.jwts import Issued
from domain.actor import Actor
from domain.errors import Invalid, Problem, Unauthenticated

CREDENTIALS: dict[str, Any] = {
    "title": "Credentials", "type": "object", "additionalProperties": False,
    "properties": {
        "login": {"type": "string"}, "password": {"type": "string", "format": "password"},
        "code": {
            "type": ["string", "null"],
            "description": "With two-factor on: a code of the app, or a recovery code. Each works once."},
    },
    "required": ["login", "password"],
}
TOKEN = ExampleBody(
    {
        "title": "Token", "type": "object", "properties": {"token": {"type": "string"}, "expires_at": MOMENT},
        "required": ["token", "expires_at"],
    },
    {"token": "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9…", "expires_at": "2026-01-31 13:00:00+0000"},
)


def shown(issued: Issued) -> dict[str, Any]:
    return {"token": issued.token, "expires_at": moment(issued.expires_at)}


def authenticate(actor: Actor, arguments: Arguments) -> Outcome:
    """A token for a login and a password; both protocols give one error for every reason."""
    g.call.deprecated = True
    given = [arguments.body.get(name) for name in ("login", "password")]
    missing = {
        name: Problem("missing", "is required" if value is None else "must be a string")
        for name, value in zip(("login", "password"), given, strict=True) if not isinstance(value, str)
    }
    typed = arguments.body.get("code")
    if typed is not None and not isinstance(typed, str):
        missing["code"] = Problem("type", "must be a string")
    if missing:
        raise Invalid("Invalid request", fields=missing)
    login, password = (str(value) for value in given)
    try:
        user = verify(login, password, typed or "", ip=actor.ip, source=actor.source)
    except Unauthenticated as error:
        code = error.code if error.code.startswith("utoken") else "utoken-auth-failed"
        raise Unauthenticated(error.message, code=code) from None
    return Outcome(shown(jwts.issue(user.id, user.token_version)))


def refresh(actor: Actor, arguments: Arguments) -> Outcome:
    """A new token for a valid one."""
    caller = g.call.key
    if caller is None or not caller.deprecated:
        raise Unauthenticated("Only a JSON Web Token can be refreshed.", code="utoken-auth-failed")
    user = caller.caller.user
    return Outcome(shown(jwts.issue(user.id, user.token_version)))


OPERATIONS = (
    Operation(
        name="iam.auth.jwt.authenticate", method="POST", path="/iam/auth/jwt/authenticate", scope=None,
        run=authenticate, takes_body=True, public=True, kept=False, positional=("login", "password", "code"),
        summary="A JSON Web Token for login and password (deprecated)",
        described=Description(
            body=ExampleBody(CREDENTIALS, {"login": "grace@example.org", "password": "a long and private sentence"}),
            answer=TOKEN,
        ),
    ),
    Operation(
        name="iam.auth.jwt.refresh", method="POST", path="/iam/auth/jwt/refresh", scope=None, run=refresh,
        takes_body=True, kept=False, positional=(), summary="Renew a JSON Web Token for an hour (deprecated)",
        described=Description(body=ExampleBody({"type": "object", "additionalProperties": False}, {}), answer=TOKEN),
    ),
)
