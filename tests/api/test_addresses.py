"""Allowed addresses of keys, forged headers, and plain HTTP."""

import ipaddress
import itertools

import pytest
from werkzeug import routing
from werkzeug.middleware.proxy_fix import ProxyFix

from app import create_app
from blueprints.routing import Rule
from domain import inputs
from domain.access.key_access import is_within
from domain.errors import Invalid
from domain.integrations.api_keys import KeyInput
from tests import cast
from tests.api.conftest import Caller
from tests.api.public.test_envelope import assert_error
from tests.conftest import make_settings

COMPILE = routing.Rule._compile_builder
SPOOFED = (
    "X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Client-IP", "X-Cluster-Client-IP", "CF-Connecting-IP",
    "True-Client-IP", "X-Originating-IP", "X-Forwarded",
)
GOOD = "203.0.113.5"
VALUES = (GOOD, f"{GOOD}, 198.51.100.1", f"198.51.100.1, {GOOD}", f"for={GOOD}", f"::ffff:{GOOD}", f"{GOOD}:443")


def listed(*entries):
    """The list as it is stored."""
    return inputs.parse(KeyInput, {"name": "key", "allowed_ips": list(entries)}).allowed_ips


def call(app, key, peer, headers=None, scheme="http"):
    return Caller(app, key).get(
        "/customers", headers=headers, environ_base={"REMOTE_ADDR": peer}, base_url=f"{scheme}://localhost"
    )


@pytest.mark.parametrize(("entries", "inside", "outside"), [
    (["203.0.113.5"], ["203.0.113.5", "::ffff:203.0.113.5", "::FFFF:cb00:7105"], ["203.0.113.6", "::1", "127.0.0.1"]),
    (["203.0.113.0/24"], ["203.0.113.0", "203.0.113.255", "::ffff:203.0.113.9"], ["203.0.114.0", "203.0.112.255"]),
    (["203.0.113.4/31"], ["203.0.113.4", "203.0.113.5"], ["203.0.113.3", "203.0.113.6"]),
    (["2001:db8::/64"], ["2001:db8::1", "2001:DB8:0:0:ffff::"], ["2001:db8:0:1::1", "203.0.113.5"]),
    (["2001:db8::7"], ["2001:db8::7", "2001:db8:0::0:7"], ["2001:db8::8"]),
    (["::ffff:203.0.113.0/120"], ["203.0.113.77", "::ffff:203.0.113.77"], ["203.0.114.1"]),
    (["198.51.100.1", "2001:db8::/32"], ["198.51.100.1", "2001:db8:9::1"], ["198.51.100.2"]),
    (["0.0.0.0/0"], ["203.0.113.5", "::ffff:203.0.113.5"], ["2001:db8::1"]),
])
def test_a_listed_address_is_let_in_and_no_other(app, alder, entries, inside, outside):
    key = cast.make_key(alder, allowed_ips=entries)[1]
    for address in inside:
        assert call(app, key, address).status_code == 200, address
    for address in outside:
        assert_error(call(app, key, address), 403, "ip_not_allowed", {})


def test_an_empty_list_restricts_nobody(app, alder):
    key = cast.make_key(alder, allowed_ips=[])[1]
    assert call(app, key, "198.51.100.77").status_code == 200


@pytest.mark.parametrize("peer", ["", "junk", "203.0.113", "203.0.113.5:x", "203.0.113.05", "unix:", "a, b"])
def test_a_peer_that_is_no_address_is_nowhere(app, alder, peer):
    key = cast.make_key(alder, allowed_ips=["0.0.0.0/0", "::/0"])[1]
    assert_error(call(app, key, peer), 403, "ip_not_allowed")


@pytest.mark.parametrize(("listed", "peer"), [
    ("203.0.113.5", "203.0.113.5:443"), ("203.0.113.5", "[::ffff:203.0.113.5]:443"), ("2001:db8::7", "[2001:DB8:0::7]"),
    ("fe80::1", "fe80::1%eth0"),
])
def test_ports_brackets_and_zones_are_taken_off(app, alder, records, listed, peer):
    key = cast.make_key(alder, allowed_ips=[listed])[1]
    assert call(app, key, peer).status_code == 200
    assert records[-1]["ip"] == listed
    assert is_within(peer, (ipaddress.ip_network(listed),))


