"""The page of a merchant's payment gateways: their settings, whether they work, and a button to try them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import Response, abort, flash, make_response, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin.crud.form_fields import Field, payload, plain
from blueprints.auth.proof import proven
from blueprints.pages import navigation
from blueprints.pages.htmx import redirect_to
from blueprints.pages.navigation import Item
from blueprints.pages.session import actor, need
from blueprints.services import own_url
from database import transaction
from domain import clock, inputs
from domain.actor import Actor
from domain.errors import Invalid
from domain.payments import gateway_accounts, gateway_keys, gateways
from domain.payments.bank import bank_transfers, gateway_settings
from domain.payments.bank.creditor_references import Reference
from domain.payments.bank.gateway_settings import GatewaySettingsInput
from domain.payments.bank.manual_payments import GATEWAY as TRANSFER
from domain.payments.gateways import Asked, Gateway, NoAnswer
from models.money import Money
from models.payment import GatewayAccount

HERE = "/admin/gateways"
UNUSED_KEY = "a-key-that-no-payment-has"
CARDS = "stripe"
PACE = (
    Field(name="enabled", label="In use", kind="check"),
    Field(name="per_minute", label="Payments a minute", kind="number", hint="At most, when much is due at once."),
    Field(name="retry_days", label="Retry after days", hint="Days after the first decline, such as 1,3,5,7."),
)
ACCOUNT = (
    Field(name="enabled", label="In use", kind="check"),
    Field(name="name", label="Account holder"),
    Field(name="iban", label="IBAN"),
    Field(name="bic", label="BIC", hint="Needed for accounts outside the European Economic Area."),
)
KEYS = (
    Field(name="secret_key", label="Secret key", kind="password"),
    Field(name="webhook_secret", label="Signing secret of notifications", kind="password"),
    *PACE[1:],
    PACE[0],
    Field(name="remove_keys", label="Remove the keys", kind="check", hint="No card is charged after that."),
)
FIELDS = {TRANSFER: ACCOUNT, CARDS: KEYS}


@dataclass(frozen=True, slots=True)
class Shown:
    """One gateway on the page, with the values of its form and what is wrong with them."""

    gateway: Gateway
    row: GatewayAccount | None
    fields: tuple[Field, ...]
    values: dict[str, str]
    wrong: Invalid | None
    is_parked: bool
    sample: bank_transfers.Instructions | None
    notify_at: str = ""              # where the gateway sends its notifications; empty for one that sends none

    @property
    def qr_code(self) -> Markup:
        """The sample's QR code: an element that we draw, in which nothing that was typed stands as text."""
        return Markup(self.sample.qr_svg if self.sample else "")  # noqa: S704


def register(bp: Any) -> None:
    """Register the page's URLs."""
    navigation.add(Item(
        title="Payment gateways", icon="bolt", path=HERE, position=325, group="Settings", scope="READ_MERCHANTS",
    ))
    write = need("WRITE_MERCHANTS")
    bp.add_url_rule("/gateways", "gateways", need("READ_MERCHANTS")(show), methods=["GET"])
    bp.add_url_rule("/gateways/<name>", "gateways_save", write(proven(save)), methods=["POST"])
    bp.add_url_rule("/gateways/<name>/try", "gateways_try", write(try_it), methods=["POST"])


def show(name: str = "", wrong: Invalid | None = None) -> Response:
    """The gateways of the merchant and world that the page is in; the typed values of the one that was refused."""
    who = actor()
    if not who.has_one_merchant:
        return make_response(render_template("admin/gateways.html", shown=None, who=who))
    shown = [
        _shown(who, gateways.registry.get(one), wrong if one == name else None)
        for one in gateways.registry.names(test=who.test)
    ]
    return make_response(render_template("admin/gateways.html", shown=shown, who=who), 422 if wrong else 200)


