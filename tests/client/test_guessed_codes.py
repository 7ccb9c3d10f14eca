"""The codes of sign-in mails cannot be guessed by asking for many: after 30 wrong ones in a day only links work."""

from datetime import timedelta

from blueprints.shared_counters import counters
from domain import clock
from tests.client.conftest import code_of, last_mail, link_of, sign_in_of

EMAIL = "ada@example.org"


def wrong_for(mail):
    return "000000" if code_of(mail) != "000000" else "111111"


def guess(browser, alder, times):
    """Type wrong codes for mails that others ask for, without reaching the limits of 15 minutes."""
    for number in range(times // 5):
        counters.forget()
        one = browser(REMOTE_ADDR=f"198.51.100.{number}")
        one.ask(alder, EMAIL)
        wrong = wrong_for(last_mail())
        for _ in range(5):
            assert one.post(f"{sign_in_of(alder)}/sent", {"code": wrong}).status_code == 422


def by_code(one, alder):
    counters.forget()
    one.ask(alder, EMAIL)
    return one.post(f"{sign_in_of(alder)}/sent", {"code": code_of(last_mail())})


def test_after_thirty_wrong_codes_the_right_one_opens_nothing_and_the_link_does(browser, alder, ada):
    guess(browser, alder, 30)
    one = browser()
    reply = by_code(one, alder)
    assert reply.status_code == 422
    assert "press the button in the mail" in reply.text
    link = link_of(last_mail())
    one.get(link)
    assert one.post(link).headers["Location"] == "/client/"


def test_a_few_wrong_ones_of_others_keep_nobody_out(browser, alder, ada):
    guess(browser, alder, 25)
    assert by_code(browser(), alder).status_code == 303


def test_the_users_own_browser_goes_on(browser, alder, ada):
    own = browser()
    own.sign_in(alder, EMAIL)
    own.get("/client/")
    own.post("/client/sign-out")
    guess(browser, alder, 30)
    assert by_code(own, alder).status_code == 303


def test_a_day_later_codes_work_again(browser, alder, ada, monkeypatch):
    guess(browser, alder, 30)
    now = clock.now() + timedelta(days=1, seconds=1)
    monkeypatch.setattr(clock, "now", lambda: now)
    assert by_code(browser(), alder).status_code == 303
