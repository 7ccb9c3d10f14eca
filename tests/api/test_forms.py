"""Form data with names in brackets: what was nested comes out nested, in every spelling, and nothing else gets in."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import RequestEntityTooLarge

from blueprints.api.wire import forms
from domain.errors import DomainError

pytestmark = pytest.mark.slow

NAMES = st.text(st.characters(exclude_characters="[]", codec="utf-8"), min_size=1, max_size=8).filter(
    lambda name: not name.isdigit())
VALUES = st.text(st.characters(codec="utf-8"), max_size=12)
LINES = st.lists(NAMES, min_size=1, max_size=3, unique=True).flatmap(
    lambda names: st.lists(st.fixed_dictionaries(dict.fromkeys(names, VALUES)), min_size=1, max_size=4))
LEAVES = VALUES | st.lists(VALUES, min_size=1, max_size=4) | LINES
TREES = st.dictionaries(
    NAMES, st.recursive(LEAVES, lambda inner: st.dictionaries(NAMES, inner, min_size=1, max_size=3), max_leaves=6),
    max_size=4)


def spelled(value, name, indexed):
    """The names and values of a tree; lists with empty brackets or with numbers."""
    if isinstance(value, dict):
        for inner, one in value.items():
            yield from spelled(one, f"{name}[{inner}]" if name else inner, indexed)
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from spelled(one, f"{name}[{place if indexed else ''}]", indexed)
    else:
        yield name, value


def multipart(pairs, boundary):
    lines = []
    for name, value in pairs:
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        lines += [f"--{boundary}", f'Content-Disposition: form-data; name="{escaped}"', "", value]
    return "\r\n".join([*lines, f"--{boundary}--", ""]).encode()


@given(tree=TREES, indexed=st.booleans())
def test_a_tree_comes_out_as_it_went_in(tree, indexed):
    assert forms.nested(spelled(tree, "", indexed)) == tree


@given(tree=TREES, indexed=st.booleans())
def test_a_tree_survives_the_urlencoded_body(tree, indexed):
    raw = urlencode(list(spelled(tree, "", indexed))).encode()
    assert forms.read(raw, forms.URLENCODED, None) == tree


PLAIN = st.dictionaries(st.from_regex(r"[a-z]{1,6}", fullmatch=True), VALUES, min_size=1, max_size=5)


@given(tree=PLAIN)
def test_values_survive_the_multipart_body(tree):
    raw = multipart(tree.items(), "a-boundary-that-is-in-no-value")
    assert forms.read(raw, forms.MULTIPART, "a-boundary-that-is-in-no-value") == tree


@given(raw=st.binary(max_size=200), kind=st.sampled_from(forms.KINDS), boundary=st.sampled_from([None, "", "x"]))
def test_any_bytes_are_read_or_refused(raw, kind, boundary):
    try:
        found = forms.read(raw, kind, boundary)
    except (DomainError, RequestEntityTooLarge):
        return
    assert isinstance(found, dict)


ANY_NAME = st.text(alphabet="ab01[]", min_size=1, max_size=14)


@given(pairs=st.lists(st.tuples(ANY_NAME, VALUES), max_size=12))
def test_any_names_are_nested_or_refused(pairs):
    try:
        found = forms.nested(pairs)
    except forms.NotForm:
        return
    assert len(list(leaves(found))) == len(pairs)


def leaves(value):
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from leaves(one)
    else:
        yield value


@pytest.mark.parametrize(("pairs", "found"), [
    ([("a[b]", "1"), ("a[c]", "2")], {"a": {"b": "1", "c": "2"}}),
    ([("a[][b]", "1"), ("a[][c]", "2"), ("a[][b]", "3"), ("a[][c]", "4")],
     {"a": [{"b": "1", "c": "2"}, {"b": "3", "c": "4"}]}),
    ([("a[][b]", "1"), ("a[][b]", "2"), ("a[][c]", "3")], {"a": [{"b": "1"}, {"b": "2", "c": "3"}]}),
    ([("a[1][b]", "2"), ("a[0][b]", "1"), ("a[10][b]", "3")], {"a": [{"b": "1"}, {"b": "2"}, {"b": "3"}]}),
    ([("a[][b][c]", "1"), ("a[][b][d]", "2"), ("a[][b][c]", "3")],
     {"a": [{"b": {"c": "1", "d": "2"}}, {"b": {"c": "3"}}]}),
    ([("a[][b][]", "1"), ("a[][b][]", "2")], {"a": [{"b": ["1", "2"]}]}),
    ([("a[]", "1"), ("a[]", "1")], {"a": ["1", "1"]}),
    ([("a[b", "1"), ("a]b[", "2"), ("[a]", "3"), ("a[b]c", "4"), ("a[][]", "5")],
     {"a[b": "1", "a]b[": "2", "[a]": "3", "a[b]c": "4", "a[][]": "5"}),
])
def test_each_spelling_is_read(pairs, found):
    assert forms.nested(pairs) == found


@pytest.mark.parametrize("pairs", [
    [("a", "1"), ("a", "2")], [("a[b]", "1"), ("a[b]", "2")], [("a", "1"), ("a[b]", "2")], [("a[b]", "1"), ("a", "2")],
    [("a[]", "1"), ("a[b]", "2")], [("a[0]", "1"), ("a[]", "2")], [("a" + "[b]" * 9, "1")], [("a" * 201, "1")],
])
def test_what_contradicts_itself_or_is_too_deep_is_refused(pairs):
    with pytest.raises(forms.NotForm):
        forms.nested(pairs)
