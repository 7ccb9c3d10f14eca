"""Metadata is unchanged after a round trip through a text field."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.inputs import metadata_text

TEXT = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"), max_size=40)


@settings(
    derandomize=True, database=None, max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow],
)
@given(st.dictionaries(TEXT.filter(str), TEXT, max_size=5))
def test_any_metadata_is_read_back_unchanged(metadata):
    assert metadata_text.read(metadata_text.write(metadata)) == metadata


@pytest.mark.parametrize(("text", "metadata"), [
    ("a=1\nb = x=y ", {"a": "1", "b": "x=y"}), ("flag", {"flag": ""}), ('"a=b"=c', {"a=b": "c"}),
    ('size="5" wide', {"size": '"5" wide'}), ('a="two\\nlines"', {"a": "two\nlines"}), ("\n\n", {}),
    ('"x=1', {'"x': "1"}),
])
def test_what_people_type_into_a_metadata_field_is_read(text, metadata):
    assert metadata_text.read(text) == metadata
