"""Gives the files of tickets in the Core API, as downloads."""

from blueprints.api.contract import Arguments, Outcome
from blueprints.api.core.contract import CONTRACT
from blueprints.api.core.support.tickets import TICKETS
from blueprints.api.description import Description, ExampleBody
from blueprints.api.field_map import number_after
from blueprints.api.verbs import key_of, operation
from blueprints.api.wire.files import BYTES, FileContent
from domain.actor import Actor
from domain.errors import NotFound
from domain.support import ticket_files
from domain.support.ticket_file_store import store

FILE = "attachment_id"
ANSWER = ExampleBody({"type": "string", "description": "The bytes of the file"}, "The bytes of the file")


def download(actor: Actor, arguments: Arguments) -> Outcome:
    """A file of a ticket."""
    ticket_id, said = key_of(TICKETS, arguments.key), arguments.above.get(FILE)
    key = number_after("", said)
    if key is None:
        TICKETS.resource.listing.read(actor, ticket_id)
        raise NotFound("attachment", said)
    found = ticket_files.find(actor, TICKETS.resource.listing, ticket_id, key)
    return Outcome(FileContent(found.name, store.read(found.digest)))


CONTRACT.operations.append(operation(
    TICKETS, "download", "GET", f"/{{key}}/attachments/{{{FILE}}}", download, media=BYTES, positional=("id",),
    summary="Download a file of a ticket", described=Description(answer=ANSWER),
))
