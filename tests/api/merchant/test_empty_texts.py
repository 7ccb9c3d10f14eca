"""An empty text means null or nothing, as in forms: where the server takes it, the document says so."""

import pytest

from app import CONTRACTS
from blueprints.api import schemas
from domain import inputs
from domain.errors import Invalid

EXPOSURES = {
    exposure.name: exposure for contract in CONTRACTS if contract.reads_text for exposure in
    {id(one.exposure): one.exposure for one in contract.operations if one.exposure is not None}.values()
    if exposure.resource.input is not None and exposure.resource.update is not None
}


def takes_empty(exposure, name):
    """Whether a change may have this field as an empty text."""
    try:
        inputs.changes(exposure.resource.input, {name: ""}, text=True)
    except Invalid:
        return False
    return True


@pytest.mark.parametrize("name", sorted(EXPOSURES))
def test_a_change_takes_an_empty_text_where_its_document_says_so(name):
    exposure = EXPOSURES[name]
    body = schemas.body(exposure, new=False).schema
    inner = body["properties"][exposure.wrapper]["properties"] if exposure.wrapper else body["properties"]
    wrong = []
    for wire, one in exposure.fields.items():
        schema = inner.get(wire, {})
        closed = ("enum" in schema or "pattern" in schema) and "title" not in schema      # else a component
        allowed = "" in schema["enum"] if "enum" in schema else schema.get("pattern", "").startswith("^$|")
        known = one.name in exposure.resource.input.model_fields and one.name not in exposure.required
        if closed and one.writable and known:            # what is required is refused by the contract itself
            wrong += [wire] if allowed != takes_empty(exposure, one.name) else []
    assert wrong == []
