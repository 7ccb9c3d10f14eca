"""merchants.set_logo and merchants.remove_logo: what customers see beside a merchant's name."""

from dataclasses import replace
from typing import Any

from blueprints.api.contract import Arguments, Outcome
from blueprints.api.core.administration import MERCHANTS
from blueprints.api.core.contract import CONTRACT
from blueprints.api.description import Description, ExampleBody
from blueprints.api.verbs import body_of, changed, locked, operation
from blueprints.services import public_url
from domain.actor import Actor
from domain.errors import Invalid
from domain.people import logos

SAMPLE = "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAAAAAA6mKC9AAAAD0lEQVR42mNwQgMMI1sAABMdQgEgEQ+BAAAAAElFTkSuQmCC"
IMAGE = ExampleBody(
    {
        "title": "LogoFile", "type": "object", "additionalProperties": False, "required": ["image"],
        "properties": {"image": {
            "type": "string", "contentEncoding": "base64",
            "description": "A PNG or JPEG file of at most 200 kB, a million pixels and 2000 pixels on each side",
        }},
    },
    {"image": SAMPLE},
)
SHOWN: dict[str, Any] = {
    "url": "https://billing.example.com/logo/" + "0" * 64, "mime_type": "image/png", "width": 16, "height": 16,
}
LOGO = ExampleBody(
    {
        "title": "Logo", "type": "object", "required": list(SHOWN),
        "properties": {
            "url": {"type": "string", "format": "uri"}, "mime_type": {"type": "string"},
            "width": {"type": "integer"}, "height": {"type": "integer"},
        },
    },
    SHOWN,
)


def set_logo(actor: Actor, arguments: Arguments) -> Outcome:
    """Show a picture as the merchant's logo."""
    own, merchant = locked(MERCHANTS, actor, arguments)
    image = body_of(arguments).get("image")
    if not isinstance(image, str):
        missing = image is None
        raise Invalid.field("image", "is required" if missing else "must be a string", "missing" if missing else "type")
    logo = logos.put_text(own, merchant, image)
    return Outcome({
        "url": f"{public_url()}/logo/{logo.digest}", "mime_type": logo.mime_type, "width": logo.width,
        "height": logo.height,
    })


def remove_logo(actor: Actor, arguments: Arguments) -> Outcome:
    """Show the merchant's initials again."""
    own, merchant = locked(MERCHANTS, actor, arguments)
    logos.remove(own, merchant)
    return changed(MERCHANTS, actor, merchant.id)


CONTRACT.operations += [
    replace(
        operation(
            MERCHANTS, "set_logo", "POST", "/{key}/set_logo", set_logo, takes_body=True, positional=("id", "image"),
            summary="Show a picture as the merchant’s logo",
        ),
        described=Description(body=IMAGE, answer=LOGO),
    ),
    replace(
        operation(
            MERCHANTS, "remove_logo", "POST", "/{key}/remove_logo", remove_logo, positional=("id",),
            summary="Show the merchant’s initials instead of a logo",
        ),
        described=Description(answer=ExampleBody({"type": "integer", "const": 1}, 1)),
    ),
]
