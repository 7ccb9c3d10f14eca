"""IP addresses have one canonical form."""

import pytest

from database.ip_addresses import caller_in, canonical, limited_as


@pytest.mark.parametrize(("spelled", "form"), [
    ("203.0.113.5", "203.0.113.5"), (" 203.0.113.5 ", "203.0.113.5"), ("203.0.113.5:8080", "203.0.113.5"),
    ("[2001:DB8::0:7]:443", "2001:db8::7"), ("[2001:db8::7]", "2001:db8::7"), ("2001:0db8:0000::0007", "2001:db8::7"),
    ("::ffff:203.0.113.5", "203.0.113.5"), ("[::FFFF:cb00:7105]:1", "203.0.113.5"), ("fe80::1%eth0", "fe80::1"),
    ("[fe80::1%25en0]:80", "fe80::1"), ("::1", "::1"),
])
def test_every_spelling_of_an_address_becomes_one(spelled, form):
    assert canonical(spelled) == form
    assert canonical(form) == form


@pytest.mark.parametrize("text", [
    "", "unix:", "web-1.internal", "203.0.113", "203.0.113.5:x", "203.0.113.5:", "203.0.113.05", "203.0.113.5%eth0",
    "fe80::1%", "[203.0.113.5", "1.2.3.4, 5.6.7.8", "::ffff:999.0.0.1", "٢٠٣.0.113.5",
])
def test_what_is_no_address_stays_as_it_is(text):
    assert canonical(text) == text


@pytest.mark.parametrize(("address", "counted"), [
    ("203.0.113.5", "203.0.113.5"), ("::ffff:203.0.113.5", "203.0.113.5"), ("2001:db8:0:1::5", "2001:db8:0:1::/64"),
    ("2001:db8:0:1:ffff::9%eth0", "2001:db8:0:1::/64"), ("junk", "junk"), ("", ""),
])
def test_limits_count_ipv6_by_site(address, counted):
    assert limited_as(address) == counted


@pytest.mark.parametrize(("listed", "trusted", "caller"), [
    ("203.0.113.5", None, "203.0.113.5"),
    ("203.0.113.5:80, 10.0.0.1", None, "203.0.113.5"),
    ("10.0.0.7, 203.0.113.5,198.51.100.1", None, "203.0.113.5"),
    ("10.0.0.7, 192.168.1.1", None, "10.0.0.7"),
    ("unknown, 203.0.113.5", None, "203.0.113.5"),
    ("unknown, also unknown", None, ""),
    ("198.51.100.9, 203.0.113.5, 10.0.0.1", 1, "10.0.0.1"),
    ("198.51.100.9, 203.0.113.5, 10.0.0.1", 2, "203.0.113.5"),
    ("203.0.113.5, 10.0.0.1", 5, "203.0.113.5"),
    ("junk, 10.0.0.1", 2, ""),
    ('"[2001:DB8::1]:443", "::ffff:10.0.0.1"', None, "2001:db8::1"),
    (", ".join(f"2001:db8:1111:2222:3333:4444:5555:{one:x}" for one in range(1, 40)), None,
     "2001:db8:1111:2222:3333:4444:5555:1"),
    ("web-1.internal", None, "web-1.internal"),
])
def test_of_a_list_one_address_is_the_callers_and_is_never_cut(listed, trusted, caller):
    assert caller_in(listed, trusted) == caller
