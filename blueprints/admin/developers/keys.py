"""Pages of API keys: permissions, networks and use; creation, change and revocation."""

from datetime import date, datetime, timedelta
from typing import Any

from flask import Response, flash, make_response, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin import consequences, customers, key_use, traffic
from blueprints.admin.crud import actions, cells, export, form_token, records
from blueprints.admin.crud.form_fields import plain
from blueprints.admin.crud.listing import Column, ListPage, show_list
from blueprints.admin.developers import key_concerns
from blueprints.admin.developers.key_form import typed
from blueprints.api.credentials import spend_of_key
from blueprints.auth.proof import proven
from blueprints.pages.format import zone
from blueprints.pages.htmx import is_partial, page_or_part, redirect_to
from blueprints.pages.session import actor, may, me, need, private, wide_actor
from blueprints.services import own_url
from database import transaction
from domain import clock, inputs, zones
from domain.errors import Conflict, DomainError, Invalid, PreconditionFailed, Problem
from domain.integrations import api_keys, key_secrets
from domain.listing import expect
from domain.pages import Query
from domain.permissions import KEY_PERMISSIONS, scope_title
from models.credential import Credential, Mode

SOON = timedelta(days=14)
TABS = {"active": "Active", "expiring": "Expiring soon", "unused": "Never used", "paused": "Paused",
        "revoked": "Revoked", "all": "All"}
PRESETS = {"30": "30 days", "90": "90 days", "365": "1 year", "custom": "Custom", "never": "Never"}


def tab_filters(tab: str) -> dict[str, Any]:
    """The clauses of a tab."""
    mode: dict[str, Any] = {"mode": Mode.TEST if me().session.test_mode else Mode.LIVE}
    if tab == "active":
        return mode | {"status": "ACTIVE"}
    if tab == "expiring":
        return mode | {"status": "ACTIVE", "expires_before": clock.now() + SOON}
    if tab == "unused":
        return mode | {"status": "ACTIVE", "id": key_use.unused(candidates())}
    return mode | ({"status": tab.upper()} if tab in ("paused", "revoked") else {})


def candidates() -> list[int]:
    """The ids of the keys that can be used now."""
    mode = Mode.TEST if me().session.test_mode else Mode.LIVE
    query = Query(filters={"status": "ACTIVE", "mode": mode}, limit=2000)
    return [record.id for record in api_keys.LISTING.page(actor(), query).records]


class KeyPage(ListPage):
    """The list of keys, also filtered by its tab and the test mode."""

    @property
    def creates(self) -> bool:
        return may(self.resource.write_scope)

    def filters(self, who: Any) -> dict[str, Any]:
        return tab_filters(current_tab())


def current_tab() -> str:
    """The tab in the URL."""
    tab = request.args.get("tab", "active")
    return tab if tab in TABS else "active"


def warnings(verb: str, record: Any) -> tuple[str, ...]:
    """What would stop with a key, for the confirmation of its revocation."""
    return consequences.of_key(record, wide_actor())


PAGE = KeyPage(
    resource=api_keys.RESOURCE,
    mount="/keys",
    warnings=warnings,
    show="admin/key.html",
    details="admin/_key.html",
    context=lambda record: context(record),
    title="API keys",
    group="Developers",
    position=210,
    keys="k",
    icon="key",
    guarded=True,
    audit_verbs={
        "former_secret_ended": "ended the former secret of", "leaked": "reported a leak of",
        "expiry_noticed": "sent a notice of the expiry of",
    },
    about="Keys open the Public API for programs. Only a hash is stored, so a key is shown once.",
    columns=(
        Column(name="name", title="Key", kind="link", sort="name"),
        Column(name="scopes", shown=lambda row: ", ".join(map(scope_title, row.scopes))),
        Column(name="allowed_ips", title="Network", shown=lambda row: ", ".join(row.allowed_ips) or "Any IP"),
        Column(name="expires_at", title="Expires", kind="until", sort="expires_at"),
        Column(name="last_used", title="Last used"),
        Column(name="requests", title="Requests, 7 d", kind="number"),
    ),
)


