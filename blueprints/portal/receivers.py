"""Describes webhooks in the reference: events, payloads, and complete receivers that verify them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from blueprints.api import schemas
from blueprints.api.contract import Contract, Exposure
from blueprints.api.json_schema import Schema
from blueprints.portal.published import PUBLISHED
from domain.integrations.events import EVENTS, VERSION, EventType

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "receivers"
METADATA: Schema = {
    "title": "EventMetadata", "type": "object",
    "properties": {name: {"type": "string"} for name in ("source", "version", "delivery_id")},
    "required": ["source", "version", "delivery_id"],
}
LANGUAGES = {".py": "Python", ".php": "PHP", ".js": "JavaScript (Node.js)", ".go": "Go"}


def programs() -> list[tuple[str, str, str]]:
    """Language, file name and text of the receivers in docs/receivers."""
    return [
        (title, path.name, path.read_text("utf-8"))
        for suffix, title in LANGUAGES.items() if (path := FOLDER / f"verify{suffix}").is_file()
    ]


def exposure_of(event: str, contracts: Iterable[Contract]) -> Exposure | None:
    """The exposure that shows the noun of an event."""
    noun = event.partition(".")[0]
    operations = [one for contract in contracts for one in contract.operations]
    return next((one.exposure for one in operations if one.exposure and one.exposure.noun == noun), None)


def webhooks(contract: Contract) -> dict[str, Any]:
    """The events as OpenAPI webhooks, for the contract that their payloads use."""
    if contract is not next(iter(PUBLISHED.values())):
        return {}
    return {one.name: {"post": described(one, exposure_of(one.name, (contract,)))} for one in EVENTS}


def described(event: EventType, exposure: Exposure | None) -> dict[str, Any]:
    """The OpenAPI description of an event's request."""
    data: Schema = schemas.row(exposure).schema if exposure else {"type": "object"}
    body: Schema = {
        "title": f"{data.get('title', '')}Event", "type": "object",
        "properties": {
            "event": {"type": "string"}, "timestamp": {"type": "string", "format": "date-time"}, "data": data,
            "metadata": METADATA,
        },
        "required": ["event", "timestamp", "data", "metadata"],
    }
    return {
        "operationId": event.name.replace(".", "_") + "_event", "summary": event.meaning, "security": [],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {"2XX": {"description": "Received; any other response, or none, is retried"}},
    }


def payload() -> dict[str, Any]:
    """The body of a delivery: the event with the resource as the first contract shows it."""
    event = EVENTS[0].name
    exposure = exposure_of(event, PUBLISHED.values())
    assert exposure is not None
    return {
        "event": event, "timestamp": "2026-01-31T12:00:00Z", "data": schemas.row(exposure).example,
        "metadata": {"source": "api", "version": VERSION, "delivery_id": "delivery_1"},
    }
