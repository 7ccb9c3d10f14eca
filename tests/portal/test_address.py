"""Which address of the installation documents and redirects print: never the Host that a caller sent."""

import re
from dataclasses import replace

import pytest

from blueprints.services import NEUTRAL_URL, public_url, services
from outbound.gateways.test_bank import test_bank

PLANTED = {"Host": "evil.example"}
DOCUMENTS = (
    "/docs", "/docs/openapi/public.json", "/docs/openapi/core.json", "/docs/postman.json", "/docs/public/customers",
)


def addresses(app):
    """Every address that a stranger can ask for with GET, with and without a slash at the end."""
    for rule in app.url_map.iter_rules():
        if "GET" in rule.methods:
            path = re.sub(r"<[^>]*>", "1", rule.rule)
            yield from {path, path + "/", path.rstrip("/") or "/"}


def test_no_address_repeats_the_host_that_was_sent(app):
    client = app.test_client()
    for path in {*addresses(app), *DOCUMENTS, "//", "//admin"}:
        reply = client.get(path, headers=PLANTED)
        assert "evil.example" not in reply.text, path
        assert not [value for _, value in reply.headers if "evil.example" in value], path
    assert client.get("/admin?q=1", headers=PLANTED).location == "/admin/?q=1"


@pytest.mark.parametrize("path", DOCUMENTS)
def test_documents_print_the_public_address_or_a_neutral_one(app, monkeypatch, path):
    client = app.test_client()
    assert NEUTRAL_URL in client.get(path, headers=PLANTED).text
    public = replace(app.config["SETTINGS"], public_url="https://billing.example.com")
    monkeypatch.setitem(app.config, "SETTINGS", public)
    text = client.get(path, headers=PLANTED).text
    assert "https://billing.example.com" in text
    assert NEUTRAL_URL not in text


def test_links_lead_to_where_the_server_listens_unless_there_is_a_public_address(app, monkeypatch):
    here, public = "http://127.0.0.1:9123", "https://billing.example.com"
    try:
        services(app).serve_at(here)
        assert (public_url(app), test_bank.url) == (here, here)
        monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], public_url=public))
        services(app).serve_at(here)
        assert (public_url(app), test_bank.url) == (public, public)
    finally:
        monkeypatch.undo()
        services(app).serve_at(NEUTRAL_URL)