def register(bp: Any) -> None:
    """Register the URLs of the keys' pages."""
    read, write = need("READ_KEYS"), need("WRITE_KEYS")
    bp.add_url_rule("/keys", "api_keys_list", read(show_keys), methods=["GET"])
    bp.add_url_rule("/keys.csv", "api_keys_export", read(download), methods=["GET"])
    bp.add_url_rule("/keys/new", "api_keys_new", write(ask_for_key), methods=["GET"])
    bp.add_url_rule("/keys", "api_keys_create", write(proven(create)), methods=["POST"])
    bp.add_url_rule("/keys/<int:key>", "api_keys_show", read(show), methods=["GET"])
    bp.add_url_rule("/keys/<int:key>/edit", "api_keys_edit", write(edit), methods=["GET"])
    bp.add_url_rule("/keys/<int:key>", "api_keys_save", write(proven(save)), methods=["POST"])
    actions.register(bp, PAGE)


def show_keys() -> Response:
    """The keys of a tab with their state."""
    traffic.freshen()
    counts = {tab: api_keys.LISTING.count(actor(), **tab_filters(tab)) for tab in TABS}
    concerns = 0 if is_partial() else len(key_concerns.of(key_concerns.looked_at().records))
    return show_list(PAGE, tab=current_tab(), tabs=TABS, counts=counts, use=key_use.of, now=clock.now(), soon=SOON,
                     concerns=concerns, table="admin/_keys.html", whole="admin/keys.html")


def download() -> Response:
    """The keys of a tab as a file."""
    who = actor()
    found = list(api_keys.LISTING.stream(who, PAGE.query(who)))
    use = key_use.of([record.id for record in found])
    names = ("name", "merchant_name", "mode", "status", "prefix", "scopes", "allowed_ips", "rate_limit_per_hour",
             "rate_limit_per_minute", "rate_limit_per_day", "expires_at", "created_at")
    rows = ([record.id, *(_flat(getattr(record, name)) for name in names), *_used(use.get(record.id))]
            for record in found)
    return export.send("api-keys", ("id", *names, "last_used_at", "last_ip", "requests_7d"), rows)


def _flat(value: Any) -> Any:
    return " ".join(value) if isinstance(value, list) else value


def _used(use: key_use.Use | None) -> tuple[Any, ...]:
    return (use.last_at, use.last_ip, use.requests) if use else (None, None, 0)


def show(key: int) -> Response:
    """One key: its permissions, its networks, its use."""
    traffic.freshen()
    return records.show(PAGE, key)


def context(record: Any) -> dict[str, Any]:
    """The use of a key, for its page."""
    customer = record.customer_id
    return {
        "former": key_secrets.former(record.id) if record.former_until else (),
        "use": key_use.of([record.id]).get(record.id), "now": clock.now(), "soon": SOON,
        "concerns": key_concerns.of([record]), **key_concerns.offers(),
        "left": spend_of_key(record, 0) if record.status == "ACTIVE" else None,
        "customer_url": customers.PAGE.at(customer) if customer else None,
    }


# Creating a key ---------------------------------------------------------------------------------------


def ask_for_key() -> Response:
    """The form, with defaults: 90 days, read access to everything."""
    mode = Mode.TEST if me().session.test_mode else Mode.LIVE
    values = {"expires": "90", "rate_limit_per_hour": "1000", "mode": mode.value}
    return form(values | {f"scope_{one.name}": "none" if one.single else "read" for one in KEY_PERMISSIONS})


def form(values: dict[str, str], row: Any = None, wrong: DomainError | None = None) -> Response:
    """The form as a dialog or as a page, with what was typed."""
    response = page_or_part(
        "admin/key_form.html", "admin/_key_dialog.html", here=PAGE, values=values, row=row, wrong=wrong,
        permissions=KEY_PERMISSIONS, presets=PRESETS, address=request.remote_addr, who=records.acting(PAGE, row),
        today=clock.now().astimezone(zones.of_actor(records.acting(PAGE, row))),
        once=form_token.token() if row is None else "", **records.choice_of(PAGE, row),
    )
    if wrong:
        response.status_code = records.REFUSED.get(type(wrong), 422)
    return response


