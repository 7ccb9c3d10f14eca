"""The Postman collection is run as Postman runs it: every answer is asserted, and nothing of it stays.

Skipped are only calls that leave something behind; they run when the variable `everything` is set.
"""

import json
import re
import time

import pytest

from blueprints.portal import postman
from blueprints.portal.entries import entries
from blueprints.portal.published import PUBLISHED
from database import Model, db
from domain.integrations import webhooks
from tests.api.test_every_operation import World

pytestmark = pytest.mark.slow

# What says that something happened, and is kept after the row is gone.
RECORDS = {
    "audit_entries", "audit_chains", "audit_links", "outbox_tasks", "webhook_deliveries", "webhook_attempts",
    "idempotent_replies", "form_tokens",
}
NUMBERS = re.compile(r"(currencies|departments?|priorities|priority)_id")    # by numbers that every installation has
SKIP = re.compile(r'!pm\.collectionVariables\.get\("(\w+)"\)')
STATUS = re.compile(r"to\.have\.status\((\d+)\)")
SET = re.compile(
    r'(if \(.+\.length\) )?pm\.collectionVariables\.set\("(\w+)", pm\.response\.json\(\)((?:\.\w+|\[0\])*)\);')


class Player:
    """Runs a collection's requests, with its variables and scripts."""

    def __init__(self, app, found, **given):
        self.client, self.items = app.test_client(), found["item"]
        self.known = {one["key"]: one["value"] for one in found["variable"]} | given
        self.ran, self.skipped = [], []

    def filled(self, text):
        text = text.replace("{{$timestamp}}", str(int(time.time())))
        return re.sub(r"\{\{(\w+)\}\}", lambda name: str(self.known[name[1]]), text)

    def run(self):
        for contract in self.items:
            for part in contract["item"]:
                for one in part["item"]:
                    self.call(f"{part['name']}: {one['name']}", one)

    def call(self, name, one):
        scripts = {each["listen"]: each["script"]["exec"] for each in one["event"]}
        needed = SKIP.findall("".join(scripts.get("prerequest", ())))
        if any(not self.known.get(each) for each in needed):
            self.skipped.append(name)
            return
        asked = one["request"]
        url = asked["url"]
        path = "/" + "/".join(url["path"])
        for each in url.get("variable", ()):
            path = path.replace(":" + each["key"], each["value"])
        query = {each["key"]: self.filled(each["value"]) for each in url.get("query", ()) if not each["disabled"]}
        reply = self.client.open(
            self.filled(path), method=asked["method"], query_string=query,
            headers={each["key"]: self.filled(each["value"]) for each in asked["header"]},
            data=self.filled(asked["body"]["raw"]) if "body" in asked else None)
        after = "\n".join(scripts["test"])
        assert reply.status_code == int(STATUS.search(after)[1]), (name, reply.text)
        assert '"result"' not in after or "result" in reply.json, (name, reply.text)
        for if_any, variable, steps in SET.findall(after):
            value = reply.json
            for step in re.findall(r"\w+", steps):
                if if_any and value == []:
                    break
                value = value[int(step)] if step.isdigit() else value[step]
            else:
                self.known[variable] = value
        self.ran.append(name)


def rows():
    """Every row of every table that holds no records: table, key, values."""
    db.session.rollback()
    return {
        (table.name, *(getattr(row, column.name) for column in table.primary_key)): dict(row._mapping)
        for table in Model.metadata.sorted_tables if table.name not in RECORDS
        for row in db.session.execute(table.select())
    }


@pytest.fixture
def world(app, monkeypatch):
    monkeypatch.setattr(webhooks.policy, "allowed_hosts", ("hooks.example.com",))
    return World(app)


def test_the_collection_runs_and_leaves_everything_as_it_was(app, world):
    before = rows()
    secrets = {"key": world.public.key, "token": world.core.token, "api_token": world.shop.token,
               "client_token": world.client.token}
    player = Player(app, postman.collection("http://127.0.0.1"), **secrets)
    player.run()
    after = rows()
    assert {key: after.get(key) for key in before} == before
    gone = {key for key, row in after.items() if key[0] in ("users", "customers") and row["deleted_at"]}
    left = {key: row for key, row in after.items() if key not in before and row.get("deleted_at", ...) is None}
    owners = {key: {("users", row.get("user_id")), ("customers", row.get("customer_id"))} for key, row in left.items()}
    assert not [key for key, both in owners.items() if not both & gone]         # an owner's own tokens
    assert len(player.ran) > 80
    again = Player(app, postman.collection("http://127.0.0.1"), **secrets)
    again.run()
    assert again.ran == player.ran


@pytest.mark.parametrize("name", PUBLISHED)
def test_no_request_of_the_collection_names_a_row_that_it_did_not_make(name):
    for one in entries(name):
        for call in (postman.request(one), postman.rpc(one)) if one.rpc else (postman.request(one),):
            asked = call["request"]
            assert all(part["value"].startswith("{{") for part in asked["url"].get("variable", ()))
            raw = asked.get("body", {}).get("raw", "")
            raw = NUMBERS.sub("", raw)
            assert not re.search(r'"\w+(_id|_ids|Id)": \[?\s*("\w+_\d|\d)', raw), raw
            assert json.dumps(call)
