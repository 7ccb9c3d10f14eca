"""An installation of the version before is upgraded: no row is lost or changed, and everything of it still opens.

What a later migration moves elsewhere, or shows differently, is named in MOVED and SHOWN below, with its reason.
"""

import json
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from flask_migrate import upgrade
from installations import Installation, assert_one_transaction_each, installations, statements_of

from analytics.log import drain
from analytics.store import requests
from database import db, transaction
from domain import clock
from domain.access import tokens
from domain.actor import Actor
from domain.integrations import webhooks
from domain.vault import vault
from models.budget import Budget
from models.user import User
from models.webhook import Endpoint
from operations import check, revisions
from tests.databases import name_of

pytestmark = pytest.mark.files

FOLDER = Path(__file__).parent / "installation_0007"
BACKUP, REVISION = FOLDER / "backup.zip", "0007"
EXPECTED: dict[str, Any] = json.loads((FOLDER / "expected.json").read_text())
SOON_AFTER = datetime(2026, 9, 9, 12, 0, tzinfo=UTC)            # the backup is two hours old
VERSIONS = set(revisions.VERSION_TABLES.values())

Row = dict[str, Any]
# (table, column): what the row of today must say, made from the row of then; None when the column is no more.
MOVED: dict[tuple[str, str], tuple[str, Callable[[Row], Any]] | None] = {
    # 0009: four decimals
    ("budget_items", "quantity"): ("quantity_ten_thousandths", lambda row: row["quantity"] * 10_000),
    ("price_rules", "percent_hundredths"): ("percent_ten_thousandths", lambda row: row["percent_hundredths"] * 100),
    # 0012: a kept answer belongs to a merchant or to a user.
    ("idempotent_replies", "merchant_id"): ("owner", lambda row: f"merchant:{row['merchant_id']}"),
}
# Fields that the Public API shows differently since, by the end of their path, with a function of the old value.
SHOWN: dict[str, Callable[[Any], Any]] = {}
# What the backup has no rows of, so that every table of then is upgraded with some.
ADDED: dict[str, list[Row]] = {"request_imported_lines": [{"source": "access.log", "digest": -5, "copies": 2}]}
# Tables that a migration fills or empties for a reason: how many rows there are now.
ROWS: dict[str, Callable[[int], int]] = {}


def content(url: str) -> dict[str, dict[Any, Row]]:
    """Every row of a database as it is: by table, by primary key."""
    engine, metadata = sa.create_engine(url), sa.MetaData()
    metadata.reflect(engine)
    with engine.connect() as connection:
        found = {
            table.name: {
                tuple(row[column.name] for column in table.primary_key): dict(row)
                for row in connection.execute(sa.select(table)).mappings()
            }
            for table in metadata.sorted_tables if table.name not in VERSIONS
        }
    engine.dispose()
    return found


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[Any, Row]]:
    """The rows of then, of both databases."""
    folder = tmp_path_factory.mktemp("backup")
    with zipfile.ZipFile(BACKUP) as archive:
        archive.extractall(folder)
    default, log = (content(f"sqlite:///{folder / name}") for name in ("default.db", "log.db"))
    found = {name: default.get(name) or log.get(name) or {} for name in default | log}
    return found | {name: {tuple(row.values())[:2]: row for row in rows} for name, rows in ADDED.items()}


