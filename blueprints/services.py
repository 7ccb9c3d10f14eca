"""Defines the services that app.py gives to the blueprints, as one typed object per application."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

from flask import Flask, Response, current_app

from config import Settings
from domain.actor import Actor

NAME = "countinghouse"                  # the key in app.extensions
NEUTRAL_URL = "http://127.0.0.1:8000"   # the address of `make run`, if no public one is set and nothing is served
SERVED_AT = "SERVED_AT"                 # the key in app.config of the address at which this process serves


class Probe(Protocol):
    """The result of a test event; no delivery id without an endpoint."""

    @property
    def delivery_id(self) -> int | None: ...
    @property
    def status_code(self) -> int | None: ...
    @property
    def error(self) -> str | None: ...
    @property
    def delivered(self) -> bool: ...


class ProbeKey(Protocol):
    """Sends a test event to the webhook URL of the calling key."""

    def __call__(self, actor: Actor, event: str, data: Any) -> Probe: ...


class ProbeEndpoint(Protocol):
    """Sends a test event to an endpoint of the actor's; raises NotFound."""

    def __call__(self, actor: Actor, endpoint_id: int) -> Probe: ...


class Documents(Protocol):
    """Writes the machine-readable documents of the contracts, for the installation's URL."""

    @property
    def openapi(self) -> Callable[[str, str], dict[str, Any]]: ...
    @property
    def postman(self) -> Callable[[str], dict[str, Any]]: ...


class TakeNotification(Protocol):
    """Checks and obeys what a gateway says by itself; None for one that is not to be believed or not to be read."""

    def __call__(
        self, gateway: str, merchant_id: int | None, headers: Mapping[str, str], body: bytes
    ) -> bool | None: ...


class Mail(Protocol):
    """A mail that is ready to be sent."""

    @property
    def to(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def page(self) -> str: ...


class SampleMail(Protocol):
    """A kind of mail with sample data, in a merchant's name."""

    def __call__(self, name: str, merchant_id: int, base: str) -> Mail: ...


class TestCharges(Protocol):
    """What the test bank booked for these orders, or for all."""

    def __call__(self, order_ids: list[int] | None) -> list[dict[str, Any]]: ...


class TestPages(Protocol):
    """The test bank's pages: a checkout, and the extra step of a charge. None for an unknown token."""

    def methods(self) -> list[tuple[str, str]]: ...
    def checkout(self, token: str) -> dict[str, Any] | None: ...
    def pay(self, token: str, method: str) -> str | None: ...
    def waiting(self, token: str) -> dict[str, Any] | None: ...
    def confirm(self, token: str, *, approve: bool) -> str | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The services of one application."""

    close_call: Callable[[Response], Response]          # ends a request: its headers, its record
    compress: Callable[[Response], Response]
    probe_key: ProbeKey
    probe_endpoint: ProbeEndpoint
    documents: Documents
    ask_gateway: Callable[[Any], None]                  # ends an attempt, a refund or a question whose row is committed
    start_checkout: Callable[[Any], str | None]         # the gateway's page; None when it does not answer
    come_back: Callable[[int], None]                    # asks what became of a payment's checkout
    come_back_with_card: Callable[[int], None]          # asks whether an order's checkout kept a payment method
    take_notification: TakeNotification
    sample_mail: SampleMail
    test_charges: TestCharges
    test_pages: TestPages
    serve_at: Callable[[str], None]                     # says at which address the server listens
    share_limits: Callable[[int | None], int]                   # see blueprints/shared_counters.py


def install(app: Flask, given: Services) -> None:
    app.extensions[NAME] = given


def services(app: Flask | None = None) -> Services:
    """The services of an application, by default of the current one."""
    return cast(Services, (app or current_app).extensions[NAME])


def ask_outside(begun: Any) -> None:
    """Ask whoever is outside for what an action began; its row is committed."""
    services().ask_gateway(begun)


def settings(app: Flask | None = None) -> Settings:
    """The settings of an application, by default of the current one; `databases.connect` stores them."""
    return cast(Settings, (app or current_app).config["SETTINGS"])


def sends_mail() -> bool:
    """Whether a mail server is set up."""
    return bool(settings().smtp_url)


def public_url(app: Flask | None = None) -> str:
    """The URL of this installation for documents that anybody reads: never the Host that a caller sent."""
    served: str = (app or current_app).config.get(SERVED_AT, NEUTRAL_URL)
    return (settings(app).public_url or served).rstrip("/")


def own_url(host_url: str) -> str:
    """The URL of this installation for somebody who is signed in: as set, else the one of this request."""
    return (settings().public_url or host_url).rstrip("/")