def test_a_proxy_that_adds_ports_is_understood(app, alder, behind, records):
    key = cast.make_key(alder, allowed_ips=["203.0.113.0/24"])[1]
    behind(1)
    assert call(app, key, "10.0.0.1", {"X-Forwarded-For": f"198.51.100.1, {GOOD}:51234"}).status_code == 200
    assert records[-1]["ip"] == GOOD


@pytest.mark.parametrize(("header", "value"), [*itertools.product(SPOOFED, VALUES)])
def test_no_header_moves_a_caller_into_the_list(app, alder, header, value):
    key = cast.make_key(alder, allowed_ips=["203.0.113.0/24"])[1]
    assert_error(call(app, key, "198.51.100.1", {header: value}), 403, "ip_not_allowed")


def test_no_header_moves_a_caller_out_of_the_list(app, alder):
    key = cast.make_key(alder, allowed_ips=["203.0.113.0/24"])[1]
    for header in SPOOFED:
        assert call(app, key, GOOD, {header: "198.51.100.1"}).status_code == 200


def test_a_wrong_key_is_told_nothing_about_the_address_list(app, alder):
    key = cast.make_key(alder, allowed_ips=["203.0.113.0/24"])[1]
    assert_error(call(app, key[:-1] + "!", "198.51.100.1"), 401, "invalid_api_key")


def test_a_refusal_by_address_counts_nothing_and_has_no_limit_headers(app, alder):
    key = cast.make_key(alder, allowed_ips=["203.0.113.5"], rate_limit_per_hour=10)[1]
    reply = call(app, key, "198.51.100.1")
    assert not [name for name, _ in reply.headers if name.startswith("X-RateLimit")]
    assert call(app, key, GOOD).headers["X-RateLimit-Remaining"] == "9"


@pytest.mark.parametrize(("entry", "words"), [
    ("10.0.0.5/8", "did you mean 10.0.0.0/8"), ("10.0.0.0/0.255.255.255", "must be"), ("10.0.0.0/255.0.0.0", "must be"),
    ("10.0.0.0/33", "must be"), ("fe80::1%eth0", "must be"), ("1.2.3", "must be"), ("1.2.3.4.5", "must be"),
    ("example.org", "must be"), ("", "must be"), ("010.0.0.1", "must be"), ("10.0.0.1-10.0.0.9", "must be"),
    ("١.2.3.4", "must be"), ("10.0.0.0/٨", "must be"), ("*", "must be"), ("1.2.3.4\x00", "must be"),
])
def test_an_entry_that_is_no_address_is_refused_with_its_reason(entry, words):
    with pytest.raises(Invalid) as caught:
        listed("203.0.113.1", entry)
    assert words in str(caught.value.fields["allowed_ips"])


def test_entries_are_stored_in_one_form_and_once():
    assert listed("203.0.113.5", " 203.0.113.5/32 ", "::ffff:203.0.113.5", "2001:DB8:0::/64") == [
        "203.0.113.5", "2001:db8::/64"]


def test_a_hundred_entries_are_the_most():
    assert len(listed(*(f"10.0.{one}.0/24" for one in range(100)))) == 100
    with pytest.raises(Invalid):
        listed(*(f"10.0.{one}.0/24" for one in range(101)))


@pytest.fixture
def behind(app, monkeypatch):
    """A function that puts the application behind some proxies, as `create_app` does with the setting."""
    def put(hops):
        monkeypatch.setattr(app, "wsgi_app", ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops))

    return put


def test_behind_one_proxy_the_last_forwarded_address_counts(app, alder, behind):
    key = cast.make_key(alder, allowed_ips=["203.0.113.0/24"])[1]
    behind(1)
    assert call(app, key, "10.0.0.1", {"X-Forwarded-For": GOOD}).status_code == 200
    assert call(app, key, "10.0.0.1", {"X-Forwarded-For": f"198.51.100.1, {GOOD}"}).status_code == 200
    for forwarded in (f"{GOOD}, 198.51.100.1", "junk", f"{GOOD}, junk", "198.51.100.1"):
        assert_error(call(app, key, "10.0.0.1", {"X-Forwarded-For": forwarded}), 403, "ip_not_allowed")
    assert_error(call(app, key, "10.0.0.1"), 403, "ip_not_allowed")


