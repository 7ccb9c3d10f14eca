"""Creates the application; the only module that imports all others. Importing it has no side effects."""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any, NoReturn
from urllib.parse import urlsplit

from flask import Flask, Request, Response, g, redirect
from flask_compress import Compress
from werkzeug.local import LocalProxy
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response as BaseResponse

from analytics.log.spool import Spool
from analytics.metering.call_counter import CallCounter
from blueprints import health
from blueprints.admin import bp as admin_pages
from blueprints.analytics import bp as analytics_pages
from blueprints.api import call, client, core, merchant, pipeline, public, rest
from blueprints.api.contract import Contract
from blueprints.api.core import view as core_view
from blueprints.api.requests import holds
from blueprints.api.wire.answers import WITHOUT_BODY, add
from blueprints.api.wire.window import WindowStorage
from blueprints.auth import bp as auth_pages
from blueprints.cli._command import recover_or_exit, settings_or_exit
from blueprints.cli.console import console
from blueprints.client import bp as client_pages
from blueprints.databases import connect
from blueprints.pages import assets, csrf, errors, format, headers, htmx, session, shell
from blueprints.pay import bp as customer_pages
from blueprints.pay.mails import composing
from blueprints.portal import REFERENCE
from blueprints.portal import bp as reference_pages
from blueprints.routing import Rule
from blueprints.row_keys import RowKey
from blueprints.services import NEUTRAL_URL, SERVED_AT, Services, install, public_url, services
from blueprints.services import settings as own_settings
from blueprints.shared_counters import limiter, share
from config import Settings, command_line
from database import db
from database.ip_addresses import canonical
from domain.integrations import events, webhooks
from domain.invoicing.paying import unpaid
from domain.payments import gateways
from domain.payments.metered.metered_log import call_log
from domain.support.mails.ticket_addresses import settings as mail_settings
from domain.support.ticket_file_store import store
from models import all_tables
from outbound.gateways.manual import Manual
from outbound.gateways.stripe_gateway import stripe_gateway
from outbound.gateways.test_bank import FILE, test_bank
from outbound.gateways.test_bank_pages import TestBankPages
from outbound.mail import mailer
from outbound.payments import from_requests, notifications
from outbound.probe import probe_endpoint, probe_key

LARGEST_BODY = 1024 * 1024              # bytes of an API request or a form
CONTRACTS: tuple[Contract, ...] = (public.CONTRACT, merchant.CONTRACT, client.CONTRACT, core.CONTRACT)
assert all_tables.CLASSES                    # importing the module makes every table known
assert WindowStorage.STORAGE_SCHEME     # importing the module makes window:// known


class Application(Flask):
    """Flask, with responses of the APIs that skip the hooks of pages: sessions, cookies, htmx, CSRF."""

    url_rule_class = Rule

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """No view is asynchronous; Flask's check at every request costs as much as a short query."""
        return func

    def wsgi_app(self, environ: Any, start_response: Any) -> Any:
        """Normalise the caller's address before anything reads it."""
        environ["REMOTE_ADDR"] = canonical(environ.get("REMOTE_ADDR") or "")
        return super().wsgi_app(environ, start_response)

    def raise_routing_exception(self, request: Request) -> NoReturn:
        """Redirect to an address of this server by its path alone, not to the Host that was sent."""
        if isinstance(request.routing_exception, RequestRedirect):
            target = urlsplit(request.routing_exception.new_url)
            query = f"?{target.query}" if target.query else ""
            request.routing_exception.new_url = f"/{target.path.lstrip('/')}{query}"
        super().raise_routing_exception(request)

    def process_response(self, response: Response) -> Response:
        opened: call.Call | None = g.get("call")
        if opened is None or opened.contract is None:
            return super().process_response(response)
        own = services(self)
        if "HTTP_ACCEPT_ENCODING" in opened.request.environ and response.status_code not in WITHOUT_BODY:
            response = own.compress(response)
        add(response, headers.OF_API)
        if opened.request.is_secure:
            add(response, [headers.OVER_HTTPS])
        return own.close_call(response)