def create() -> BaseResponse:
    """Create a key and show it once; the response must not be cached."""
    shown: dict[str, Any] = {}

    def store() -> str:
        row, secret = api_keys.create(who, new)
        shown.update(key=row.id, name=row.name, secret=secret, test=row.mode is Mode.TEST)
        return PAGE.url("show", key=row.id)

    try:
        given, who = read_new(), records.acting(PAGE, None)
        new = api_keys.fresh(who, given)
        with transaction():
            address, _ = form_token.create_once(store)
    except (Invalid, Conflict) as error:
        return form(request.form.to_dict(), wrong=error)
    if not shown:
        flash("This key was created already. Its secret was shown then, and is shown only once.", "bad")
        return redirect_to(address)
    return show_secret(**shown)


def show_secret(status: int = 201, **given: Any) -> Response:
    """A new secret, this once, as a dialog or as a page."""
    template = "admin/_key_secret.html" if is_partial() else "admin/key_secret.html"
    return private(make_response(render_template(template, **given, base=own_url(request.host_url), here=PAGE), status))


def read_new() -> api_keys.KeyInput:
    """The form, typed; raises Invalid with every mistake, a missing merchant included."""
    unnamed = records.choice_of(PAGE, None)["merchants"] and records.chosen_merchant() is None
    missing = {"merchant_id": Problem("missing", "is required")} if unnamed else {}
    try:
        given = typed(request.form, records.acting(PAGE, None))
        new = inputs.parse(api_keys.KeyInput, given, text=True, zone=zone().key)
    except Invalid as error:
        raise Invalid(error.message, fields=missing | error.fields) from None
    if missing:
        raise Invalid.several(missing)
    return new


# Changing a key -------------------------------------------------------------------------------------


def edit(key: int) -> Response:
    """The form of a key."""
    row = api_keys.LISTING.get(wide_actor(), key)
    return form(values_of(row), row)


def values_of(row: Credential) -> dict[str, str]:
    """A key's values for the form."""
    values = {name: plain(getattr(row, name)) for name in (
        "name", "description", "rate_limit_per_hour", "rate_limit_per_minute", "rate_limit_per_day", "allowed_ips",
        "webhook_url",
    )}
    values |= {f"scope_{one.name}": one.level(row.scopes) for one in KEY_PERMISSIONS}
    values["expires"] = "custom" if row.expires_at else "never"
    values["expires_on"] = _last_day(row.expires_at, row).isoformat() if row.expires_at else ""
    return values | {"mode": row.mode.value}


def save(key: int) -> BaseResponse:
    """Save changes, which apply from the key's next call on."""
    who = wide_actor()
    try:
        given = typed(request.form, records.acting(PAGE, api_keys.LISTING.get(who, key)))
        given = {name: value for name, value in given.items() if name not in api_keys.KeyInput.only_at_creation}
        changes = inputs.changes(api_keys.KeyInput, given, text=True, zone=zone().key)
        with transaction():
            own, row = api_keys.LISTING.lock(who, key)
            expect(row, cells.seen_version())
            api_keys.update(own, row, unchanged(row, changes))
            name = row.name
    except (Invalid, Conflict, PreconditionFailed) as error:
        return form(request.form.to_dict(), api_keys.LISTING.get(who, key), error)
    flash(f"{name} was saved.", "ok")
    return redirect_to(PAGE.url("show", key=key))


def unchanged(row: Credential, changes: dict[str, Any]) -> dict[str, Any]:
    """Keep an expiry on the same day: the form has days, the key an instant."""
    kept, new = row.expires_at, changes.get("expires_at")
    if kept and isinstance(new, date) and _last_day(kept, row) == new:
        return {name: value for name, value in changes.items() if name != "expires_at"}
    return changes


def _last_day(moment: datetime, row: Credential) -> date:
    """The day of a moment in the zone of the key's merchant."""
    return moment.astimezone(zones.of_merchant(row.merchant_id)).date()
