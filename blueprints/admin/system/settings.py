"""The settings page: changes the program's settings and shows those of the environment."""

from typing import Any

from flask import Response, flash, make_response, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin import choices
from blueprints.admin.crud.form_fields import Field, payload, plain
from blueprints.auth.proof import proven
from blueprints.pages import navigation
from blueprints.pages.htmx import redirect_to
from blueprints.pages.navigation import Item
from blueprints.pages.session import need, wide_actor
from blueprints.services import settings
from database import transaction
from domain import inputs
from domain import settings as stored
from domain.actor import All
from domain.errors import Invalid

CONTROLS = {
    "base_currency": {"kind": "select", "choices": choices.currencies},
    "system_timezone": {"kind": "select", "choices": choices.zones},
}
SHOWN = (
    "public_url", "require_https", "trusted_proxies", "core_api_networks", "webhook_allowed_hosts",
    "log_retention_days", "bcrypt_cost", "instance",
)
SECRET_ONES = ("redis_url", "smtp_url", "metrics_token")      # only whether they are set


def register(bp: Any) -> None:
    """Register the page's URLs."""
    navigation.add(Item(
        title="Settings", icon="settings", path="/admin/settings", position=360, group="Settings",
        scope="READ_SETTINGS", keys="s",
    ))
    bp.add_url_rule("/settings", "settings", need("READ_SETTINGS")(show), methods=["GET"])
    bp.add_url_rule("/settings", "settings_save", need("WRITE_SETTINGS")(proven(save)), methods=["POST"])


def fields() -> list[Field]:
    """The program's settings as form controls."""
    return [
        Field(name=name, hint=stored.MEANINGS[name], required=True, **CONTROLS.get(name, {"kind": "number"}))     # type: ignore[arg-type]
        for name in stored.SettingsInput.model_fields
    ]


def environment() -> list[tuple[str, str]]:
    """The environment's settings; of secrets only whether they are set."""
    values = settings()
    shown = [(name, plain(getattr(values, name)).replace("\n", ", ") or "not set") for name in SHOWN]
    hidden = [(name, "set" if getattr(values, name) else "not set") for name in SECRET_ONES]
    return [("COUNTINGHOUSE_" + name.upper(), value) for name, value in shown + hidden]


def show(values: dict[str, str] | None = None, wrong: Invalid | None = None) -> Response:
    """The page, with what was typed."""
    who = wide_actor()
    now = values or {name: plain(value) for name, value in stored.everything().items()}
    page = render_template(
        "admin/settings.html", fields=fields(), values=now, wrong=wrong, who=who, environment=environment(),
        writes=who.can("WRITE_SETTINGS") and isinstance(who.merchant_ids, All),
    )
    return make_response(page, 422 if wrong else 200)


def save() -> BaseResponse:
    """Save the settings."""
    try:
        changed = inputs.changes(stored.SettingsInput, payload(request.form), text=True)
        with transaction():
            stored.update(wide_actor(), changed)
    except Invalid as error:
        return show(request.form.to_dict(), error)
    flash("The settings were saved.", "ok")
    return redirect_to("/admin/settings")
