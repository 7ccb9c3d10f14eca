"""Describes responses of operations: schemas and examples, in each contract's envelope."""

from blueprints.api import schemas
from blueprints.api.contract import Operation
from blueprints.api.description import SECRET, ContractDescription, ExampleBody


def answer_of(description: ContractDescription, operation: Operation) -> ExampleBody:
    """The schema of the response and an example."""
    exposure, verb = operation.exposure, operation.verb
    if operation.described is not None and operation.described.answer is not None:
        return description.item(operation.described.answer)
    assert exposure is not None, f"{operation.name} describes no answer"
    row = schemas.row(exposure)
    if verb == "list":
        return description.collection(row)
    may_keep = verb == "delete" and exposure.resource.delete is not None and exposure.resource.delete.may_keep
    if description.changes is not None and operation.writes and verb != "create":
        return or_kept(description.changes, row, exposure.prefix) if may_keep else description.changes
    if verb == "delete":
        return description.item(deleted(row, exposure.prefix))
    secret = exposure.resource.secret_field if verb == "create" else ""
    return description.item(with_secret(row, secret) if secret else row)


def deleted(row: ExampleBody, prefix: str) -> ExampleBody:
    """The response to a deletion."""
    schema = {
        "title": "Deleted", "type": "object",
        "properties": {
            "id": {"type": "string" if prefix else "integer"},
            "deleted": {"type": "boolean", "description": "false for a row that was only deactivated"},
            "status": {"type": "string", "description": "The status of a row that was not deleted"},
        },
        "required": ["id", "deleted"],
    }
    return ExampleBody(schema, {"id": f"{prefix}1", "deleted": True})


def or_kept(done: ExampleBody, row: ExampleBody, prefix: str) -> ExampleBody:
    """The response to a deletion that may only deactivate the row."""
    kept = deleted(row, prefix).schema
    return ExampleBody({"anyOf": [done.schema, kept]}, done.example)


def with_secret(row: ExampleBody, name: str) -> ExampleBody:
    """A new row with its secret, which is shown once."""
    schema = row.schema | {
        "title": "New" + row.schema["title"],
        "properties": row.schema["properties"] | {name: SECRET},
    }
    return ExampleBody(schema, row.example | {name: "shown this once"})
