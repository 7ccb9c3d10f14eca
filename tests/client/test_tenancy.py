"""A customer's session reaches nothing of anybody else: a walk over every address of the client area.

Others are a customer of the same merchant, one of another merchant, and one of the other world of the same merchant.
"""

import re
from urllib.parse import quote, urlencode

import pytest

from blueprints.shared_counters import counters
from tests import cast
from tests.client.conftest import sign_in_of
from tests.client.reached import OTHERS, World, everything

KEY = re.compile(r"<(?:int:)?(\w+)>")
WORD = re.compile(r"<any\((\w+)[^>]*>")                  # the first of its words


def rules(app):
    """Every address behind the sign-in of customers, with its methods."""
    open_ones = {"sign_in", "sign_in_at", "ask", "sent", "enter_code", "link", "enter_link", "sign_out",
                 "by_password", "enter_password", "second_factor", "enter_second_factor"}
    return [rule for rule in app.url_map.iter_rules()
            if rule.endpoint.startswith("client_area.") and rule.endpoint.partition(".")[2] not in open_ones]


def filled(rule, values):
    """The address of a rule, with the numbers of these rows."""
    return KEY.sub(lambda found: str(values[found[1]]), WORD.sub(r"\1", rule.rule))


@pytest.fixture
def world(app, alder, birch, ada, signed_in):
    return World(alder, birch, ada)


def test_strangers_are_sent_to_sign_in_from_everywhere(app, browser):
    for rule in rules(app):
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            stranger = browser()
            stranger.get("/client/sign-in/nothing")
            path = filled(rule, dict.fromkeys(rule.arguments, 1))
            reply = stranger.open(method, path, headers={"Sec-Fetch-Site": "same-origin"})
            if method == "GET":
                assert (reply.status_code, reply.headers["Location"]) == (303, "/client/sign-in"), rule
            else:
                assert reply.status_code in (303, 400), rule


def test_every_address_with_a_row_is_walked(app):
    named = {rule.endpoint.partition(".")[2] for rule in rules(app) if rule.arguments}
    assert named == set(OTHERS), (
        "tests/client/reached.py: say in OTHERS which row each address names")


@pytest.mark.parametrize("whose", ["neighbour", "abroad", "other_world"])
def test_no_address_shows_or_changes_a_row_of_somebody_else(app, world, signed_in, whose):
    before = everything()
    for rule in rules(app):
        endpoint = rule.endpoint.partition(".")[2]
        if endpoint not in OTHERS:
            continue
        theirs, mine = world.rows(whose, endpoint), world.rows("own", endpoint)
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            for values in (theirs, *world.mixed(theirs, mine)):
                path = filled(rule, values)
                reply = signed_in.get(path) if method == "GET" else signed_in.post(path, {"message": "taken over"})
                absent = filled(rule, dict.fromkeys(values, 987654))
                missing = signed_in.get(absent) if method == "GET" else signed_in.post(absent, {"message": "x"})
                assert reply.status_code == missing.status_code == 404, (method, path, reply.status_code)
                assert whose not in reply.text
                blind = [re.sub(r'value="[^"]+"', "", one.text) for one in (reply, missing)]
                assert blind[0] == blind[1], path
    assert everything() == before


@pytest.mark.parametrize("query", ["", "?q=canary", "?q=%25", "?q=_", "?which=open", "?which=all&page=1&q=CANARY",
                                   "?customer_id=2", "?merchant_id=2", "?page=2"])
def test_lists_and_searches_hold_own_rows_only(app, world, signed_in, query):
    for rule in rules(app):
        if "GET" in rule.methods and not rule.arguments:
            page = signed_in.get(rule.rule + query)
            assert page.status_code in (200, 303), rule
            assert not re.search(r"<script|<style| style=| on[a-z]+=", page.text), f"{rule}: the policy forbids it"
            text = page.text.replace("CANARY", "").replace('value="canary"', "")
            assert "canary" not in text.lower(), rule
            for one in world.marks:
                assert one not in page.text, (rule, one)


def test_own_rows_are_shown(app, world, signed_in):
    for rule in rules(app):
        endpoint = rule.endpoint.partition(".")[2]
        if endpoint in OTHERS and "GET" in rule.methods:
            path = filled(rule, world.rows("own", endpoint))
            assert signed_in.get(path).status_code in (200, 303, 409), path


def test_a_customer_of_two_merchants_sees_each_apart(browser, alder, birch, ada):
    cast.make_customer(birch, "Ada abroad", email="ada@example.org")
    one, other = browser(), browser()
    one.sign_in(alder, "ada@example.org")
    other.sign_in(birch, "ada@example.org")
    assert "Alder &amp; Sons" in one.get("/client/").text
    assert "Birch" in other.get("/client/").text
    assert "Birch" not in one.get("/client/").text


NASTY = ("\0", "\ud800", "٣", "x" * 5000, "' OR 1=1 --", "<script>", "99999999999999999999", "-1", "")
NAMES = ("q", "page", "which", "subject", "message", "department", "once", "ids", "currency", "when", "first_name",
         "billing_country", "email", "code", "said", "close", "name", "password", "old_password", "proof")


@pytest.mark.parametrize("value", NASTY, ids=range(len(NASTY)))
def test_nothing_that_is_sent_breaks_a_page(app, world, signed_in, alder, value):
    sent = dict.fromkeys(NAMES, value.encode("utf-8", "surrogatepass"))
    query = urlencode(sent)
    for rule in app.url_map.iter_rules():
        if not rule.endpoint.startswith("client_area.") or rule.endpoint.endswith("sign_out"):
            continue
        endpoint = rule.endpoint.partition(".")[2]
        place = {"key": sign_in_of(alder).rpartition("/")[2], "token": "x"}
        path = filled(rule, world.rows("own", endpoint) if endpoint in OTHERS else place)
        if "GET" in rule.methods:
            assert signed_in.get(f"{path}?{query}").status_code < 500, path
        if "POST" in rule.methods:
            signed_in.get("/client/profile")
            assert signed_in.post(path, sent).status_code < 500, path
    counters.forget()
    typed = quote(value.encode("utf-8", "surrogatepass"))
    for path in ("/client/sign-in/%00", "/client/link/%00", f"/client/sign-in/{typed}", f"/client/link/{typed}"):
        assert signed_in.get(path).status_code < 500
