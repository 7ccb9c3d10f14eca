"""Serves the API reference: public pages generated from the contracts' declarations, and documents."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from flask import Blueprint, Response, abort, render_template, url_for
from werkzeug.wrappers import Response as BaseResponse

from blueprints.api.json_schema import Schema
from blueprints.pages import errors, navigation
from blueprints.pages.htmx import redirect_to
from blueprints.pages.navigation import Item
from blueprints.portal import openapi, postman, receivers
from blueprints.portal.entries import entries, groups, pretty, title_of
from blueprints.portal.published import PUBLISHED
from blueprints.services import public_url
from domain.errors import CODES
from domain.integrations.events import EVENTS

bp = Blueprint("portal", __name__, url_prefix="/docs")
errors.attach(bp)
navigation.add(Item(title="API reference", icon="code", path="/docs", position=230, group="Developers", keys="r"))
LONGEST_CHOICE = 14                     # values of a closed set that are listed


class Reference(NamedTuple):
    """Writes the documents for the commands, which may not import this package."""

    openapi: Callable[[str, str], dict[str, Any]]
    postman: Callable[[str], dict[str, Any]]


REFERENCE = Reference(openapi.document, postman.collection)


@dataclass(frozen=True, slots=True)
class Line:
    """A field of a body on the page."""

    name: str
    depth: int
    kind: str
    required: bool
    limits: str


@bp.get("")
def home() -> str:
    """The overview, with the first call."""
    counts = {name: sum(map(len, groups(name).values())) for name in PUBLISHED}
    first = next(one for name in PUBLISHED for one in entries(name) if one.operation.verb == "list")
    return render_template("portal/home.html", published=PUBLISHED, counts=counts, base=public_url(), first=first)


@bp.get("/webhooks")
def webhooks() -> str:
    """The events, their payloads, and how receivers verify signatures."""
    return render_template(
        "portal/webhooks.html", published=PUBLISHED, events=EVENTS, payload=pretty(receivers.payload()),
        programs=receivers.programs(),
    )


@bp.get("/<contract>")
def contract(contract: str) -> BaseResponse:
    """Redirect to the first group of a contract."""
    known_or_404(contract)
    return redirect_to(url_for("portal.group", contract=contract, group=next(iter(groups(contract)))))


@bp.get("/<contract>/<group>")
def group(contract: str, group: str) -> str:
    """The operations of one noun: requests, responses, and a form to try them."""
    known_or_404(contract)
    found = groups(contract)
    if group not in found:
        abort(404)
    return render_template(
        "portal/group.html", published=PUBLISHED,
        contract=PUBLISHED[contract], description=PUBLISHED[contract].description, groups=found, group=group,
        title=title_of(group), title_of=title_of, base=public_url(), pretty=pretty, lines=lines, kind_of=kind_of,
        limits_of=limits_of, refusals=PUBLISHED[contract].description.refusals,
        codes=CODES if PUBLISHED[contract].codes_fields else {},
    )


@bp.get("/openapi/<contract>.json")
def document(contract: str) -> Response:
    """The contract as OpenAPI 3.1."""
    known_or_404(contract)
    return printed(openapi.document(contract, public_url()))


@bp.get("/postman.json")
def collection() -> Response:
    """All contracts as a Postman collection."""
    response = printed(postman.collection(public_url()))
    response.headers["Content-Disposition"] = "attachment; filename=countinghouse.postman_collection.json"
    return response


def printed(document: dict[str, Any]) -> Response:
    """A JSON document in its own order, which Flask's jsonify would sort."""
    return Response(pretty(document), mimetype="application/json")


def known_or_404(name: str) -> None:
    if name not in PUBLISHED:
        abort(404)


# Schemas as text ----------------------------------------------------------------------------------


def lines(schema: Schema, prefix: str = "", depth: int = 0) -> Iterator[Line]:
    """The fields of an object, each followed by those of its parts."""
    required = schema.get("required", ())
    for name, part in schema.get("properties", {}).items():
        if part.get("readOnly"):
            continue
        inner = part.get("items", part)
        path = f"{prefix}{name}"
        yield Line(path, depth, kind_of(part), name in required, limits_of(part))
        if inner.get("properties"):
            yield from lines(inner, path + ("[]." if "items" in part else "."), depth + 1)


def kind_of(schema: Schema) -> str:
    """A type as text: string or null, list of objects."""
    kind = schema.get("type", "anything")
    words = " or ".join(kind) if isinstance(kind, list) else str(kind)
    if "items" in schema:
        words = words.replace("array", f"list of {kind_of(schema['items'])}s")
    return f"{words} ({schema['format']})" if "format" in schema else words


def limits_of(schema: Schema) -> str:
    """Bounds, choices and the default as text."""
    said = [str(schema["description"])] if "description" in schema else []
    choices = schema.get("enum") or schema.get("items", {}).get("enum")
    if choices:
        said.append("one of " + ", ".join(str(one) for one in choices[:LONGEST_CHOICE] if one is not None))
    for name, words in BOUNDS.items():
        if name in schema:
            said.append(words.format(schema[name]))
    if "pattern" in schema and "description" not in schema:
        said.append("such as " + schema["pattern"].strip("^$").replace("[1-9][0-9]*", "12"))
    if schema.get("default") not in (None, {}, []):
        said.append(f"{schema['default']} when left out".replace("True", "true").replace("False", "false"))
    return "; ".join(said)


BOUNDS: dict[str, Any] = {
    "minimum": "at least {:,}", "exclusiveMinimum": "more than {:,}", "maximum": "at most {:,}",
    "minLength": "{:,} or more characters", "maxLength": "{:,} characters at most", "minItems": "{:,} or more entries",
    "maxItems": "{:,} entries at most",
}
