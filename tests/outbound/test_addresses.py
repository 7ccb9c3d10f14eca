"""Addresses that webhooks may reach: no spelling of a private one is accepted."""

import pytest

from domain.errors import Invalid
from domain.integrations import addresses, webhooks
from tests import cast

FORBIDDEN = (
    # loopback and unspecified, in every spelling that some resolver takes
    "http://127.0.0.1/", "http://127.0.0.1:8000/", "https://127.1.2.3/", "http://127.1/", "http://127.0.1/",
    "http://2130706433/", "http://0x7f000001/", "http://0x7f.0.0.1/", "http://0177.0.0.1/", "http://017700000001/",
    "http://127.0.0.1./", "http://0/", "http://0.0.0.0/", "http://00000000/", "http://0x0/", "http://127.0.0.0x1/",
    "http://[::1]/", "http://[::]/", "http://[0:0:0:0:0:0:0:1]/", "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/", "http://[::127.0.0.1]/", "http://[::ffff:0:127.0.0.1]/", "http://[::1%25lo]/",
    "http://localhost/", "http://LOCALHOST/", "http://localhost./", "http://localhost.localdomain/",
    "http://x.localhost/", "http://printer/", "http://intranet/", "http://db.internal/", "http://nas.local/",
    "http://router.home.arpa/", "http://metadata.google.internal/computeMetadata/v1/",
    # private, shared, link-local, the clouds' metadata
    "http://10.0.0.1/", "http://10.1/", "http://172.16.0.1/", "http://172.31.255.255/", "http://192.168.1.1/",
    "http://192.168.257/", "http://100.64.0.1/", "http://169.254.169.254/latest/meta-data/", "http://2852039166/",
    "http://168.63.129.16/", "http://[fe80::1]/", "http://[fc00::1]/", "http://[fd00:ec2::254]/",
    "http://[fec0::1]/", "http://[::ffff:10.0.0.1]/",
    # reserved, documentation, benchmarks, multicast, broadcast
    "http://192.0.0.8/", "http://192.0.2.1/", "http://198.18.0.1/", "http://198.51.100.1/", "http://203.0.113.1/",
    "http://192.88.99.1/", "http://224.0.0.1/", "http://239.255.255.250/", "http://240.0.0.1/",
    "http://255.255.255.255/", "http://[ff02::1]/", "http://[2001:db8::1]/", "http://[100::1]/",
    "http://[3fff::1]/",
    # IPv6 that carries an IPv4 address
    "http://[64:ff9b::7f00:1]/", "http://[64:ff9b:1::1]/", "http://[2002:7f00:1::]/", "http://[2002:a00:1::]/",
    "http://[2001:0:7f00:1::]/", "http://[5f00::1]/",
    # other schemes, and what only looks like a web address
    "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "javascript:alert(1)", "//example.com/",
    "http:example.com", "http:///example.com", "example.com/hook", "http://", "https://?x", "unix:///run/docker.sock",
    # credentials, tricks with the parts
    "http://user@example.com/", "http://user:secret@example.com/", "http://example.com@127.0.0.1/",
    "http://127.0.0.1\\@example.com/", "http://example.com:0/", "http://example.com:99999/", "http://example.com:x/",
    "http://[::1/", "http://exa mple.com/", "http://example.com/a\nb", "http://\t127.0.0.1/", " http://127.0.0.1/",
    "http://①②⑦.⓪.⓪.①/", "http://127。0。0。1/", "http://%31%32%37.0.0.1/", "http://1.2.3.4.5/", "http://1.2.3.256/",
    "http://a..example.com/", "http://-example.com/", "http://exam_ple.com/", "http://example.com\x00.evil.com/",
)
ALLOWED = (
    "https://example.com/hook", "http://example.com", "https://hooks.example.co.uk:8443/a/b?c=d", "https://1.1.1.1/",
    "http://8.8.8.8:8080/x", "https://[2606:4700:4700::1111]/", "https://xn--bcher-kva.example/", "HTTPS://EXAMPLE.COM/",
)


def test_many_spellings_of_private_addresses_are_tried():
    assert len(FORBIDDEN) >= 75


@pytest.mark.parametrize("url", FORBIDDEN)
def test_a_private_address_is_refused_at_registration(context, url):
    with pytest.raises(Invalid) as caught:
        addresses.check_url(url)
    assert set(caught.value.fields) == {"url"}


@pytest.mark.parametrize("url", ALLOWED)
def test_a_public_address_is_taken(url):
    assert addresses.check_url(url) == url


@pytest.mark.parametrize(("url", "allowed"), [
    ("http://10.0.0.7/hook", ("10.0.0.7",)), ("http://10.0.0.7:81/", ("10.0.0.7:81",)),
    ("http://billing/hook", ("billing",)), ("http://billing.internal:8080/", ("billing.internal:8080",)),
    ("http://[fd00::7]/", ("fd00::7",)), ("http://[fd00::7]:81/", ("[fd00::7]:81",)),
])
def test_what_the_operator_listed_is_taken(url, allowed):
    assert addresses.check_url(url, allowed) == url


@pytest.mark.parametrize("url", ["http://10.0.0.7/", "http://printer/"])
def test_the_refusal_names_the_setting_that_allows_the_address(url):
    with pytest.raises(Invalid) as refused:
        addresses.check_url(url)
    assert "COUNTINGHOUSE_WEBHOOK_ALLOWED_HOSTS" in str(refused.value.fields["url"])


@pytest.mark.parametrize(("url", "allowed"), [
    ("http://10.0.0.7:82/", ("10.0.0.7:81",)), ("http://10.0.0.70/", ("10.0.0.7",)), ("http://printer/", ("billing",)),
    ("http://user@billing/", ("billing",)), ("ftp://billing/", ("billing",)),
])
def test_an_exception_is_for_that_host_and_port_alone(url, allowed):
    with pytest.raises(Invalid):
        addresses.check_url(url, allowed)


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "http://169.254.169.254/", "http://user:pw@example.com/"])
def test_every_form_and_api_refuses_a_private_address(app, url, alder):
    """The key form, the Core API's endpoints, a key's address changed."""
    with pytest.raises(Invalid):
        cast.make_key(alder, webhook_url=url)
    with pytest.raises(Invalid):
        webhooks.create(cast.actor_for(alder), webhooks.EndpointInput(url=url))


@pytest.mark.parametrize("url", [
    "https://example.com:22/", "http://example.com:25/", "http://93.184.216.34:6667/", "http://[2606:4700::1111]:110/",
    "https://example.com:10080/",
])
def test_the_ports_of_other_services_are_refused(url):
    with pytest.raises(Invalid) as refused:
        addresses.check_url(url, ("example.com",))
    assert "reserved for another protocol" in str(refused.value.fields["url"])


def test_a_port_that_the_operator_listed_with_its_host_is_taken():
    assert addresses.check_url("http://billing:25/", ("billing:25",)) == "http://billing:25/"
