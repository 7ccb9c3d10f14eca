"""Webhooks in the reference: the events, what is sent, and complete receivers that verify it."""

from pathlib import Path
from typing import Any

from blueprints.api import public
from blueprints.portal import samples, schemas
from domain.integrations.events import VERSION

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "receivers"
LANGUAGES = {".py": "Python", ".php": "PHP", ".js": "JavaScript (Node.js)", ".go": "Go"}


def programs() -> list[tuple[str, str, str]]:
    """Language, file name and text of the receivers that are in docs/receivers now."""
    return [
        (title, path.name, path.read_text("utf-8"))
        for suffix, title in LANGUAGES.items() if (path := FOLDER / f"verify{suffix}").is_file()
    ]


def payload() -> dict[str, Any]:
    """The body of a delivery: the resource as the Public API shows it, with its event around it."""
    exposure = public.BUDGETS
    data = samples.answer(exposure, schemas.shown(exposure)) | {"status": "APPROVED", "approvedBy": "api_key_1"}
    return {
        "event": "budget.approved", "timestamp": "2026-01-31T12:00:00Z", "data": data,
        "metadata": {"source": "api", "version": VERSION, "delivery_id": "delivery_1"},
    }