def _shown(who: Actor, gateway: Gateway, wrong: Invalid | None) -> Shown:
    row = gateway_accounts.find(who.merchant_id, gateway.name, test=who.test)
    secrets = gateway_accounts.secrets_of(row)
    known = {
        "enabled": row.enabled if row else True, "per_minute": row.per_minute if row else 600,
        "retry_days": row.retry_days if row else "1,3,5,7",
        **{name: secrets.get(name, "") for name in gateway_settings.SECRETS},
    }
    is_transfer = gateway.name == TRANSFER
    hidden = {f"{gateway.name}.{name}": "" for name in gateway_keys.NAMES}       # a secret is never shown again
    return Shown(
        gateway=gateway, row=row, fields=_fields(gateway.name, secrets), wrong=wrong,
        values=(request.form.to_dict() if wrong else {
            f"{gateway.name}.{name}": plain(value) for name, value in known.items()
        }) | hidden,
        is_parked=row is not None and gateway_accounts.is_parked(row, clock.now()),
        sample=_sample(secrets) if is_transfer and secrets.get("iban") else None,
        notify_at=_notify_at(who) if gateway.name == CARDS else "",
    )


def _fields(gateway: str, secrets: Mapping[str, Any] | None = None) -> tuple[Field, ...]:
    """The fields of a gateway's form, with its name before theirs: the page has several forms."""
    known = {name: gateway_keys.shown(str((secrets or {}).get(name, ""))) for name in gateway_keys.NAMES}
    return tuple(
        replace(one, name=f"{gateway}.{one.name}", hint=_key_hint(known[one.name]) if one.name in known else one.hint)
        for one in FIELDS.get(gateway, PACE)
    )


def _key_hint(shown: str) -> str:
    return f"{shown} is stored. Leave this empty to keep it." if shown else "Not entered yet."


def _notify_at(who: Actor) -> str:
    return own_url(request.host_url) + url_for("pay.notify_stripe", merchant_id=who.merchant_id)


def _sample(secrets: dict[str, Any]) -> bank_transfers.Instructions:
    """What a customer would see for one euro."""
    return bank_transfers.instructions(secrets, Reference(1), Money(100, "EUR"))


def save(name: str) -> BaseResponse:
    """Save a gateway's settings; the page again, with what was typed, when something is wrong."""
    who, gateway = _asked(name)
    off = [one.name for one in _fields(name) if one.kind == "check" and one.name not in request.form]
    try:
        changed = inputs.changes(GatewaySettingsInput, payload(request.form, off).get(name, {}), text=True)
        with transaction():
            gateway_settings.update(who, gateway.name, changed)
    except Invalid as error:
        fields = {f"{name}.{field}": problem for field, problem in error.fields.items()}
        return show(name, Invalid(error.message, fields=fields))
    flash(f"The settings of {gateway.title} were saved.", "ok")
    return redirect_to(HERE)


def try_it(name: str) -> BaseResponse:
    """Ask the gateway about a key that no payment has: it answers, or it does not. Nothing is charged."""
    who, gateway = _asked(name)
    account = gateway_accounts.for_gateway(who.merchant_id, gateway.name, test=who.test)
    try:
        gateway.look_up(account, UNUSED_KEY, Asked.CHARGE, clock.now())
    except NoAnswer as error:
        flash(f"{gateway.title} gave no answer: {error}", "bad")
        return redirect_to(HERE)
    if gateway.name == TRANSFER and not account.settings.get("iban"):
        flash("Bank transfer has no account, so customers are not offered it: enter its holder and its IBAN.", "bad")
        return redirect_to(HERE)
    with transaction():
        gateway_settings.answers(who, gateway.name)
    words = "Customers are shown the account as below" if gateway.name == TRANSFER else f"{gateway.title} answers"
    flash(f"{words}.", "ok")
    return redirect_to(HERE)


def _asked(name: str) -> tuple[Actor, Gateway]:
    """The actor, of one merchant, and the gateway; 404 for one that this world does not have."""
    who = actor()
    who.ownership()
    if name not in gateways.registry.names(test=who.test):
        abort(404)
    return who, gateways.registry.get(name)
