"""Web addresses of customers and of the pages where a customer is sent after paying."""

import json
import re

import pytest

from domain.errors import Invalid
from domain.inputs import parse
from domain.inputs.schema_facts import WEB_ADDRESS
from domain.people.customers import CustomerInput

pytestmark = pytest.mark.once("is refused for its form, before it reaches SQL")


def website(address):
    return parse(CustomerInput, {"name": "Ada", "website": address}).website


@pytest.mark.parametrize("address", [
    "https://example.org", "HTTP://example.org:8080/a?b[]=c#d", "https://münchen.example/straße", "https://192.0.2.1/",
    "http://localhost:5000/x", "http://[::1]:5000/x", "https://a.b.example.", "https://example.org?x", "https://例え.テスト",
])
def test_an_address_that_a_browser_opens_is_taken_as_it_was_written(address):
    assert website(address) == address
    assert re.search(WEB_ADDRESS.added["pattern"], address)


@pytest.mark.parametrize("address", [
    "https://\u0006\u00b2q.70", "https://example.org/\u0099", "https://example.org/\b", "https://example.org/a b",
    "https://example.org/\r\nLocation: x", "https://example.org/\u2028x", "https://example.org/\u202e", "https://a..b",
    "https://.example", "https://user:secret@example.org/", "https://example.org\\@evil.example", "https://example",
    "https://example.org:port/", "https://example.org/<b>", 'https://example.org/"', "https:example.org", "https://",
    "https:///example.org", "javascript://example.org/%0aalert(1)", "ftp://example.org", "https://\ud800.example",
    "https://\u200b.example", "https://exa\u00admple.org", "https://example.org/\x00",
])
def test_what_no_browser_opens_or_nobody_can_see_is_refused(address):
    with pytest.raises(Invalid) as refused:
        website(address)
    assert set(refused.value.fields) == {"website"}
    assert json.dumps(refused.value.fields["website"].text).isascii()