def test_behind_two_proxies_the_one_before_last_counts(app, alder, behind):
    key = cast.make_key(alder, allowed_ips=["203.0.113.0/24"])[1]
    behind(2)
    assert call(app, key, "10.0.0.1", {"X-Forwarded-For": f"{GOOD}, 10.0.0.2"}).status_code == 200
    assert_error(call(app, key, "10.0.0.1", {"X-Forwarded-For": GOOD}), 403, "ip_not_allowed")
    longer = {"X-Forwarded-For": f"{GOOD}, 198.51.100.1, 10.0.0.2"}
    assert_error(call(app, key, "10.0.0.1", longer), 403, "ip_not_allowed")


@pytest.fixture
def policy(app, monkeypatch):
    return lambda name: monkeypatch.setitem(app.config, "REQUIRE_HTTPS", name)


@pytest.mark.parametrize(("rule", "scheme", "peer", "headers", "passes"), [
    ("never", "http", "198.51.100.1", {}, True),
    ("always", "http", "127.0.0.1", {}, False),
    ("always", "https", "198.51.100.1", {}, True),
    ("auto", "http", "127.0.0.1", {}, True),
    ("auto", "http", "127.8.8.8", {}, True),
    ("auto", "http", "::1", {}, True),
    ("auto", "http", "::ffff:127.0.0.1", {}, True),
    ("auto", "http", "198.51.100.1", {}, False),
    ("auto", "http", "10.0.0.1", {}, False),
    ("auto", "http", "", {}, False),
    ("auto", "http", "127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, False),
    ("auto", "http", "127.0.0.1", {"X-Forwarded-Proto": "https"}, False),
    ("auto", "http", "127.0.0.1", {"Forwarded": "proto=https"}, False),
    ("auto", "http", "127.0.0.1", {"Via": "1.1 proxy"}, False),
    ("auto", "http", "198.51.100.1", {"X-Forwarded-Proto": "https"}, False),
    ("auto", "https", "198.51.100.1", {}, True),
])
def test_plain_http_passes_as_the_setting_says(app, alder, policy, rule, scheme, peer, headers, passes):
    key = cast.make_key(alder)[1]
    policy(rule)
    reply = call(app, key, peer, headers, scheme)
    if passes:
        assert reply.status_code == 200
    else:
        assert_error(reply, 403, "https_required", {})
        assert "Location" not in reply.headers


def test_plain_http_is_refused_before_the_key_is_looked_at(app, policy):
    policy("always")
    assert_error(Caller(app, "nonsense").get("/customers"), 403, "https_required")


def test_a_trusted_proxy_says_which_scheme_it_was(app, alder, policy, behind):
    key = cast.make_key(alder)[1]
    policy("auto")
    behind(1)
    headers = {"X-Forwarded-For": "198.51.100.1", "X-Forwarded-Proto": "https"}
    assert call(app, key, "127.0.0.1", headers).status_code == 200
    assert_error(call(app, key, "127.0.0.1", headers | {"X-Forwarded-Proto": "http"}), 403, "https_required")
    assert_error(call(app, key, "127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}), 403, "https_required")


def test_over_https_browsers_are_told_to_stay_there(app, alder):
    assert "max-age" in call(app, cast.make_key(alder)[1], GOOD, scheme="https").headers["Strict-Transport-Security"]


def test_the_settings_reach_the_application(tmp_path):
    made = create_app(make_settings(tmp_path, REQUIRE_HTTPS="always", TRUSTED_PROXIES="2"), sink=lambda record: None)
    assert made.config["REQUIRE_HTTPS"] == "always"
    assert (made.wsgi_app.x_for, made.wsgi_app.x_proto) == (2, 2)


def test_what_builds_an_address_is_compiled_when_it_is_first_built(app, monkeypatch):
    compiled = []

    def compile_builder(rule, append_unknown=True):
        compiled.append(rule.rule)
        return COMPILE(rule, append_unknown)

    monkeypatch.setattr(routing.Rule, "_compile_builder", compile_builder)
    addresses = routing.Map([Rule("/orders/<int:key>", endpoint="order"), Rule("/orders", endpoint="orders")]).bind("x")
    assert compiled == []
    assert [addresses.build("order", {"key": 7}), addresses.build("order", {"key": 8, "tab": "a b"})] == [
        "/orders/7", "/orders/8?tab=a+b"]
    assert compiled == ["/orders/<int:key>"]
    assert all(isinstance(one, Rule) for one in app.url_map.iter_rules())
