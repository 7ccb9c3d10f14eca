"""A customer's own profile, where it is signed in, and the token of its programs."""

from typing import Any

from flask import Response, make_response, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin import key_use, traffic
from blueprints.client import login
from blueprints.pages.format import zone
from blueprints.pages.htmx import redirect_to
from blueprints.pages.session import private
from blueprints.services import own_url
from database import transaction
from domain import clock, inputs, settings
from domain.access import customer_sessions, customer_tokens
from domain.errors import Conflict, Invalid
from domain.inputs import iso_codes
from domain.people import customers, profiles
from domain.people.profiles import ProfileInput

PARTS = {"billing_street": "street", "billing_city": "city", "billing_state": "state",
         "billing_postal_code": "postal_code", "billing_country": "country"}


def register(bp: Any) -> None:
    """Register the addresses."""
    bp.add_url_rule("/profile", "profile", show, methods=["GET"])
    bp.add_url_rule("/profile", "change_profile", change, methods=["POST"])
    bp.add_url_rule("/sessions", "sessions", show_sessions, methods=["GET"])
    bp.add_url_rule("/sessions/end", "end_sessions", end_sessions, methods=["POST"])
    bp.add_url_rule("/api", "api", show_api, methods=["GET"])
    bp.add_url_rule("/api/token", "make_token", make_token, methods=["POST"])
    bp.add_url_rule("/api/revoke", "revoke_token", revoke_token, methods=["POST"])


def show() -> BaseResponse:
    """The form, with what is stored."""
    return _form(_stored())


def _form(values: dict[str, Any], wrong: Invalid | None = None, status: int = 200) -> Response:
    return make_response(render_template(
        "client/profile.html", **login.common(), here="profile", values=values, wrong=wrong,
        said=request.args.get("said"),
        countries=sorted(iso_codes.country_names().items(), key=lambda one: one[1]),
    ), status)


def _stored() -> dict[str, Any]:
    """The values of the form as they are stored."""
    row = login.customer()
    billing = row.billing_address
    own = {name: getattr(row, name) for name in ("first_name", "last_name", "phone", "organisation")}
    return own | {name: getattr(billing, part, None) for name, part in PARTS.items()}


def change() -> BaseResponse:
    """Change what differs from what is stored; a name that is stored empty may stay so."""
    who, stored = login.writing_actor(), _stored()
    typed = {name: request.form.get(name, "") for name in ProfileInput.model_fields}
    sent = {name: value for name, value in typed.items() if value.strip() != (stored[name] or "")}
    if not sent:
        return redirect_to(url_for("client_area.profile"))
    try:
        changes = inputs.changes(ProfileInput, sent, text=True)
        with transaction():
            own, row = customers.LISTING.lock(who, login.customer().id)
            profiles.update(own, row, changes)
    except Invalid as error:
        return _form(typed, error, 422)
    return redirect_to(url_for("client_area.profile", said="saved"))


# Where the customer is signed in --------------------------------------------------------------------


def show_sessions() -> BaseResponse:
    """The browsers in which the user is signed in."""
    return make_response(render_template(
        "client/sessions.html", **login.common(), here="profile", said=request.args.get("said"),
        sessions=customer_sessions.of_user(login.user().id), current=login.current().id,
    ))


def end_sessions() -> BaseResponse:
    """Sign out everywhere else; a stopped customer may, too."""
    own = login.current()
    with transaction():
        customer_sessions.end_all(login.user().id, but=own.id)
    return redirect_to(url_for("client_area.sessions", said="ended"))


# The token of the customer's programs ---------------------------------------------------------------


def show_api() -> BaseResponse:
    """Whether there is a token, and how it is used."""
    return _api()


def _api(secret: str = "") -> Response:
    token = customer_tokens.of_customer(login.customer().id)
    use = _use(token.id) if token is not None and not secret else None
    month = key_use.month_of(login.customer().merchant_id, token.id, clock.now(), zone()) if token and use else None
    page = render_template(
        "client/api.html", **login.common(), here="profile", secret=secret, base=own_url(request.host_url),
        said=request.args.get("said"),
        token=token, use=use, month=month, limit=settings.get("client_api_limit_per_minute"),
    )
    return private(make_response(page)) if secret else make_response(page)


def _use(key: int) -> key_use.Use | None:
    """When, from where and how often the token was used; None for one that was not."""
    traffic.freshen()
    return key_use.of([key]).get(key)


def make_token() -> BaseResponse:
    """Make a token, which ends the one before, and show it once."""
    who = login.writing_actor()
    with transaction():
        own, row = customers.LISTING.lock(who, login.customer().id)
        secret = customer_tokens.issue(own, row)
    return _api(secret)


def revoke_token() -> BaseResponse:
    """End the token; a second press changes nothing."""
    who = login.writing_actor()
    try:
        with transaction():
            own, row = customers.LISTING.lock(who, login.customer().id)
            customer_tokens.revoke(own, row)
    except Conflict:
        return redirect_to(url_for("client_area.api"))
    return redirect_to(url_for("client_area.api", said="revoked"))
