"""Asks who is signed in for the password again, before what a stranger at an open browser must not do.

What was typed into the form is kept: the question sends it on, to the same address, with the password beside it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Response, make_response, render_template, request

from blueprints.auth.attempts import code_attempts as attempts
from blueprints.pages.csrf import READS
from blueprints.pages.htmx import as_dialog, is_partial
from blueprints.pages.session import me, private, wide_actor
from database import transaction
from domain.access import sessions
from domain.access.own_second_factor import Proof, proof_of
from domain.errors import DomainError, Invalid, LimitExceeded
from domain.people.logins.user_second_factors import OWN
from models.user import User

FIELD = "proof"
OWN_FIELDS = (FIELD, "csrf_token")      # of the question itself


def proven(view: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a view: a write needs the user's password, or a fresh code, not long ago."""
    def checked(*args: Any, **kwargs: Any) -> Any:
        if request.method in READS or sessions.is_proven(me().session):
            return view(*args, **kwargs)
        try:
            if FIELD not in request.form:
                return ask()
            prove()
        except (Invalid, LimitExceeded) as error:
            return ask(error)
        return view(*args, **kwargs)

    checked.__name__, checked.__doc__ = view.__name__, view.__doc__
    checked.is_proven = True                        # type: ignore[attr-defined]  # for the permission tests
    return checked


def prove() -> None:
    """Check what was typed; Invalid where it is neither the password nor a fresh code."""
    who, user, session_id = wide_actor(), me().user, me().session.id
    key = user.id
    with limited_proof(user) as proof, transaction():
        OWN.check(who, key, proof)
        sessions.prove(session_id)


@contextmanager
def limited_proof(user: User) -> Iterator[Proof]:
    """What was typed to prove who it is; wrong ones are limited with those of the sign-in."""
    key, address = str(user.id), request.remote_addr or ""
    attempts.begin(key, address)
    try:
        yield proof_of(user.password_hash, request.form.get(FIELD, ""))
    except Invalid:
        attempts.failed(address)
        raise
    attempts.succeeded(key)


def ask(error: DomainError | None = None) -> Response:
    """The question, as a dialog or as a page, with what was sent."""
    sent = [(name, value) for name, value in request.form.items(multi=True) if name not in OWN_FIELDS]
    response = make_response(render_template(
        "auth/_proof_dialog.html" if is_partial() else "auth/proof.html",
        user=me().user, sent=sent, wrong=_words(error), address=request.full_path.rstrip("?"),
    ), 403)
    if is_partial():
        as_dialog(response)
    if isinstance(error, LimitExceeded):
        response.status_code = 429
        response.headers["Retry-After"] = str(error.details["retry_after"])
    return private(response)


def _words(error: DomainError | None) -> str:
    """What was wrong, in a sentence."""
    if error is None:
        return ""
    problem = error.fields.get(FIELD)
    return f"This {problem}." if problem else error.message