def create_app(settings: Settings | None = None, *, sink: Callable[[dict[str, Any]], Any] | None = None) -> Flask:
    """Create the application; `sink` takes request-log records (default: the spool of the settings)."""
    settings = settings or settings_or_exit()
    recover_or_exit(settings)
    app = Application(__name__)
    configure(app, settings)
    connect(app, settings)
    extend(app, settings)
    webhooks.policy.allowed_hosts = settings.webhook_allowed_hosts
    mailer.configure(
        settings.smtp_url, settings.mail_from,
        lambda task: composing.compose(task.payload, task.merchant_id, public_url(app)), store.read,
    )
    mail_settings.configure(settings.mail_from)
    serve_at(app, NEUTRAL_URL)
    call_log.connect(CallCounter(settings.spool))
    store.configure(settings.instance)
    gateways.registry.register(test_bank)
    gateways.registry.register(Manual())
    gateways.registry.register(stripe_gateway)
    holds.set_rule(unpaid.of)
    shape_events()
    serve_pages(app, settings)
    serve_apis(app)
    close_call = call.init_app(app, sink or Spool(settings.spool).append, CONTRACTS)
    install(app, Services(
        close_call=close_call, compress=Compress(app).after_request, documents=REFERENCE,
        probe_key=probe_key, probe_endpoint=probe_endpoint, ask_gateway=from_requests.ask,
        start_checkout=from_requests.start_checkout, come_back=from_requests.come_back,
        come_back_with_card=from_requests.come_back_with_card,
        take_notification=from_requests.take_notification, sample_mail=composing.sample,
        test_charges=test_bank.ledger, test_pages=TestBankPages(test_bank), serve_at=partial(serve_at, app),
        share_limits=partial(share, settings.instance),
    ))
    app.cli = console                   # `flask --app app …` has the same commands
    return app


def shape_events() -> None:
    """Show rows in events as the contracts say."""
    for operation in (one for contract in CONTRACTS for one in contract.operations):
        if (exposure := operation.exposure) is not None and exposure.event_shape:
            prefix, listing = exposure.prefix or f"{exposure.noun}_", exposure.resource.listing
            events.shape(exposure.noun, listing, exposure.show_in_events, prefix)


def serve_at(app: Flask, address: str) -> None:
    """Say where the application is served, for links in mails and for gateways, unless it has a public address."""
    app.config[SERVED_AT] = address
    url = public_url(app)
    test_bank.configure(own_settings(app).instance / FILE, url, notifications.from_test_bank)
    stripe_gateway.configure(url)


def configure(app: Flask, settings: Settings) -> None:
    """Set the configuration of Flask and its extensions."""
    app.config.update(
        SECRET_KEY=settings.secret_keys[0],
        SECRET_KEY_FALLBACKS=list(settings.secret_keys[1:]),
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        MAX_FORM_MEMORY_SIZE=LARGEST_BODY,
        REQUIRE_HTTPS=settings.require_https,
        RATELIMIT_STORAGE_URI=settings.redis_url or "window://",
        RATELIMIT_STORAGE_OPTIONS=redis_options(settings.redis_url),
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_MIMETYPES=["text/html", "application/json", "text/csv"],
        TEMPLATES_AUTO_RELOAD=app.debug,
    )
    app.url_map.converters["int"] = RowKey
    app.url_map.merge_slashes = False       # its redirect is no API response, and repeats the Host that was sent
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]


def redis_options(url: str | None) -> dict[str, Any]:
    """How to connect to Redis, whose client is loaded only when it is configured."""
    found: dict[str, Any] = import_module("blueprints.redis_connections").options(url) if url else {}
    return found


def extend(app: Flask, settings: Settings) -> None:
    """Set up migrations and shared counters."""
    app.extensions.update(migrate=LocalProxy(partial(migrations, app)))
    limiter.init_app(app)
    hook_maps: tuple[Any, ...] = (app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs)
    for hooks in hook_maps:
        # The extension's own hooks run before the key is known; the pipeline calls its strategy.
        hooks[None] = [hook for hook in hooks.get(None, []) if not _is_of(limiter, hook)]


def migrations(app: Flask) -> Any:
    """Load Flask-Migrate when it is asked for: with Alembic it takes 10 MB, and a server never needs it."""
    import_module("flask_migrate").Migrate(app, db, directory=str(app.root_path) + "/migrations")
    return app.extensions.get("migrate")


def _is_of(extension: Any, hook: Any) -> bool:
    """Whether this is a method of the extension, or a partial of one."""
    return getattr(hook, "__self__", None) is extension or extension in getattr(hook, "args", ())


def serve_pages(app: Flask, settings: Settings) -> None:
    """Register the dashboard and its blueprints."""
    for part in (htmx, session, csrf, headers, assets, format, shell):
        part.init_app(app)
    app.jinja_env.globals["command_line"] = command_line
    app.register_blueprint(auth_pages)
    app.register_blueprint(admin_pages)
    app.register_blueprint(analytics_pages)
    app.register_blueprint(reference_pages)
    app.register_blueprint(customer_pages)
    app.register_blueprint(client_pages)
    app.register_blueprint(health.blueprint(settings))
    app.add_url_rule("/", "home", home)


def serve_apis(app: Flask) -> None:
    """Register the contracts, each under its prefixes."""
    for contract in CONTRACTS:
        rest.mount(app, contract)
    core_view.mount(app, core.CONTRACT)
    pipeline.init_app(app, errors.show, neutral=public.CONTRACT)


def home() -> BaseResponse:
    """Redirect the root address to the dashboard."""
    return redirect("/admin/", 303)
