"""The patterns of JSON Schema say what the server checks, though they count fewer characters as spaces."""

import sys

import jsonschema_rs
import pytest

from domain.inputs.schema_facts import EMAIL, VISIBLE, WEB_ADDRESS

SPACES = [char for char in map(chr, range(sys.maxunicode + 1)) if char.isspace()]


@pytest.mark.parametrize(("facts", "text"), [
    (VISIBLE, "{}"), (WEB_ADDRESS, "https://a{}.example"), (WEB_ADDRESS, "https://a.exa{}mple"),
    (WEB_ADDRESS, "http://localhost:80/{}"), (EMAIL, "a{}b@example.org"), (EMAIL, "ab@exam{}ple.org"),
    (EMAIL, "ab@example.o{}rg"),
])
def test_no_space_of_python_passes_a_pattern_that_refuses_spaces(facts, text):
    schema = jsonschema_rs.validator_for({"type": "string", "pattern": facts.added["pattern"]})
    assert schema.is_valid(text.format("x"))
    assert [hex(ord(space)) for space in SPACES if schema.is_valid(text.format(space))] == []
