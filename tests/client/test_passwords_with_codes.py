"""An open page of somebody with two-factor is not enough to set the password by which it can be turned off."""

import pytest

from tests.client.authenticator import PASSWORD, set_password, user_at, with_app

EMAIL = "ada@example.org"
OTHER = "six dry candles in a box"


@pytest.fixture
def app_and_codes(ada):
    return with_app(EMAIL)


@pytest.fixture
def opened(browser, alder, app_and_codes):
    """A page of somebody who came by a mail and a code."""
    one = browser()
    one.sign_in(alder, EMAIL)
    assert one.enter_code(app_and_codes[0].code()).status_code == 303
    one.get("/client/security")
    return one


@pytest.mark.parametrize("has_password", [True, False])
def test_without_a_fresh_code_no_password_is_set_and_two_factor_stays_on(opened, app_and_codes, has_password):
    if has_password:
        set_password(EMAIL)
    before = user_at(EMAIL).password_hash
    for typed in ("", "000000", app_and_codes[0].code(), "wrong" * 4):
        reply = opened.post("/client/security/password", {"old_password": typed, "password": OTHER})
        assert reply.status_code == 422
        assert "is neither your password nor a fresh code" in reply.text
    assert opened.post("/client/security/two-factor/off", {"proof": OTHER}).status_code == 422
    assert user_at(EMAIL).password_hash == before
    assert user_at(EMAIL).two_factor_at is not None


@pytest.mark.parametrize("what", ["code", "recovery", "password"])
def test_with_a_fresh_code_or_the_password_it_is_set(opened, browser, alder, app_and_codes, what):
    set_password(EMAIL)
    assert "or a code" in opened.get("/client/security").text
    app, codes = app_and_codes
    typed = {"code": app.code(1), "recovery": codes[2], "password": PASSWORD}[what]
    assert opened.post("/client/security/password", {"old_password": typed, "password": OTHER}).status_code == 303
    assert browser().by_password(alder, EMAIL, OTHER).headers["Location"] == "/client/code"


def test_wrong_codes_are_limited_there_too(opened):
    sent = {"old_password": "123", "password": OTHER}
    assert [opened.post("/client/security/password", sent).status_code for _ in range(11)] == [422] * 10 + [429]