@pytest.fixture(scope="module")
def soon_after() -> Iterator[None]:
    """Two hours after the backup was made."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: SOON_AFTER)
        yield


@pytest.fixture(scope="module")
def upgraded_once(
    tmp_path_factory: pytest.TempPathFactory, before: dict[str, Any], on_postgresql: bool, soon_after: None
) -> Iterator[Installation]:
    """The installation after its upgrade: to be copied, nobody is connected to it."""
    with installations(tmp_path_factory.mktemp("upgraded")) as make:
        yield upgrade_of(make(), before, on_postgresql)


@pytest.fixture
def upgraded(
    empty: Callable[..., Installation], upgraded_once: Installation, on_postgresql: bool
) -> Installation:
    """A copy of the installation after its upgrade."""
    template = name_of(upgraded_once.settings.database_url) if on_postgresql else "template1"
    return empty(whole=upgraded_once.folder, template=template)


def upgrade_of(first: Installation, before: dict[str, Any], on_postgresql: bool) -> Installation:
    """The installation of then, upgraded by the command that people use."""
    if on_postgresql:
        load(first, before)
    else:
        assert first.run("restore", str(BACKUP)) | {"kept": []} == {
            "restored": str(BACKUP), "created_at": "2026-09-09T10:09:20+00:00", "kept": [], "secret": "restored",
            "needs_upgrade": revisions.newest() != REVISION,
        }
        with first.app.app_context(), db.engines["log"].begin() as connection:
            for name, rows in ADDED.items():
                connection.execute(sa.insert(sa.table(name, *map(sa.column, rows[0]))), rows)
    again = Installation(first.folder)              # with the secret that has come back
    done: dict[str, Any] = {}
    seen = statements_of(again, lambda: done.update(again.run("db", "upgrade")))
    assert_one_transaction_each(seen)               # killed anywhere, with rows too, it leaves the old or the new
    assert done["before"] == {"default": REVISION, "log": REVISION}
    first.close()
    again.close()
    return again


def load(installation: Installation, before: dict[str, dict[Any, Row]]) -> None:
    """The same rows in PostgreSQL, as the version before would have kept them there; secret and spool as they were."""
    with installation.app.app_context():
        upgrade(revision=REVISION)
        metadata = sa.MetaData()
        with db.engine.begin() as connection:
            metadata.reflect(connection)
            for table in reversed(metadata.sorted_tables):
                if table.name not in VERSIONS:
                    connection.execute(table.delete())
            for table in metadata.sorted_tables:
                if before.get(table.name):
                    connection.execute(table.insert(), list(before[table.name].values()))
                if isinstance(table.c.get("id"), sa.Column) and isinstance(table.c.id.type, sa.Integer):
                    connection.execute(sa.text(
                        f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), max(id)) FROM {table.name}"
                    ))
    with zipfile.ZipFile(BACKUP) as archive:
        for name in archive.namelist():
            if name == "secret_key" or name.startswith("spool/"):
                archive.extract(name, installation.folder)


def present(installation: Installation) -> dict[str, dict[Any, Row]]:
    with installation.app.app_context():
        urls = {engine.url.render_as_string(hide_password=False) for engine in db.engines.values()}
    return {name: rows for url in urls for name, rows in content(url).items() if rows or len(urls) == 1}


def missing(before: Any, after: Any, place: str = "") -> list[str]:
    """Where an answer of today lacks or changes what an answer of then said; it may say more."""
    change = next((one for end, one in SHOWN.items() if place.endswith(end)), None)
    before = change(before) if change else before
    if isinstance(before, dict) and isinstance(after, dict):
        return [wrong for name, value in before.items() for wrong in missing(value, after.get(name), f"{place}.{name}")]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return [wrong for one, other in zip(before, after, strict=True) for wrong in missing(one, other, f"{place}[]")]
    return [] if before == after else [f"{place}: was {before!r}, is {after!r}"]


def caller(installation: Installation, label: str) -> Callable[..., Any]:
    client = installation.app.test_client()
    key = {"Authorization": f"Bearer {EXPECTED['keys'][label]['text']}"}

    def call(method: str, path: str, json: Any = None, **headers: str) -> Any:
        return client.open("/v1/api/public" + path, method=method, json=json, headers=key | headers)

    return call


def test_the_backup_holds_what_its_figures_say(before: dict[str, dict[Any, Row]]) -> None:
    counts = {name: len(rows) for name, rows in before.items()}
    assert counts == EXPECTED["tables"] | {name: len(rows) for name, rows in ADDED.items()}
    assert all(counts.values()), "a table without rows proves nothing: name some in ADDED"


def changed(name: str, old: Row, new: Row | None) -> list[str]:
    """What a row of today says otherwise than the row of then."""
    if new is None:
        return [f"{name} {old.get('id', old)} is gone"]
    wrong = []
    for column, value in old.items():
        moved = MOVED.get((name, column), (column, lambda row, column=column: row[column]))
        if moved is not None and new.get(moved[0], "no such column") != moved[1](old):
            now = new.get(moved[0], "no such column")
            wrong.append(f"{name} {old.get('id')}: {column} was {value!r}, {moved[0]} is {now!r}")
    return wrong


def test_every_row_is_there_and_says_the_same(upgraded: Installation, before: dict[str, dict[Any, Row]]) -> None:
    now = present(upgraded)
    wrong = []
    for name, rows in before.items():
        found = now.get(name, {})
        if len(found) != ROWS.get(name, int)(len(rows)):
            wrong.append(f"{name} had {len(rows)} rows and has {len(found)}")
        elif name not in ROWS:
            wrong += [one for key, row in rows.items() for one in changed(name, row, found.get(key))]
    assert not wrong, (
        "The upgrade loses or changes rows. Mend the migration, or name the reason in MOVED or ROWS of "
        "tests/operations/test_upgrade.py:\n" + "\n".join(wrong[:20])
    )


def test_the_sums_are_the_same_to_the_cent(upgraded: Installation) -> None:
    by = (Budget.merchant_id, Budget.status, Budget.currency)
    with upgraded.app.app_context():
        sums = db.session.execute(sa.select(*by, sa.func.count(), sa.func.sum(Budget.total_minor)).group_by(*by)).all()
    found = sorted([one, str(status), currency, count, str(total)] for one, status, currency, count, total in sums)
    assert found == EXPECTED["totals"]


@pytest.mark.parametrize("label", EXPECTED["answers"])
def test_the_public_api_shows_every_row_as_before(upgraded: Installation, label: str) -> None:
    call = caller(upgraded, label)
    wrong = []
    for path, said in EXPECTED["answers"][label].items():
        reply = call("GET", path)
        wrong += missing(said, reply.json.get("data", reply.json), path)
    assert not wrong, (
        "The Public API shows rows of the version before differently. If that is meant, name the field in SHOWN of "
        "tests/operations/test_upgrade.py and in CHANGELOG.md:\n" + "\n".join(wrong)
    )


def test_every_key_opens_what_it_opened(upgraded: Installation) -> None:
    expected = {
        "Everything of Alder": 200, "Everything of Birch": 200, "Tests of Alder": 200, "With a webhook": 200,
        "Reads budgets of Alder": 200, "Restricted to an address": 403, "Expired": 401, "Revoked": 401,
    }
    assert {label: caller(upgraded, label)("GET", "/budgets").status_code for label in EXPECTED["keys"]} == expected
    assert caller(upgraded, "Reads budgets of Alder")("GET", "/customers").status_code == 403


def test_a_test_key_finds_an_empty_world_and_writes_there(upgraded: Installation) -> None:
    call, live = caller(upgraded, "Tests of Alder"), caller(upgraded, "Everything of Alder")
    nouns = ("customers", "products", "budgets")
    before = {noun: live("GET", f"/{noun}").json["pagination"]["total"] for noun in nouns}
    assert all(before.values())
    assert all(call("GET", f"/{noun}").json["pagination"]["total"] == 0 for noun in before)
    email = live("GET", "/customers?search=%40").json["data"][0]["email"]
    assert call("POST", "/customers", {"name": "Of the test world", "email": email}).status_code == 201
    assert live("GET", "/customers").json["pagination"]["total"] == before["customers"]


def test_both_tokens_of_a_user_open_their_worlds(upgraded: Installation) -> None:
    ada = EXPECTED["users"]["ada@alder.example"]
    with upgraded.app.app_context(), transaction():
        user = db.session.get(User, ada["id"])
        assert user is not None
        test_token = tokens.reveal(Actor.operator(), user, test=True)      # made when it is first asked for
    found = {
        token: upgraded.app.test_client().get("/clients", headers={"X-Api-Key": token})
        for token in (ada["token"], test_token)
    }
    assert {reply.status_code for reply in found.values()} == {200}
    assert found[ada["token"]].json
    assert found[test_token].json == []


def test_a_kept_answer_is_given_again(upgraded: Installation) -> None:
    call, key = caller(upgraded, "Everything of Alder"), EXPECTED["idempotency"]
    sent = {"name": "Told twice", "email": "twice@example.org"}
    again = call("POST", "/customers", sent, **{"Idempotency-Key": key["key"]})
    assert (again.status_code, again.json["data"]["id"]) == (201, key["customer_id"])
    assert call("POST", "/customers", sent | {"name": "Another"}, **{"Idempotency-Key": key["key"]}).status_code == 409


def test_new_rows_come_after_the_old_ones(upgraded: Installation, before: dict[str, dict[Any, Row]]) -> None:
    made = caller(upgraded, "Everything of Alder")("POST", "/customers", {"name": "The first of today"})
    assert made.status_code == 201, made.text
    number = int(made.json["data"]["id"].removeprefix("customer_"))
    assert number == max(before["customers"])[0] + 1


@pytest.mark.parametrize("email", EXPECTED["users"])
def test_every_user_signs_in_and_every_token_opens(upgraded: Installation, email: str) -> None:
    user, client = EXPECTED["users"][email], upgraded.app.test_client()
    active = email != "ed@birch.example"
    assert signs_in(client, email, user["password"]) == active
    assert client.get("/admin/account").status_code == (200 if active else 303)
    reply = upgraded.app.test_client().get("/accounting/currencies", headers={"X-Api-Key": user["token"]})
    assert reply.status_code == (200 if active else 401), reply.text


def signs_in(client: FlaskClient, email: str, password: str) -> bool:
    form = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/login").text)
    assert form is not None
    reply = client.post("/login", data={"csrf_token": form[1], "email": email, "password": password})
    return reply.status_code == 303


def test_what_is_kept_encrypted_can_be_read(upgraded: Installation) -> None:
    secret = EXPECTED["webhook_secret"]
    with upgraded.app.app_context(), transaction():
        endpoint = db.session.get(Endpoint, secret["id"])
        assert endpoint is not None
        assert webhooks.reveal(Actor.operator(), endpoint) == secret["text"]
        sealed = [text for one in db.session.scalars(sa.select(Endpoint))
                  for text in (one.secret, one.previous_secret) if text is not None]
        assert len(sealed) == 5                  # one endpoint has a new secret beside the old one
        assert all(vault.decrypt(text).startswith("whsec_") for text in sealed)
        for user in EXPECTED["users"].values():
            row = db.session.get(User, user["id"])
            assert row is not None
            if row.active:
                assert tokens.reveal(Actor.operator(), row) == user["token"]


def test_requests_that_waited_in_the_spool_come_into_the_log(upgraded: Installation) -> None:
    with upgraded.app.app_context():
        drain.drain(upgraded.settings.spool)
        with db.engines["log"].connect() as connection:
            count = connection.scalar(sa.select(sa.func.count()).select_from(requests))
    assert count == EXPECTED["tables"]["requests"] + EXPECTED["undrained"]


def test_the_checks_find_nothing_wrong(upgraded: Installation) -> None:
    result = upgraded.app.test_cli_runner().invoke(args=["check", "--json"])
    findings = {one["name"]: one["status"] for one in json.loads(result.stdout)["checks"]}
    assert {name for name, status in findings.items() if status == check.WRONG} <= {"worker"}, result.stdout
    assert len(findings) > 5
