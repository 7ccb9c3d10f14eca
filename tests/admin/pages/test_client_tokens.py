"""A customer's token of the Client API, on the customer's page."""

import re

import pytest

from blueprints.admin import traffic
from domain.access import customer_access, customer_tokens
from tests import cast


@pytest.fixture
def ada(alder):
    return cast.make_customer(alder, "Ada Lovelace", email="ada@example.org")


def shown(reply):
    return re.search(r'<code id="secret">([0-9a-f]{64})</code>', reply.text)[1]


def test_a_token_is_created_and_shown_once(admin, ada):
    page = f"/admin/customers/{ada}"
    assert "Create token" in admin.get(page).text
    token = shown(admin.post(page + "/token/issue"))
    assert customer_access.by_token(token).row.customer_id == ada
    after = admin.get(page).text
    assert token not in after
    assert token[:6] in after
    assert "Create token" not in after


def test_replacing_and_revoking_ask_first(admin, ada):
    page = f"/admin/customers/{ada}"
    first = shown(admin.post(page + "/token/issue"))
    assert "The old one stops working immediately." in admin.get(page + "/token/replace/confirm").text
    second = shown(admin.post(page + "/token/issue"))
    assert customer_access.by_token(first).row.revoked_at is not None
    question = admin.get(page + "/token/revoke/confirm").text
    assert "refused immediately" in question
    assert "No program has called" in question
    assert admin.post(page + "/token/revoke").status_code == 303
    assert customer_access.by_token(second).row.revoked_at is not None
    assert customer_tokens.of_customer(ada) is None
    assert admin.post(page + "/token/revoke").status_code in (303, 409, 422)


def test_calls_with_the_token_name_it_to_the_staff_of_its_merchant_alone(admin, ada, alder, birch):
    shown(admin.post(f"/admin/customers/{ada}/token/issue"))
    key = customer_tokens.of_customer(ada).id
    assert traffic.names_of(cast.actor_for(alder), [key]) == {key: "Client API token"}
    assert traffic.names_of(cast.actor_for(birch), [key]) == {}


def test_an_archived_customer_gets_no_token_that_would_open_nothing(admin, ada):
    page = f"/admin/customers/{ada}"
    token = shown(admin.post(page + "/token/issue"))
    admin.post(page + "/archive")
    assert (text := admin.get(page).text).count("programs are refused until the customer is active again") == 1
    assert "Replace…" not in text
    assert admin.post(page + "/token/issue").status_code in (303, 409, 422)
    assert customer_access.by_token(token).row.revoked_at is None            # it opens again with the customer
    admin.post(page + "/token/revoke")
    assert "Create token" not in admin.get(page).text


def test_a_foreign_customers_token_is_out_of_reach(admin, birch):
    foreign = cast.make_customer(birch, "Bea", email="bea@example.org")
    assert admin.post(f"/admin/customers/{foreign}/token/issue").status_code == 404
    assert admin.get(f"/admin/customers/{foreign}/token/revoke/confirm").status_code == 404
    assert customer_tokens.of_customer(foreign) is None
