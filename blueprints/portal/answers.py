"""Describes responses of operations: schemas and examples, in each contract's envelope."""

from blueprints.api import schemas
from blueprints.api.contract import Operation
from blueprints.api.description import Manners, Told


def answer_of(manners: Manners, operation: Operation) -> Told:
    """The schema of the response and an example."""
    exposure, verb = operation.exposure, operation.verb
    if operation.described is not None and operation.described.answer is not None:
        return manners.item(operation.described.answer)
    assert exposure is not None, f"{operation.name} describes no answer"
    row = schemas.row(exposure)
    if verb == "list":
        return manners.collection(row)
    if manners.changes is not None and operation.writes and verb != "create":
        return manners.changes
    if verb == "delete":
        return manners.item(deleted(row, exposure.prefix))
    secret = exposure.resource.secret_field if verb == "create" else ""
    return manners.item(with_secret(row, secret) if secret else row)


def deleted(row: Told, prefix: str) -> Told:
    """The response to a deletion."""
    schema = {
        "title": "Deleted", "type": "object",
        "properties": {
            "id": {"type": "string"},
            "deleted": {"type": "boolean", "description": "false for a row that was only deactivated"},
            "status": {"type": "string", "description": "The status of a row that was not deleted"},
        },
        "required": ["id", "deleted"],
    }
    return Told(schema, {"id": f"{prefix}1", "deleted": True})


def with_secret(row: Told, name: str) -> Told:
    """A new row with its secret, which is shown once."""
    schema = row.schema | {
        "title": "New" + row.schema["title"],
        "properties": row.schema["properties"] | {name: {"type": "string"}},
        "required": [*row.schema["required"], name],
    }
    return Told(schema, row.example | {name: "shown this once"})
